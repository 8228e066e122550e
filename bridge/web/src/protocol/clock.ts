interface Exchange {
  offsetNs: bigint;
  roundTripNs: bigint;
  atNs: bigint;
}

/** How long an exchange counts: old ones hide the drift of the two clocks. */
const WINDOW_NS = 60_000_000_000n;
const MAX_EXCHANGES = 64;

/**
 * The bridge's clock as seen from here, by ping and pong in NTP's manner.
 *
 * Of the recent exchanges the one with the shortest round trip counts: whatever delays a packet
 * adds to the round trip, and only a delay in one direction bends the offset (RFC 5905, clock
 * filter).
 */
export class ClockSync {
  #exchanges: Exchange[] = [];
  #best: Exchange | null = null;

  /** Takes the four times of an exchange: sent and got by our clock, received and answered by theirs. */
  add(exchange: { t0Ns: bigint; t1Ns: bigint; t2Ns: bigint; t3Ns: bigint }): void {
    const { t0Ns, t1Ns, t2Ns, t3Ns } = exchange;
    const roundTripNs = t3Ns - t0Ns - (t2Ns - t1Ns);
    // A clock was set, or the peer answers nonsense: no such round trip exists.
    if (roundTripNs < 0n) return;
    const offsetNs = (t1Ns - t0Ns + (t2Ns - t3Ns)) / 2n;
    this.#exchanges.push({ offsetNs, roundTripNs, atNs: t3Ns });
    this.#exchanges = this.#exchanges
      .filter(({ atNs }) => t3Ns - atNs <= WINDOW_NS)
      .slice(-MAX_EXCHANGES);
    this.#best = this.#exchanges.reduce((a, b) => (b.roundTripNs < a.roundTripNs ? b : a));
  }

  /** Forgets all exchanges: another bridge may answer from now on. */
  reset(): void {
    this.#exchanges = [];
    this.#best = null;
  }

  get synchronised(): boolean {
    return this.#best !== null;
  }

  /** Shortest recent round trip in nanoseconds, null before the first exchange. */
  get roundTripNs(): bigint | null {
    return this.#best?.roundTripNs ?? null;
  }

  /** The bridge's clock when ours shows `localNs`, null before the first exchange. */
  toBridgeNs(localNs: bigint): bigint | null {
    return this.#best && localNs + this.#best.offsetNs;
  }
}
