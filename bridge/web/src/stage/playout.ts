import { N_JOINTS, type PoseHand, SIDES, type Side, slerp } from "../protocol/index.js";

/** One hand at one instant, between the poses that were sent. */
export interface PlayedHand {
  wristM: Float64Array;
  poseQuat: Float64Array;
  confidence: number;
  /** 1 while poses come; falls to 0 once they stay away. */
  presence: number;
}

interface Arrival {
  nowMs: number;
  ageMs: number;
  timeMs: number;
}

interface Sample {
  timeMs: number;
  hand: PoseHand;
  confidence: number;
}

// The rules of bridge/protocol/SPEC.md, section 14, all in milliseconds and metres.

/** Arrivals of this long set the delay. */
export const RECENT_MS = 2000;
/** Playout runs at least this many send intervals behind the fastest arrival. */
export const LEAST_INTERVALS = 2;
/** It never runs further behind the fastest arrival than this. */
export const MAX_BUFFER_MS = 800;
/** The share of slowest arrivals that may come too late. */
export const LATE_SHARE = 0.05;
/** The playout clock may run this much faster or slower to settle: unseen on a moving hand. */
export const MAX_RATE_CHANGE = 0.05;
/** Off by more than this, it jumps: settling would take seconds. */
export const SNAP_MS = 250;
/** Of fewer arrivals the delay is too rough to settle to: the clock is set. */
export const STARTING_ARRIVALS = 8;
/** An age that is off by more than this says that a clock was set. */
export const CLOCK_STEP_MS = 1000;
/** A hand goes on moving for this long after its last pose, */
export const EXTRAPOLATE_MS = 50;
/** is held until this long after it, and then fades */
export const HOLD_MS = 150;
/** until this long after it, when it is gone. A longer gap between two poses is not glided over. */
export const ABSENT_MS = 300;
/** A wrist that moved further from one pose to the next was put elsewhere: a seek, another hand. */
export const JUMP_M = 0.25;

const MAX_SAMPLES = 256;

/**
 * Turns poses that arrive unevenly into hands that move evenly. All times are milliseconds:
 * `nowMs` on the bridge's clock, as are capture times. A lesson that is played from a recording
 * comes as live hands do, and is played out by the same rules.
 */
export class Playout {
  readonly #samples: Record<Side, Sample[]> = { 0: [], 1: [] };
  readonly #out = [blank(), blank()] as const;
  readonly #both: [PlayedHand | null, PlayedHand | null] = [null, null];
  #arrivals: Arrival[] = [];
  #targetDelayMs = 0;
  #playedMs: number | null = null;
  #lastNowMs = 0;

