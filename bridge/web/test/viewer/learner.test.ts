import assert from "node:assert/strict";
import { test } from "node:test";

import type { MessageOf, Side } from "../../src/protocol/index.js";
import { TRAIL_MS, TRAIL_POINTS, TrailPath } from "../../src/stage/trails.js";
import { LearnerPlayout } from "../../src/viewer/learner_playout.js";
import { restJoints } from "../hands.js";

const rest = () => restJoints();
const still = Float32Array.from({ length: 64 }, (_, i) => (i % 4 === 3 ? 1 : 0));

function message(timeMs: number, x: number, learner = "learner-1"): MessageOf<"learner_hands"> {
  const side = 1 as Side;
  const wrist_m = Float32Array.of(x, 0, 0);
  return {
    type: "learner_hands",
    seq: timeMs,
    time_ns: BigInt(timeMs) * 1_000_000n,
    learner,
    hands: [{ side, wrist_m, pose_quat: still, finger_confidence: new Float32Array(5) }],
    openxr: [],
  };
}

test("a learner's hands move evenly between what was sent, and leave when nothing comes", () => {
  const playout = new LearnerPlayout();
  for (let i = 0; i <= 20; i++) playout.push(message(1000 + 50 * i, 0.01 * i), 1020 + 50 * i, rest);
  const xs = [2020, 2030, 2040].map((now) => playout.keypointsM(1, now)![0]!);
  assert.ok(Math.abs(xs[1]! - xs[0]! - 0.002) < 1e-6, `${xs}`);
  assert.ok(Math.abs(xs[2]! - xs[1]! - 0.002) < 1e-6, `${xs}`);
  assert.equal(playout.keypointsM(0, 2020), null);
  assert.equal(playout.keypointsM(1, 2800), null);
  playout.keypointsM(1, 9000);
  assert.equal(playout.learner, null);
});

test("a headset's joints become the same 21 keypoints", () => {
  const joints_m = Float32Array.from({ length: 26 * 3 }, (_, i) => Math.floor(i / 3) / 100);
  const joint_quat = Float32Array.from({ length: 26 * 4 }, (_, i) => (i % 4 === 3 ? 1 : 0));
  const playout = new LearnerPlayout();
  const sent = { ...message(1000, 0), hands: [], openxr: [{ side: 0 as Side, joints_m, joint_quat }] };
  playout.push(sent, 1000, () => null);
  const points = playout.keypointsM(0, 1000)!;
  // Wrist, thumb tip, little tip: joints 1, 5 and 25 of XR_EXT_hand_tracking.
  for (const [keypoint, joint] of [
    [0, 1],
    [4, 5],
    [20, 25],
  ] as const) {
    assert.ok(Math.abs(points[keypoint * 3]! - joint / 100) < 1e-6);
  }
});

test("one learner is shown at a time; another follows once the first is silent", () => {
  const playout = new LearnerPlayout();
  playout.push(message(1000, 0), 1000, rest);
  playout.push(message(1010, 0, "learner-2"), 1010, rest);
  assert.equal(playout.learner, "learner-1");
  assert.equal(playout.others(1010), 1);
  playout.push(message(5000, 0, "learner-2"), 5000, rest);
  assert.equal(playout.learner, "learner-2");
  assert.equal(playout.others(5000), 0);
});

test("a trail is bounded, forgets what is old, and does not grow while a finger rests", () => {
  const path = new TrailPath();
  for (let i = 0; i < 500; i++) path.push(i, i / 100, 0, 0);
  assert.equal(path.length, TRAIL_POINTS);
  assert.ok(Math.abs(path.placesM[path.at(path.length - 1) * 3]! - 4.99) < 1e-6);
  path.forget(499 + TRAIL_MS - 10);
  assert.ok(path.length > 0 && path.length < TRAIL_POINTS);
  path.forget(10_000);
  assert.equal(path.length, 0);
  for (let i = 0; i < 100; i++) path.push(10_000 + i, 1, 1, 1);
  assert.ok(path.length <= 2);
});
