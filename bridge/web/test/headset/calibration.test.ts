import assert from "node:assert/strict";
import { test } from "node:test";

import type { Vector3 } from "../../src/protocol/index.js";
import { CalibrationFlow } from "../../src/headset/calibration_flow.js";
import { type Refusal, type Touches, calibrate, nudged } from "../../src/headset/calibration.js";
import { HOLD_MS, Touch, points } from "../../src/headset/touch.js";
import { type Rigid, apply, compose, invert } from "../../src/stage/rigid.js";

const SIZE = { widthM: 0.846, depthM: 0.15 };
/** A keyboard that stands askew and slopes a little. */
const AT: Rigid = compose(
  { positionM: [0.3, 0.74, -0.5], rotationQuat: [0, Math.sin(0.4), 0, Math.cos(0.4)] },
  { positionM: [0, 0, 0], rotationQuat: [Math.sin(0.04), 0, 0, Math.cos(0.04)] },
);

function touches(at: Rigid, size = SIZE, radiusM = 0): Touches {
  return {
    frontLeft: apply(at, [0, radiusM, 0]),
    frontRight: apply(at, [size.widthM, radiusM, 0]),
    backLeft: apply(at, [0, radiusM, -size.depthM]),
  };
}

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-9): void {
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Math.abs(actual[i]! - expected[i]!) < tolerance, `${i}: ${actual[i]} ${expected[i]}`);
  }
}

test("three exact touches give the frame, whatever the fingertip's radius", () => {
  for (const radiusM of [0, 0.008]) {
    const found = calibrate(touches(AT, SIZE, radiusM), SIZE, radiusM);
    assert.equal(found.refusal, null);
    assert.ok(found.residualM < 1e-9);
    near(found.pose.positionM, AT.positionM);
    for (const point of [
      [0, 0, 0],
      [0.5, 0.1, -0.1],
      [0.846, 0, 0],
    ] as const) {
      near(apply(found.pose, point), apply(AT, point));
    }
  }
});

test("an error of the width is shared by both ends, and told", () => {
  const wide = touches({ ...AT }, { widthM: 0.856, depthM: 0.15 });
  const { pose, measuredWidthM, residualM, refusal } = calibrate(wide, SIZE);
  assert.equal(refusal, null);
  assert.ok(Math.abs(measuredWidthM - 0.856) < 1e-9);
  near(apply(pose, [0, 0, 0]), apply(AT, [0.005, 0, 0]));
  assert.ok(Math.abs(residualM - 0.005) < 1e-9); // 5 mm at each of the three
});

const swapped = ({ frontLeft, frontRight, backLeft }: Touches): Touches => ({
  frontLeft: frontRight,
  frontRight: frontLeft,
  backLeft,
});
const REFUSED: [Refusal, Touches][] = [
  ["too_near", { ...touches(AT), frontRight: touches(AT).frontLeft }],
  ["too_near", { ...touches(AT), backLeft: apply(AT, [0.4, 0, 0]) }],
  ["upside_down", swapped(touches(AT))],
  ["tilted", { ...touches(AT), backLeft: apply(AT, [0, 0.1, -0.11]) }],
  ["width", touches(AT, { widthM: 1.222, depthM: 0.15 })],
  ["residual", { ...touches(AT), backLeft: apply(AT, [0.04, 0, -0.15]) }],
];
for (const [refusal, given] of REFUSED) {
  test(`touches are refused: ${refusal}`, () => {
    assert.equal(calibrate(given, SIZE).refusal, refusal);
  });
}

test("nudges go along the instrument's axes, and turn it about the middle of its front", () => {
  const middle: Vector3 = [SIZE.widthM / 2, 0, 0];
  const moved = nudged(AT, SIZE.widthM, { xM: 0.004, yM: -0.002, zM: 0.001 });
  near(apply(moved, [0, 0, 0]), apply(AT, [0.004, -0.002, 0.001]));
  const turned = nudged(AT, SIZE.widthM, { turnRad: 0.1 });
  near(apply(turned, middle), apply(AT, middle));
  const right = apply(invert(AT), apply(turned, [SIZE.widthM, 0, 0]));
  assert.ok(right[2] < -0.04); // away from the player
});

