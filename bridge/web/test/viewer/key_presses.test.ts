import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { errorLevel } from "../../src/viewer/error_levels.js";
import { StrokeFinder, strokes } from "../../src/viewer/key_presses.js";

/** A minute's worth of one finger, and what the SDK finds in it. */
const golden = JSON.parse(readFileSync("test/viewer/presses.json", "utf8")) as {
  time_s: number[];
  height_m: number[];
  presses: [number, number, number][];
};

test("finds the strokes that the SDK finds, as deep and as fast", () => {
  const found = strokes(golden.height_m, golden.time_s);
  assert.equal(found.length, golden.presses.length);
  assert.ok(found.length >= 3);
  for (const [i, { timeS, depthM, speedMS }] of found.entries()) {
    const [time, depth, speed] = golden.presses[i]!;
    assert.equal(timeS, time);
    assert.ok(Math.abs(depthM - depth) < 1e-6, `${depthM} ${depth}`);
    assert.ok(Math.abs(speedMS - speed) < 1e-4, `${speedMS} ${speed}`);
  }
});

test("finds the same strokes while they happen, each once and soon", () => {
  const finder = new StrokeFinder();
  const told: { timeS: number; lateS: number }[] = [];
  for (const [i, now] of golden.time_s.entries()) {
    const stroke = finder.push(now, golden.height_m[i]!);
    if (stroke) told.push({ timeS: stroke.timeS, lateS: now - stroke.timeS });
  }
  assert.equal(told.length, golden.presses.length);
  for (const [i, { timeS, lateS }] of told.entries()) {
    assert.ok(Math.abs(timeS - golden.presses[i]![0]) <= 0.034, `${timeS}`);
    assert.ok(lateS <= 0.15, `told ${lateS} s after it`);
  }
});

test("a finger that rests, or moves slowly, presses nothing; a gap begins anew", () => {
  const finder = new StrokeFinder();
  for (let i = 0; i < 200; i++) {
    assert.equal(finder.push(i / 60, 0.01 + 0.01 * Math.sin(i / 60)), null);
  }
  assert.equal(finder.push(10, -0.01), null);
  assert.equal(finder.push(10, 0.01), null, "a time that does not rise is passed over");
});

test("too few poses a second give no strokes rather than wrong ones", () => {
  const times = Array.from({ length: 40 }, (_, i) => i / 15);
  assert.deepEqual(strokes(times.map((t) => Math.sin(9 * t)), times), []);
});

test("errors are told apart by shape and in words", () => {
  const levels = [1, 0.71, 0.69, 0.31, 0.29, 0].map((closeness) => errorLevel(closeness)!.words);
  assert.deepEqual(levels, ["close", "close", "off", "off", "far off", "far off"]);
  assert.equal(new Set([1, 0.5, 0].map((closeness) => errorLevel(closeness)!.shape)).size, 3);
  assert.equal(errorLevel(-1), null);
});
