import { SIDE_NAMES, SIDES } from "../protocol/index.js";
import type { Viewer } from "./viewer.js";

/** What tests, and curious people, read at `window.ghosthands`. */
export interface DebugHook {
  /** Frames drawn. */
  readonly frames: number;
  /** Poses received. */
  readonly poses: number;
  readonly poseRate: number;
  /** Capture to this page, median of the last second. */
  readonly latencyMs: number | null;
  /** When what the last frame shows was captured: the bridge's clock, milliseconds. */
  readonly shownMs: number | null;
  /** How long after its capture that was drawn, as the panel says, milliseconds. */
  readonly delayMs: number | null;
  readonly state: string;
  /** What the last picture took. */
  readonly drawn: { calls: number; triangles: number } | null;
  readonly keys: number | null;
  readonly presses: number;
  readonly lastKey: string | null;
  readonly trailPoints: number;
  readonly errorMarks: number;
  readonly learner: string | null;
  readonly camera: number[] | null;
  readonly positionS: number;
  readonly hands: Record<"left" | "right", { opacity: number; joints: number[][] } | null>;
}

declare global {
  interface Window {
    ghosthands?: DebugHook;
  }
}

/** The viewer, for those who look from outside. */
export function hookOf(viewer: Viewer): DebugHook {
  const now = () => performance.now();
  const read: { [K in keyof DebugHook]: () => DebugHook[K] } = {
    frames: () => viewer.frames,
    poses: () => viewer.poses,
    poseRate: () => viewer.stats.rateHz(now()),
    latencyMs: () => viewer.latencyMs(now()),
    shownMs: () => viewer.shownMs,
    delayMs: () => viewer.delayMs,
    state: () => viewer.connection.state.kind,
    drawn: () => viewer.scene?.view.drawn ?? null,
    keys: () => viewer.scene?.instrument.layout?.keys.length ?? null,
    presses: () => viewer.scene?.presses.count ?? 0,
    lastKey: () => viewer.scene?.presses.lastKey ?? null,
    trailPoints: () => viewer.scene?.trailPoints ?? 0,
    errorMarks: () => viewer.scene?.learner.marks ?? 0,
    learner: () => viewer.scene?.learnerHands.learner ?? null,
    camera: () => viewer.scene?.view.camera.position.toArray() ?? null,
    positionS: () => viewer.bar.positionS,
    hands: () => handsForHook(viewer.scene?.hands ?? null),
  };
  const hook = {};
  for (const [name, get] of Object.entries(read)) {
    Object.defineProperty(hook, name, { enumerable: true, get });
  }
  return hook as DebugHook;
}

/** Keypoints of the hands that are shown, as rows [x, y, z] in metres. */
export function handsForHook(
  hands: {
    keypointsM(side: 0 | 1): Float64Array | null;
    opacity(side: 0 | 1): number;
  } | null,
): DebugHook["hands"] {
  const shown: DebugHook["hands"] = { left: null, right: null };
  for (const side of SIDES) {
    const points = hands?.keypointsM(side);
    if (!hands || !points) continue;
    const joints = Array.from({ length: points.length / 3 }, (_, i) => [
      ...points.subarray(i * 3, i * 3 + 3),
    ]);
    shown[SIDE_NAMES[side]] = { opacity: hands.opacity(side), joints };
  }
  return shown;
}