const kindOf = (flow: CalibrationFlow): string => flow.state.kind;

test("the flow asks for corners in order, checks, and keeps", () => {
  const flow = new CalibrationFlow(SIZE);
  const { frontLeft, frontRight, backLeft } = touches(AT);
  for (const [corner, touch] of [
    ["frontLeft", frontLeft],
    ["frontRight", frontRight],
    ["backLeft", backLeft],
  ] as const) {
    assert.deepEqual(flow.state, { kind: "touch", corner });
    flow.touch(touch, 0);
  }
  assert.equal(flow.state.kind, "check");
  flow.nudge({ yM: 0.01 });
  near(apply(flow.pose!, [0, 0, 0]), apply(AT, [0, 0.01, 0]));
  flow.keep();
  assert.equal(flow.state.kind, "done");
  flow.nudge({ yM: 1 });
  flow.touch(frontLeft, 0);
  near(apply(flow.pose!, [0, 0, 0]), apply(AT, [0, 0.01, 0]));
  flow.again();
  assert.deepEqual(flow.state, { kind: "touch", corner: "frontLeft" });
  for (const touch of [frontRight, frontLeft, backLeft]) flow.touch(touch, 0);
  assert.equal(kindOf(flow), "refused");
  flow.keep();
  assert.equal(kindOf(flow), "refused");
});

test("a fingertip that holds still touches, at the median of where it was", () => {
  const touch = new Touch();
  let touched: Vector3 | null = null;
  for (let timeMs = 0; timeMs <= HOLD_MS && !touched; timeMs += 10) {
    // It shivers by 2 mm, and twice tracking jumps by 5.
    const off = timeMs === 300 || timeMs === 500 ? 0.005 : 0.001 * (((timeMs / 10) % 5) - 2);
    touched = touch.add(timeMs, 0.1 + off, 0.7, -0.3);
  }
  near(touched!, [0.1, 0.7, -0.3], 2e-4);
  // The next one begins elsewhere only.
  for (let timeMs = 1100; timeMs < 4000; timeMs += 10) {
    assert.equal(touch.add(timeMs, 0.12, 0.7, -0.3), null);
  }
  assert.equal(touch.progress(4000), 0);
});

test("a fingertip that moves, is lost or stops pointing does not touch", () => {
  const moving = new Touch();
  const lost = new Touch();
  const interrupted = new Touch();
  for (let timeMs = 0; timeMs < 5000; timeMs += 20) {
    assert.equal(moving.add(timeMs, timeMs * 2e-5, 0, 0), null);
    if (timeMs % 1000 < 500) assert.equal(lost.add(timeMs, 0, 0, 0), null);
    if (timeMs % 900 === 0) interrupted.interrupt();
    assert.equal(interrupted.add(timeMs, 0, 0, 0), null);
  }
});

test("a touch takes a second however many frames that are", () => {
  for (const stepMs of [1000 / 144, 1000 / 30]) {
    const touch = new Touch();
    let timeMs = 0;
    while (!touch.add(timeMs, 1, 2, 3)) timeMs += stepMs;
    assert.ok(timeMs >= HOLD_MS && timeMs < HOLD_MS + 2 * stepMs, `${timeMs}`);
  }
});

test("a hand points when its index finger reaches further than the next two", () => {
  const joints = new Float32Array(26 * 3);
  const tips = (index: number, middle: number, ring: number) => {
    joints[10 * 3] = index;
    joints[15 * 3] = middle;
    joints[20 * 3] = ring;
    return points(joints);
  };
  assert.equal(tips(0.18, 0.08, 0.06), true);
  assert.equal(tips(0.18, 0.19, 0.18), false);
  assert.equal(tips(0.18, 0.1, 0.17), false);
});
