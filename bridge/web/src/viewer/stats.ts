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
