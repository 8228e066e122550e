import assert from "node:assert/strict";
import { test } from "node:test";

import { ABSENT_MS, Playout } from "../../src/stage/playout.js";
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

test("an even stream is drawn evenly, one interval behind its latency", () => {
  const { drawn, playout } = play(() => 50);
  for (const step of steps(drawn)) assert.ok(Math.abs(step - 1 / 60) < 1e-6, `${step}`);
  assert.ok(Math.abs(playout.targetDelayMs() - (50 + INTERVAL_MS)) < 1e-6);
  const { nowMs, x } = drawn.at(-1)!;
  assert.ok(Math.abs(nowMs - x! * 1000 - (50 + INTERVAL_MS)) < 1);
});

test("jitter is absorbed: the hand keeps moving at nearly its speed", () => {
  const { drawn } = play((i) => 40 + ((i * 7919) % 31)); // 40 to 70 ms
  for (const step of steps(drawn)) assert.ok(step > 0.012 && step < 0.021, `${step}`);
});

test("a hand that stops being sent is held, then absent", () => {
  const playout = new Playout();
  for (let i = 0; i < 10; i++) playout.push(i * 33, [hand(0, [i, 0, 0])], i * 33 + 20);
  const lastMs = 9 * 33;
  const delayMs = playout.targetDelayMs();
  assert.equal(playout.advance(lastMs + delayMs)[0]!.wristM[0], 9);
  assert.equal(playout.advance(lastMs + delayMs + ABSENT_MS - 1)[0]!.wristM[0], 9);
  assert.equal(playout.advance(lastMs + delayMs + ABSENT_MS + 30)[0], null);
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

test("a hand that returns after a gap does not glide across it", () => {
  const playout = new Playout();
  const xAt: (number | null)[] = [];
  for (let i = 0; i < 40; i++) {
    const there = i < 5 || i > 20;
    playout.push(i * 33, there ? [hand(1, [i < 5 ? 0 : 1, 0, 0])] : [], i * 33);
    xAt.push(playout.advance(i * 33)[1]?.wristM[0] ?? null);
  }
  assert.ok(
    xAt.every((x) => x === 0 || x === null || x === 1),
    `${xAt}`,
  );
  // Seen until pose 4 plus 300 ms, and again from pose 21, each played up to one interval late.
  assert.deepEqual([xAt.lastIndexOf(0), xAt.indexOf(1)], [13, 22]);
  assert.ok(xAt.slice(14, 22).every((x) => x === null));
});

test("late duplicates are dropped, a restarted clock starts afresh", () => {
  const playout = new Playout();
  for (let i = 0; i < 10; i++) playout.push(5000 + i * 33, [hand(1, [1, 0, 0])], 5000 + i * 33);
  playout.push(5100, [hand(1, [9, 0, 0])], 5300);
  assert.equal(playout.advance(5350)[1]!.wristM[0], 1);
  playout.push(0, [hand(1, [2, 0, 0])], 5400);
  assert.equal(playout.advance(5400)[1]!.wristM[0], 2);
});
