/** Growing waits between attempts, with jitter so that many clients do not return at once. */
export class Backoff {
  #attempts = 0;
  readonly #options: { firstMs: number; maxMs: number; random: () => number };

  constructor(options: { firstMs: number; maxMs: number; random?: () => number }) {
    this.#options = { random: Math.random, ...options };
  }

  /** The wait before the next attempt in milliseconds: 75 to 100 % of first * 2^n, capped. */
  next(): number {
    const { firstMs, maxMs, random } = this.#options;
    const fullMs = Math.min(maxMs, firstMs * 2 ** this.#attempts++);
    return Math.round(fullMs * (0.75 + 0.25 * random()));
  }

  reset(): void {
    this.#attempts = 0;
  }
}
