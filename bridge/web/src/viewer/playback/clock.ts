import type { PlaybackState } from "../../protocol/index.js";

/** A shorter loop is refused by the bridge (docs/playback.md). */
export const LEAST_LOOP_S = 0.1;
export const RATES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2] as const;

/**
 * Where a recording is now, from the last state that the bridge told: it moves on by itself.
 *
 * @param nowNs the bridge's clock; null while it is not known, and the position that was told holds.
 */
export function positionNow(state: PlaybackState, nowNs: bigint | null): number {
  const { position_s, duration_s, playing, rate, loop_s } = state;
  if (!playing || nowNs === null) return position_s;
  const sinceS = Math.max(0, Number(nowNs - state.time_ns) / 1e9);
  const at = position_s + rate * sinceS;
  const [begin, end] = loop_s ?? [];
  if (begin !== undefined && end !== undefined && position_s < end && at >= end) {
    return begin + ((at - begin) % (end - begin));
  }
  return Math.min(at, duration_s);
}

/** A time for people: `1:02.3`. */
export function timeText(seconds: number): string {
  const tenths = Math.round(Math.max(0, seconds) * 10);
  const minutes = Math.floor(tenths / 600);
  return `${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, "0")}`;
}

/** A loop of two marks in either order, within the recording and long enough; null where none fits. */
export function loopOf(aS: number, bS: number, durationS: number): [number, number] | null {
  if (durationS < LEAST_LOOP_S) return null;
  const within = (value: number) => Math.min(durationS, Math.max(0, value));
  let [begin, end] = [Math.min(within(aS), within(bS)), Math.max(within(aS), within(bS))];
  if (end - begin < LEAST_LOOP_S) {
    end = Math.min(durationS, begin + LEAST_LOOP_S);
    begin = end - LEAST_LOOP_S;
  }
  return [begin, end];
}

/** Spacing of a recording's poses, from what arrives while it plays. */
export class FrameLength {
  #lastMs: number | null = null;
  #spacings: number[] = [];

  /** Takes the time of a pose that came while the recording played at this rate. */
  add(timeMs: number, rate: number): void {
    const spacing = this.#lastMs === null ? 0 : ((timeMs - this.#lastMs) / 1000) * rate;
    this.#lastMs = timeMs;
    if (spacing > 0.004 && spacing < 0.2) this.#spacings.push(spacing);
    if (this.#spacings.length > 31) this.#spacings.shift();
  }

  /** What is played stops or is another. */
  pause(): void {
    this.#lastMs = null;
  }

  reset(): void {
    this.pause();
    this.#spacings = [];
  }

  /** Seconds from one pose to the next; a thirtieth while that is not known. */
  get seconds(): number {
    const sorted = [...this.#spacings].sort((a, b) => a - b);
    return sorted.length >= 5 ? sorted[Math.floor(sorted.length / 2)]! : 1 / 30;
  }
}
