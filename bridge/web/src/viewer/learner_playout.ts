import {
  type MessageOf,
  N_KEYPOINTS,
  SIDES,
  type Side,
  keypointsFromPose,
} from "../protocol/index.js";
import { keypointsOfOpenxr } from "../protocol/openxr.js";

interface Sample {
  timeMs: number;
  pointsM: Float64Array;
}

/** Learners' hands are shown this much behind their newest, so that there is a later one to go to. */
const DELAY_MS = 80;
const KEEP_MS = 1000;
const ABSENT_MS = 300;
const MAX_SAMPLES = 128;
/** Who has been silent for so long gives the stage to another learner. */
const SILENT_MS = 3000;

/**
 * The hands of one learner at an instant, from `learner_hands` messages of either form, as 21
 * keypoints a hand. Of several learners the first is shown, for as long as it sends.
 */
export class LearnerPlayout {
  readonly #samples: Record<Side, Sample[]> = { 0: [], 1: [] };
  readonly #out: Record<Side, Float64Array> = {
    0: new Float64Array(N_KEYPOINTS * 3),
    1: new Float64Array(N_KEYPOINTS * 3),
  };
  /** Newest capture time minus arrival, smoothed: learners' clocks are the bridge's, minus transit. */
  #ageMs: number | null = null;
  #heardMs = -Infinity;
  #learner: string | null = null;
  readonly #others = new Map<string, number>();

  /** Who is shown; null while nobody sends. */
  get learner(): string | null {
    return this.#learner;
  }

  /** Other learners who sent in the last seconds. */
  others(nowMs: number): number {
    return [...this.#others.values()].filter((heardMs) => nowMs - heardMs < SILENT_MS).length;
  }

  /**
   * Takes a message that came now.
   *
   * @param restJointsM (21 * 3) rest keypoints by side: a learner sends no shape of its own.
   */
  push(
    message: MessageOf<"learner_hands">,
    nowMs: number,
    restJointsM: (side: Side) => ArrayLike<number> | null,
  ): void {
    if (message.learner !== this.#learner) {
      if (this.#learner !== null && nowMs - this.#heardMs < SILENT_MS) {
        if (this.#others.size < 64) this.#others.set(message.learner, nowMs);
        return;
      }
      this.reset();
      this.#learner = message.learner;
    }
    this.#others.delete(message.learner);
    this.#heardMs = nowMs;
    const timeMs = Number(message.time_ns) / 1e6;
    const ageMs = nowMs - timeMs;
    this.#ageMs = this.#ageMs === null ? ageMs : this.#ageMs + 0.1 * (ageMs - this.#ageMs);
    for (const hand of message.openxr) {
      this.#add(hand.side, timeMs, keypointsOfOpenxr(hand.joints_m));
    }
    for (const hand of message.hands) {
      const rest = restJointsM(hand.side);
      if (rest) this.#add(hand.side, timeMs, keypointsFromPose(rest, hand.pose_quat, hand.wrist_m));
    }
  }

  reset(): void {
    for (const side of SIDES) this.#samples[side] = [];
    this.#ageMs = null;
    this.#learner = null;
    this.#others.clear();
  }

  /** (21 * 3) keypoints of a hand now, metres; null while it is away. Written anew each time. */
  keypointsM(side: Side, nowMs: number): Float64Array | null {
    if (this.#ageMs === null) return null;
    if (nowMs - this.#heardMs > SILENT_MS) this.#learner = null;
    const timeMs = nowMs - this.#ageMs - DELAY_MS;
    const samples = this.#samples[side];
    let later = samples.length;
    while (later > 0 && samples[later - 1]!.timeMs > timeMs) later--;
    const before = samples[later - 1] ?? samples[later];
    if (!before || timeMs - before.timeMs > ABSENT_MS) return null;
    const after = samples[later] ?? before;
    const spanMs = after.timeMs - before.timeMs;
    const part = spanMs > 0 && spanMs <= ABSENT_MS ? (timeMs - before.timeMs) / spanMs : 0;
    const out = this.#out[side];
    for (let i = 0; i < out.length; i++) {
      out[i] = before.pointsM[i]! + part * (after.pointsM[i]! - before.pointsM[i]!);
    }
    return out;
  }

  #add(side: Side, timeMs: number, pointsM: Float64Array): void {
    const samples = this.#samples[side];
    const last = samples.at(-1);
    if (last && timeMs <= last.timeMs) {
      if (last.timeMs - timeMs < KEEP_MS) return;
      samples.length = 0;
    }
    samples.push({ timeMs, pointsM });
    while (timeMs - samples[0]!.timeMs > KEEP_MS || samples.length > MAX_SAMPLES) samples.shift();
  }
}
