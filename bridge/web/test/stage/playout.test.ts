import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ABSENT_MS,
  EXTRAPOLATE_MS,
  HOLD_MS,
  MAX_BUFFER_MS,
  Playout,
} from "../../src/stage/playout.js";
import { hand } from "../hands.js";

const INTERVAL_MS = 1000 / 30;

/** Plays a right wrist that moves at 1 m/s along x, seen at 30 Hz, drawn at 60 Hz. */
function play(latencyMs: (pose: number) => number, durationMs = 4000) {
  const playout = new Playout();
  const arrivals = Array.from({ length: Math.floor(durationMs / INTERVAL_MS) }, (_, i) => ({
    timeMs: i * INTERVAL_MS,
    nowMs: i * INTERVAL_MS + latencyMs(i),
  }));
  const drawn: { nowMs: number; x: number | null }[] = [];
  let next = 0;
  for (let nowMs = 0; nowMs < durationMs; nowMs += 1000 / 60) {
    while (next < arrivals.length && arrivals[next]!.nowMs <= nowMs) {
      const { timeMs, nowMs: arrivedMs } = arrivals[next++]!;
      playout.push(timeMs, [hand(1, [timeMs / 1000, 0, 0])], arrivedMs);
    }
    const [left, right] = playout.advance(nowMs);
    assert.equal(left, null);
    drawn.push({ nowMs, x: right ? right.wristM[0]! : null });
  }
  return { playout, drawn };
}

function steps(drawn: { nowMs: number; x: number | null }[]): number[] {
  const settled = drawn.filter(({ nowMs }) => nowMs > 2000);
  return settled.slice(1).map(({ x }, i) => x! - settled[i]!.x!);
}

test("an even stream is drawn evenly, two intervals behind its latency", () => {
  const { drawn, playout } = play(() => 50);
  for (const step of steps(drawn)) assert.ok(Math.abs(step - 1 / 60) < 1e-6, `${step}`);
  assert.ok(Math.abs(playout.targetDelayMs() - (50 + 2 * INTERVAL_MS)) < 1e-6);
  assert.ok(Math.abs(playout.delayMs()! - playout.targetDelayMs()) < 1e-6);
  const { nowMs, x } = drawn.at(-1)!;
  assert.ok(Math.abs(nowMs - x! * 1000 - (50 + 2 * INTERVAL_MS)) < 1);
});

// jitter, milliseconds -> delay behind the fastest arrival
for (const [jitterMs, bufferMs] of [
  [0, 2 * INTERVAL_MS],
  [30, 2 * INTERVAL_MS],
  [60, 60 * 0.95 + INTERVAL_MS],
  [120, 120 * 0.95 + INTERVAL_MS],
  [900, MAX_BUFFER_MS],
] as const) {
  test(`${jitterMs} ms of jitter are absorbed`, () => {
    const { drawn, playout } = play((i) => 40 + (((i * 7919) % 101) / 100) * jitterMs);
    const error = playout.targetDelayMs() - (40 + bufferMs);
    assert.ok(Math.abs(error) <= 3 + jitterMs * 0.08, `${error}`);
    if (jitterMs > 60) return; // the delay itself is a matter of chance
    for (const step of steps(drawn)) {
      assert.ok(step > 0.94 / 60 && step < 1.06 / 60, `${step * 60}`);
    }
  });
}

/** A right wrist at 0, 33, ... 297 ms, moving 1 m a second, that arrives at once. */
function tenPoses(): Playout {
  const playout = new Playout();
  for (let i = 0; i < 10; i++) playout.push(i * 33, [hand(1, [i * 0.033, 0, 0])], i * 33);
  return playout;
}

test("a hand that stops being sent moves on a moment, is held, fades, and is gone", () => {
  for (const [sinceMs, x, presence] of [
    [0, 0.297, 1],
    [EXTRAPOLATE_MS / 2, 0.297 + EXTRAPOLATE_MS / 2000, 1],
    [EXTRAPOLATE_MS, 0.297 + EXTRAPOLATE_MS / 1000, 1],
    [HOLD_MS, 0.297 + EXTRAPOLATE_MS / 1000, 1],
    [(HOLD_MS + ABSENT_MS) / 2, 0.297 + EXTRAPOLATE_MS / 1000, 0.5],
  ] as const) {
    const playout = tenPoses();
    const played = playout.advance(297 + sinceMs + playout.targetDelayMs())[1]!;
    assert.ok(Math.abs(played.wristM[0]! - x) < 1e-6, `${sinceMs}: ${played.wristM[0]}`);
    assert.ok(Math.abs(played.presence - presence) < 1e-9, `${sinceMs}: ${played.presence}`);
  }
  const playout = tenPoses();
  assert.equal(playout.advance(297 + ABSENT_MS + playout.targetDelayMs())[1], null);
});

