import assert from "node:assert/strict";
import { test } from "node:test";

import { type Area, Pinch, Poke } from "../../src/headset/poke.js";

const AREAS: Area[] = [
  { id: "left", xM: -0.05, yM: 0, widthM: 0.06, heightM: 0.05 },
  { id: "right", xM: 0.05, yM: 0, widthM: 0.06, heightM: 0.05 },
];

/** The buttons that a fingertip presses on a way of points, 20 ms apart. */
function pressed(way: [number, number, number][], poke = new Poke()): string[] {
  return way.flatMap(([x, y, z], i) => poke.add(i * 20, x, y, z, AREAS) ?? []);
}

test("a fingertip that comes from the front presses once", () => {
  assert.deepEqual(
    pressed([
      [0.05, 0, 0.06],
      [0.05, 0, 0.02],
      [0.05, 0, 0],
      [0.05, 0, -0.01],
    ]),
    ["right"],
  );
});

test("from behind, from the side, beside the buttons or not so far, nothing is pressed", () => {
  assert.deepEqual(
    pressed([
      [0.05, 0, -0.05],
      [0.05, 0, -0.01],
      [0.05, 0, 0.01],
    ]),
    [],
  );
  assert.deepEqual(
    pressed([
      [0.3, 0, 0],
      [0.08, 0, 0],
      [0.05, 0, 0],
    ]),
    [],
  );
  assert.deepEqual(
    pressed([
      [0, 0, 0.05],
      [0, 0, 0],
    ]),
    [],
  );
  assert.deepEqual(
    pressed([
      [0.05, 0, 0.05],
      [0.05, 0, 0.006],
    ]),
    [],
  );
  // It slipped to the other button on the way.
  assert.deepEqual(
    pressed([
      [0.05, 0, 0.05],
      [-0.05, 0, 0],
    ]),
    [],
  );
});

test("a second press needs a moment, and to come from the front again", () => {
  const twice: [number, number, number][] = [];
  for (let press = 0; press < 2; press++) twice.push([0.05, 0, 0.03], [0.05, 0, 0]);
  assert.deepEqual(pressed(twice), ["right"]);
  const later = [...twice.slice(0, 2), ...Array(20).fill([0.05, 0, 0.05]), ...twice.slice(2)];
  assert.deepEqual(pressed(later as [number, number, number][]), ["right", "right"]);
});

test("what it is over is lit", () => {
  const poke = new Poke();
  poke.add(0, -0.05, 0, 0.04, AREAS);
  assert.equal(poke.hovered, "left");
  poke.leave();
  assert.equal(poke.hovered, null);
});

test("a pinch is told once, and not where it was already closed", () => {
  const apart = (metres: number) => {
    const joints = new Float32Array(26 * 3);
    joints[10 * 3] = metres;
    return joints;
  };
  const pinch = new Pinch();
  pinch.leave();
  const told = [0.01, 0.01, 0.05, 0.025, 0.01, 0.02, 0.03, 0.05, 0.01].map((m) =>
    pinch.add(apart(m)),
  );
  assert.deepEqual(told, [false, false, false, false, true, false, false, false, true]);
});
