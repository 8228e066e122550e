import { SIDE_NAMES, SIDES } from "../protocol/index.js";

/** What tests, and curious people, read at `window.ghosthands`. */
export interface DebugHook {
  /** Frames drawn. */
  readonly frames: number;
  /** Poses received. */
  readonly poses: number;
  readonly poseRate: number;
  /** Capture to this page, median of the last second. */
  readonly latencyMs: number | null;
  readonly state: string;
  readonly hands: Record<"left" | "right", { opacity: number; joints: number[][] } | null>;
}

declare global {
  interface Window {
    ghosthands?: DebugHook;
  }
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