test("rotations move on, too, and go the short way", () => {
  const turned = (timeMs: number, sign: number) => {
    const one = hand(1, [0, 0, 0]);
    const half = timeMs / 1000;
    one.pose_quat.set([0, sign * Math.sin(half), 0, sign * Math.cos(half)]);
    return one;
  };
  const playout = new Playout();
  for (let i = 0; i < 10; i++) playout.push(i * 33, [turned(i * 33, i % 2 ? 1 : -1)], i * 33);
  for (const atMs of [150, 297 + 30]) {
    playout.reset();
    for (let i = 0; i < 10; i++) playout.push(i * 33, [turned(i * 33, i % 2 ? 1 : -1)], i * 33);
    const { poseQuat } = playout.advance(atMs + playout.targetDelayMs())[1]!;
    assert.ok(Math.abs(Math.abs(poseQuat[1]!) - Math.sin(atMs / 1000)) < 1e-4, `${atMs}`);
  }
});

test("one missed frame does not hide a hand, and is interpolated over", () => {
  const playout = new Playout();
  playout.push(0, [hand(1, [0, 0, 0])], 0);
  playout.push(33, [], 33);
  playout.push(66, [hand(1, [0.066, 0, 0])], 66);
  playout.push(99, [hand(1, [0.099, 0, 0])], 99);
  const delayMs = playout.targetDelayMs();
  assert.ok(Math.abs(playout.advance(33 + delayMs)[1]!.wristM[0]! - 0.033) < 1e-6);
});

test("a hand that returns after a gap, or elsewhere at once, does not glide across", () => {
  const playout = new Playout();
  const xAt: (number | null)[] = [];
  for (let i = 0; i < 60; i++) {
    const there = i < 5 || i > 20;
    const x = i < 5 ? 0 : i < 40 ? 1 : 2;
    playout.push(i * 33, there ? [hand(1, [x, 0, 0])] : [], i * 33);
    xAt.push(playout.advance(i * 33)[1]?.wristM[0] ?? null);
  }
  assert.ok(
    xAt.every((x) => x === 0 || x === null || x === 1 || x === 2),
    `${xAt}`,
  );
  // Seen until pose 4 plus 300 ms, and again from pose 21, each played two intervals late.
  assert.deepEqual([xAt.lastIndexOf(0), xAt.indexOf(1), xAt.indexOf(2)], [15, 23, 42]);
  assert.ok(xAt.slice(16, 23).every((x) => x === null));
});

test("poses out of order are put in order, and duplicates taken once", () => {
  const playout = new Playout();
  const ordered = new Playout();
  for (const i of [0, 1, 2, 4, 3, 3, 5, 6, 8, 7, 7, 9]) {
    playout.push(i * 33, [hand(1, [i * 0.033, i % 2, 0])], 300);
  }
  for (let i = 0; i < 10; i++) ordered.push(i * 33, [hand(1, [i * 0.033, i % 2, 0])], 300);
  const nowMs = 120 + playout.targetDelayMs();
  assert.deepEqual(playout.targetDelayMs(), ordered.targetDelayMs());
  assert.deepEqual(playout.advance(nowMs), ordered.advance(nowMs));
});

test("a source whose clock starts again is followed at once", () => {
  const playout = new Playout();
  for (let i = 0; i < 10; i++) playout.push(5000 + i * 33, [hand(1, [1, 0, 0])], 5000 + i * 33);
  playout.advance(5350);
  playout.push(0, [hand(1, [2, 0, 0])], 5400);
  assert.equal(playout.advance(5400)[1]!.wristM[0], 2);
});

for (const stepMs of [5000, -5000]) {
  test(`our own clock is set by ${stepMs} ms: motion goes on within half a second`, () => {
    const playout = new Playout();
    const seen: (number | null)[] = [];
    for (let i = 0; i < 120; i++) {
      const nowMs = 10_000 + i * 33 + (i >= 60 ? stepMs : 0);
      playout.push(10_000 + i * 33, [hand(1, [i * 0.001, 0, 0])], nowMs);
      seen.push(playout.advance(nowMs)[1]?.wristM[0] ?? null);
    }
    assert.ok(seen.slice(75).every((x, k) => Math.abs(x! - (75 + k - 2) * 0.001) < 2e-4));
  });
}

test("an outage ends without a catch-up: the newest poses are played", () => {
  const { drawn } = play((i) => (i >= 60 && i < 90 ? (90 - i) * INTERVAL_MS + 50 : 50), 6000);
  const gone = drawn.filter(({ nowMs, x }) => nowMs > 2400 && nowMs < 2950 && x === null);
  assert.ok(gone.length > 20);
  for (const { nowMs, x } of drawn.filter(({ nowMs }) => nowMs > 5600)) {
    assert.ok(Math.abs(nowMs - x! * 1000 - (50 + 2 * INTERVAL_MS)) < 5, `${nowMs} ${x}`);
  }
});

test("a lesson played more slowly sends less often, and is interpolated over as evenly", () => {
  const playout = new Playout();
  const xs: number[] = [];
  let timeMs = 0;
  for (let nowMs = 0; nowMs < 8000; nowMs += 1000 / 90) {
    while (timeMs <= nowMs) {
      playout.push(timeMs, [hand(1, [timeMs / 1e4, 0, 0])], nowMs);
      timeMs += timeMs < 4000 ? INTERVAL_MS : 4 * INTERVAL_MS; // rate 1, then 0.25
    }
    xs.push(playout.advance(nowMs)[1]?.wristM[0] ?? Number.NaN);
  }
  const late = xs.slice(-90);
  assert.ok(late.slice(1).every((x, i) => x > late[i]! && x - late[i]! < 1.06 / 900));
});
