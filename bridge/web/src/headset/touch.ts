import type { Vector3 } from "../protocol/index.js";

// The rules of bridge/protocol/SPEC.md, section 16.

/** A fingertip that stays this long, */
export const HOLD_MS = 1000;
/** within this distance of where it came to rest, has touched. */
export const STILL_M = 0.008;
/** Before the next touch it must have been this far away. */
export const LEAVE_M = 0.06;
/** Without tracking for this long, a touch begins anew. */
export const GAP_MS = 400;
/** Pointing: the index fingertip is this many times as far from the wrist as the next two. */
export const POINTING = 1.15;

const MAX_SAMPLES = 256;

/** Waits for a fingertip to hold still, and tells where it did: the median of its places. */
export class Touch {
  readonly #samples = new Float64Array(MAX_SAMPLES * 3);
  #count = 0;
  #seen = 0;
  #startedMs = 0;
  #lastMs = -Infinity;
  #left: Vector3 | null = null;

  /** Takes where the fingertip is; returns where it touched, once it has. */
  add(timeMs: number, x: number, y: number, z: number): Vector3 | null {
    if (this.#left) {
      const [lx, ly, lz] = this.#left;
      if (Math.hypot(x - lx, y - ly, z - lz) < LEAVE_M) return null;
      this.#left = null;
    }
    const samples = this.#samples;
    const away = Math.hypot(x - samples[0]!, y - samples[1]!, z - samples[2]!);
    if (this.#count === 0 || timeMs - this.#lastMs > GAP_MS || away > STILL_M) this.#begin(timeMs);
    this.#lastMs = timeMs;
    // Of more samples than there is room for, every so manieth is overwritten: still a fair choice.
    const at = this.#seen < MAX_SAMPLES ? this.#seen : 1 + (this.#seen % (MAX_SAMPLES - 1));
    samples[at * 3] = x;
    samples[at * 3 + 1] = y;
    samples[at * 3 + 2] = z;
    this.#seen++;
    this.#count = Math.min(MAX_SAMPLES, this.#count + 1);
    if (timeMs - this.#startedMs < HOLD_MS) return null;
    const touched = this.#median();
    this.#count = this.#seen = 0;
    this.#left = touched;
    return touched;
  }

  /** How much of the time the fingertip has been still, 0 to 1. */
  progress(nowMs: number): number {
    if (this.#count === 0 || nowMs - this.#lastMs > GAP_MS) return 0;
    return Math.min(1, (nowMs - this.#startedMs) / HOLD_MS);
  }

  /** The fingertip is not there, or does not point. */
  interrupt(): void {
    this.#count = this.#seen = 0;
  }

  reset(): void {
    this.interrupt();
    this.#left = null;
  }

  #begin(timeMs: number): void {
    this.#count = this.#seen = 0;
    this.#startedMs = timeMs;
  }

  #median(): Vector3 {
    const axis = (offset: number) => {
      const values = Float64Array.from(
        { length: this.#count },
        (_, i) => this.#samples[i * 3 + offset]!,
      ).sort();
      const half = values.length >> 1;
      return values.length % 2 ? values[half]! : (values[half - 1]! + values[half]!) / 2;
    };
    return [axis(0), axis(1), axis(2)];
  }
}

const WRIST = 1;
const INDEX_TIP = 10;
const MIDDLE_TIP = 15;
const RING_TIP = 20;

/** Whether a hand (26 * 3 joints of OpenXR) points: a hand that lies still does not touch. */
export function points(jointsM: ArrayLike<number>): boolean {
  const reach = (joint: number) => {
    const [a, b] = [joint * 3, WRIST * 3];
    return Math.hypot(
      jointsM[a]! - jointsM[b]!,
      jointsM[a + 1]! - jointsM[b + 1]!,
      jointsM[a + 2]! - jointsM[b + 2]!,
    );
  };
  const index = reach(INDEX_TIP);
  return index > POINTING * reach(MIDDLE_TIP) && index > POINTING * reach(RING_TIP);
}
