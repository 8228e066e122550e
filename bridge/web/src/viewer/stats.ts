const WINDOW_MS = 1000;

/** Rate and age of what arrived in the last second. */
export class ArrivalStats {
  #arrivals: { nowMs: number; ageMs: number | null }[] = [];

  /** Counts something that arrived now, `ageMs` after it was captured (null while unknown). */
  add(nowMs: number, ageMs: number | null): void {
    this.#arrivals.push({ nowMs, ageMs });
    this.#forget(nowMs);
  }

  reset(): void {
    this.#arrivals = [];
  }

  /** Arrivals in the last second. */
  rateHz(nowMs: number): number {
    this.#forget(nowMs);
    return this.#arrivals.length;
  }

  /** Median age in milliseconds, null where none is known. */
  medianAgeMs(nowMs: number): number | null {
    this.#forget(nowMs);
    const ages = this.#arrivals
      .flatMap(({ ageMs }) => (ageMs === null ? [] : [ageMs]))
      .sort((a, b) => a - b);
    return ages[Math.floor(ages.length / 2)] ?? null;
  }

  #forget(nowMs: number): void {
    this.#arrivals = this.#arrivals.filter((arrival) => nowMs - arrival.nowMs < WINDOW_MS);
  }
}

/** Values of the last seconds, of which a part is asked for; adding makes nothing. */
export class RecentValues {
  readonly #values = new Float64Array(512);
  readonly #timesMs = new Float64Array(512).fill(-Infinity);
  #next = 0;

  constructor(private readonly windowMs = 5000) {}

  add(nowMs: number, value: number): void {
    this.#values[this.#next] = value;
    this.#timesMs[this.#next] = nowMs;
    this.#next = (this.#next + 1) % this.#values.length;
  }

  reset(): void {
    this.#timesMs.fill(-Infinity);
  }

  /** The values below which these parts (0 to 1) of them lie; null where there are none. */
  quantiles(nowMs: number, parts: readonly number[]): number[] | null {
    const recent = this.#values.filter((_, i) => nowMs - this.#timesMs[i]! < this.windowMs).sort();
    if (recent.length === 0) return null;
    return parts.map((part) => recent[Math.round(part * (recent.length - 1))]!);
  }
}