  /** Takes a pose captured at `timeMs` that arrived now. One that came before is taken once. */
  push(timeMs: number, hands: readonly PoseHand[], nowMs: number): void {
    const newest = this.#arrivals.at(-1);
    if (newest && timeMs < newest.timeMs - CLOCK_STEP_MS) this.reset(); // another clock
    if (this.#arrivals.some((arrival) => arrival.timeMs === timeMs)) return;
    this.#measure({ nowMs, ageMs: nowMs - timeMs, timeMs });
    for (const hand of hands) {
      const samples = this.#samples[hand.side];
      let at = samples.length;
      while (at > 0 && samples[at - 1]!.timeMs > timeMs) at--;
      samples.splice(at, 0, { timeMs, hand, confidence: mean(hand.finger_confidence) });
      const lastMs = samples.at(-1)!.timeMs;
      while (lastMs - samples[0]!.timeMs > RECENT_MS || samples.length > MAX_SAMPLES) {
        samples.shift();
      }
    }
  }

  reset(): void {
    for (const side of SIDES) this.#samples[side] = [];
    this.#arrivals = [];
    this.#targetDelayMs = 0;
    this.#playedMs = null;
  }

  /** How far playout should run behind the bridge's clock, milliseconds. */
  targetDelayMs(): number {
    return this.#targetDelayMs;
  }

  /** How far it does run behind it, null before it runs. */
  delayMs(): number | null {
    return this.#playedMs === null ? null : this.#lastNowMs - this.#playedMs;
  }

  /**
   * Moves playout on to `nowMs` and returns both hands there, null where absent. What is returned
   * is the same two hands each time, written anew: nothing is allocated.
   */
  advance(nowMs: number): readonly [PlayedHand | null, PlayedHand | null] {
    const timeMs = this.#advanceClock(nowMs);
    for (const side of SIDES) {
      this.#both[side] = this.#play(side, timeMs) ? this.#out[side] : null;
    }
    return this.#both;
  }

  /** Measures transit and send interval anew, with one more arrival. */
  #measure(arrival: Arrival): void {
    const recent = this.#arrivals.filter(({ nowMs }) => arrival.nowMs - nowMs <= RECENT_MS);
    const before = sorted(recent, "ageMs");
    const stepped =
      before.length > 0 && Math.abs(arrival.ageMs - quantile(before, 0.5)) > CLOCK_STEP_MS;
    this.#arrivals = stepped ? [arrival] : [...recent, arrival].slice(-MAX_SAMPLES);
    const spacings = sorted(this.#arrivals, "timeMs");
    for (let i = spacings.length - 1; i > 0; i--) spacings[i]! -= spacings[i - 1]!;
    const intervalMs = quantile(spacings.subarray(1).sort(), 0.5);
    const ages = sorted(this.#arrivals, "ageMs");
    const fastestMs = ages[0]!;
    const jitterMs = quantile(ages, 1 - LATE_SHARE) - fastestMs;
    const bufferMs = Math.max(LEAST_INTERVALS * intervalMs, jitterMs + intervalMs);
    this.#targetDelayMs = fastestMs + Math.min(bufferMs, MAX_BUFFER_MS);
  }

  #advanceClock(nowMs: number): number {
    const wantedMs = nowMs - this.#targetDelayMs;
    let timeMs = wantedMs;
    if (this.#arrivals.length === 0) return -Infinity;
    if (this.#playedMs !== null && this.#arrivals.length >= STARTING_ARRIVALS) {
      const elapsedMs = Math.max(0, nowMs - this.#lastNowMs);
      const errorMs = wantedMs - (this.#playedMs + elapsedMs);
      if (Math.abs(errorMs) <= SNAP_MS) {
        const limitMs = MAX_RATE_CHANGE * elapsedMs;
        timeMs = this.#playedMs + elapsedMs + Math.max(-limitMs, Math.min(limitMs, errorMs));
      }
    }
    this.#playedMs = timeMs;
    this.#lastNowMs = nowMs;
    return timeMs;
  }

  /** Writes a hand at a moment; false where it is absent. */
  #play(side: Side, timeMs: number): boolean {
    const samples = this.#samples[side];
    let later = samples.length;
    while (later > 0 && samples[later - 1]!.timeMs > timeMs) later--;
    const before = samples[later - 1];
    const after = samples[later];
    const out = this.#out[side];
    const sinceMs = before ? timeMs - before.timeMs : Infinity;
    if (!before || sinceMs >= ABSENT_MS) return false;
    out.presence = 1;
    if (after && connected(before, after)) {
      blend(out, before, after, sinceMs / (after.timeMs - before.timeMs));
      return true;
    }
    out.presence = Math.min(1, (ABSENT_MS - sinceMs) / (ABSENT_MS - HOLD_MS));
    const earlier = samples[later - 2];
    if (!after && earlier && connected(earlier, before)) {
      const onMs = Math.min(sinceMs, EXTRAPOLATE_MS);
      blend(out, earlier, before, 1 + onMs / (before.timeMs - earlier.timeMs));
    } else {
      blend(out, before, before, 0);
    }
    return true;
  }
}

/** Whether a hand moved from one pose to the next, rather than having left or been put elsewhere. */
function connected(a: Sample, b: Sample): boolean {
  if (b.timeMs - a.timeMs > ABSENT_MS) return false;
  const from = a.hand.wrist_m;
  const to = b.hand.wrist_m;
  return Math.hypot(to[0]! - from[0]!, to[1]! - from[1]!, to[2]! - from[2]!) <= JUMP_M;
}

/** Writes the pose a part `t` of the way from one to another; beyond 1 it moves on as before. */
function blend(out: PlayedHand, a: Sample, b: Sample, t: number): void {
  for (let axis = 0; axis < 3; axis++) {
    const from = a.hand.wrist_m[axis]!;
    out.wristM[axis] = from + t * (b.hand.wrist_m[axis]! - from);
  }
  for (let at = 0; at < N_JOINTS * 4; at += 4) {
    slerp(out.poseQuat, at, a.hand.pose_quat, at, b.hand.pose_quat, at, t);
  }
  out.confidence = a.confidence + Math.min(1, t) * (b.confidence - a.confidence);
}

function blank(): PlayedHand {
  return {
    wristM: new Float64Array(3),
    poseQuat: new Float64Array(N_JOINTS * 4),
    confidence: 0,
    presence: 0,
  };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return values.length ? sum / values.length : 0;
}

/** One figure of all arrivals, in ascending order. */
function sorted(arrivals: readonly Arrival[], figure: keyof Arrival): Float64Array {
  const values = new Float64Array(arrivals.length);
  for (let i = 0; i < values.length; i++) values[i] = arrivals[i]![figure];
  return values.sort();
}

/** The value below which a share of sorted values lies (nearest rank below); 0 of none. */
function quantile(values: Float64Array, share: number): number {
  return values[Math.floor(share * (values.length - 1))] ?? 0;
}
