import { gradient, lowPass } from "./low_pass.js";

// What counts as a stroke: sdk_python/features/motion.py, `key_presses`, in numbers and in steps.
const CUTOFF_HZ = 8;
const LEAST_SPEED_M_S = 0.08;
const LEAST_DEPTH_M = 0.004;
const STOPPED = 0.25;
const LEAST_SAMPLES = 12;

/** One stroke of a finger. */
export interface Stroke {
  /** When it has reached the bottom. */
  timeS: number;
  depthM: number;
  speedMS: number;
}

/**
 * Strokes of one finger: down by 4 mm and more, at 8 cm/s and more, then stopped.
 *
 * Ported from `sdk_python.features.key_presses`; a test compares both (test/viewer/presses.json).
 *
 * @param heightM heights over the instrument, without gaps.
 * @param timeS strictly rising, evenly within a few per cent.
 */
export function strokes(heightM: ArrayLike<number>, timeS: ArrayLike<number>): Stroke[] {
  const rateHz = 1 / medianStep(timeS);
  if (heightM.length < LEAST_SAMPLES || !(rateHz / 2 > CUTOFF_HZ)) return [];
  const height = lowPass(heightM, CUTOFF_HZ, rateHz);
  const falling = gradient(height, timeS).map((speed) => -speed);
  const found: Stroke[] = [];
  for (let i = 1; i < falling.length - 1; i++) {
    const speedMS = falling[i]!;
    if (speedMS < LEAST_SPEED_M_S || falling[i - 1]! >= speedMS || falling[i + 1]! > speedMS) continue;
    const limit = STOPPED * speedMS;
    let top = i;
    let bottom = i;
    while (top > 0 && falling[top - 1]! > limit) top--;
    while (bottom < falling.length - 1 && falling[bottom]! > limit) bottom++;
    const depthM = height[top]! - height[bottom]!;
    if (depthM >= LEAST_DEPTH_M) found.push({ timeS: timeS[bottom]!, depthM, speedMS });
  }
  return found;
}

function medianStep(timeS: ArrayLike<number>): number {
  const steps = Array.from({ length: timeS.length - 1 }, (_, i) => timeS[i + 1]! - timeS[i]!);
  steps.sort((a, b) => a - b);
  const middle = steps.length / 2;
  return (steps[Math.floor(middle)]! + steps[Math.ceil(middle) - 1]!) / 2;
}

/** How much of the past is looked at, and how much of its end is not yet trusted. */
const WINDOW_S = 0.8;
const SETTLE_S = 0.05;
/** Two strokes of one finger are at least so far apart. */
const APART_S = 0.09;
/** A finger that was away for so long begins anew. */
const GAP_S = 0.1;

/** Finds one finger's strokes while they happen, some hundredths of a second after the bottom. */
export class StrokeFinder {
  #timeS: number[] = [];
  #heightM: number[] = [];
  #toldS = -Infinity;

  /** Takes where the finger is; returns the stroke that has become certain, if one has. */
  push(timeS: number, heightM: number): Stroke | null {
    const last = this.#timeS.at(-1);
    if (last !== undefined && (timeS <= last || timeS - last > GAP_S)) {
      if (timeS <= last && last - timeS < GAP_S) return null;
      this.clear();
    }
    this.#timeS.push(timeS);
    this.#heightM.push(heightM);
    while (timeS - this.#timeS[0]! > WINDOW_S) {
      this.#timeS.shift();
      this.#heightM.shift();
    }
    // Most fingers are still most of the time: only one that went down far enough is looked at.
    if (Math.max(...this.#heightM) - Math.min(...this.#heightM) < LEAST_DEPTH_M) return null;
    const certain = strokes(this.#heightM, this.#timeS).find(
      (stroke) => stroke.timeS <= timeS - SETTLE_S && stroke.timeS - this.#toldS > APART_S,
    );
    if (!certain) return null;
    this.#toldS = certain.timeS;
    return certain;
  }

  clear(): void {
    this.#timeS = [];
    this.#heightM = [];
    this.#toldS = -Infinity;
  }
}
