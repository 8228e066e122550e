import assert from "node:assert/strict";
import { test } from "node:test";

import { Backoff, ClockSync } from "../../src/protocol/index.js";

const MS = 1_000_000n;

/** An exchange with a bridge whose clock is `offset` ahead, with a delay each way. */
function exchange(t0: bigint, offset: bigint, there: bigint, back: bigint) {
  const t1Ns = t0 + there + offset;
  const t2Ns = t1Ns + 3n * MS;
  return { t0Ns: t0, t1Ns, t2Ns, t3Ns: t0 + there + 3n * MS + back };
}

test("a symmetric exchange gives the exact offset, and the round trip without their wait", () => {
  const clock = new ClockSync();
  assert.equal(clock.toBridgeNs(0n), null);
  clock.add(exchange(5n * MS, 1_700_000_000_000_000_001n, 4n * MS, 4n * MS));
  assert.equal(clock.toBridgeNs(7n), 1_700_000_000_000_000_008n);
  assert.equal(clock.roundTripNs, 8n * MS);
});

test("the shortest round trip counts, not the last or the mean", () => {
  const clock = new ClockSync();
  clock.add(exchange(0n, 100n * MS, 30n * MS, 2n * MS)); // off by 14 ms
  clock.add(exchange(200n * MS, 100n * MS, 1n * MS, 1n * MS));
  clock.add(exchange(400n * MS, 100n * MS, 2n * MS, 50n * MS)); // off by -24 ms
  assert.equal(clock.toBridgeNs(0n), 100n * MS);
});

test("old exchanges are forgotten, so that drift is followed", () => {
  const clock = new ClockSync();
  clock.add(exchange(0n, 100n * MS, 1n, 1n));
  clock.add(exchange(61_000n * MS, 105n * MS, 5n * MS, 5n * MS));
  assert.equal(clock.toBridgeNs(0n), 105n * MS);
});

test("an impossible exchange is ignored", () => {
  const clock = new ClockSync();
  clock.add({ t0Ns: 10n, t1Ns: 0n, t2Ns: 100n, t3Ns: 20n });
  assert.equal(clock.synchronised, false);
});

test("backoff doubles to its limit, jitters downwards, and starts over", () => {
  const low = new Backoff({ firstMs: 100, maxMs: 500, random: () => 0 });
  const high = new Backoff({ firstMs: 100, maxMs: 500, random: () => 1 });
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => low.next()),
    [75, 150, 300, 375, 375],
  );
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => high.next()),
    [100, 200, 400, 500, 500],
  );
  low.reset();
  assert.equal(low.next(), 75);
});
