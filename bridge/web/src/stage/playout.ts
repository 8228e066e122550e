import { N_JOINTS, type PoseHand, SIDES, type Side, slerp } from "../protocol/index.js";

/** One hand at one instant, between the poses that were sent. */
export interface PlayedHand {
  wristM: Float64Array;
  poseQuat: Float64Array;
  confidence: number;
}

interface Sample {
  timeMs: number;
  hand: PoseHand;
}

/** A hand that was not in any pose for this long is gone, not just missed once. */
export const ABSENT_MS = 300;
/** Recent arrivals whose ages and spacing set the delay. */
const RECENT_MS = 1000;
/** The playout clock may run this much faster or slower to settle: unseen on a moving hand. */
const MAX_RATE_CHANGE = 0.05;
/** Off by more than this, it jumps: settling would take seconds. */
const SNAP_MS = 250;
const MAX_DELAY_MS = 400;

/**
 * Turns poses that arrive unevenly into hands that move evenly.
 *
 * Playout runs behind the newest capture time by what the slower arrivals took, plus one pose
 * interval, so that there is a later pose to interpolate towards, and no more. All times are
 * milliseconds: `nowMs` on the bridge's clock, as are capture times.
 */
export class Playout {
  readonly #samples: Record<Side, Sample[]> = { 0: [], 1: [] };
  #arrivals: { nowMs: number; ageMs: number; timeMs: number }[] = [];
  #played: { nowMs: number; timeMs: number } | null = null;

  /** Takes a pose captured at `timeMs` that arrived now. Poses older than the newest are dropped. */
  push(timeMs: number, hands: readonly PoseHand[], nowMs: number): void {
    const newest = this.#arrivals.at(-1);
    if (newest && timeMs <= newest.timeMs) {
      if (newest.timeMs - timeMs < SNAP_MS) return;
      // The source started again, with an earlier clock (a recording that loops).
      this.reset();
    }
    this.#arrivals.push({ nowMs, ageMs: nowMs - timeMs, timeMs });
    this.#arrivals = this.#arrivals.filter((arrival) => nowMs - arrival.nowMs <= RECENT_MS);
    for (const hand of hands) {
      const samples = this.#samples[hand.side];
      samples.push({ timeMs, hand });
      while (timeMs - samples[0]!.timeMs > RECENT_MS) samples.shift();
    }
  }

  reset(): void {
    for (const side of SIDES) this.#samples[side] = [];
    this.#arrivals = [];
    this.#played = null;
  }

  /** How far playout should run behind the bridge's clock, milliseconds. */
  targetDelayMs(): number {
    const arrivals = this.#arrivals;
    if (arrivals.length === 0) return 0;
    const ages = arrivals.map(({ ageMs }) => ageMs).sort((a, b) => a - b);
    const slow = ages[Math.floor(0.95 * (ages.length - 1))]!;
    const spanMs = arrivals.at(-1)!.timeMs - arrivals[0]!.timeMs;
    const intervalMs = arrivals.length > 1 ? spanMs / (arrivals.length - 1) : 0;
    return Math.min(slow + intervalMs, slow + MAX_DELAY_MS);
  }

  /**
   * Moves playout on to `nowMs` and returns both hands there, null where absent.
   *
   * Between two poses rotations go along the shortest arc and the wrist along a line; past the
   * newest pose a hand holds still until it counts as absent.
   */
  advance(nowMs: number): [PlayedHand | null, PlayedHand | null] {
    const timeMs = this.#advanceClock(nowMs);
    return [this.#at(0, timeMs), this.#at(1, timeMs)];
  }

  #advanceClock(nowMs: number): number {
    const wantedMs = nowMs - this.targetDelayMs();
    const last = this.#played;
    let timeMs = wantedMs;
    if (last) {
      const elapsedMs = Math.max(0, nowMs - last.nowMs);
      const errorMs = wantedMs - (last.timeMs + elapsedMs);
      if (Math.abs(errorMs) <= SNAP_MS) {
        const limit = MAX_RATE_CHANGE * elapsedMs;
        timeMs = last.timeMs + elapsedMs + Math.max(-limit, Math.min(limit, errorMs));
      }
    }
    this.#played = { nowMs, timeMs };
    return timeMs;
  }

  #at(side: Side, timeMs: number): PlayedHand | null {
    const samples = this.#samples[side];
    let later = samples.findIndex((sample) => sample.timeMs > timeMs);
    if (later < 0) later = samples.length;
    const before = samples[later - 1];
    const after = samples[later];
    if (!before || timeMs - before.timeMs > ABSENT_MS) return null;
    const spanMs = after ? after.timeMs - before.timeMs : 0;
    if (!after || spanMs > ABSENT_MS) return blend(before.hand, before.hand, 0);
    return blend(before.hand, after.hand, (timeMs - before.timeMs) / spanMs);
  }
}

function blend(a: PoseHand, b: PoseHand, t: number): PlayedHand {
  const wristM = Float64Array.from(a.wrist_m, (value, i) => value + t * (b.wrist_m[i]! - value));
  const poseQuat = new Float64Array(N_JOINTS * 4);
  for (let joint = 0; joint < N_JOINTS; joint++) {
    slerp(poseQuat, joint * 4, a.pose_quat, joint * 4, b.pose_quat, joint * 4, t);
  }
  const mean = (hand: PoseHand) =>
    hand.finger_confidence.reduce((sum, value) => sum + value, 0) / hand.finger_confidence.length;
  return { wristM, poseQuat, confidence: mean(a) + t * (mean(b) - mean(a)) };
}
