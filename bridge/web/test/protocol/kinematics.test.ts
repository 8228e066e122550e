import assert from "node:assert/strict";
import { test } from "node:test";

import {
  KEYPOINT_OF_JOINT,
  KEYPOINT_PARENT_JOINT,
  N_KEYPOINTS,
  keypointsFromPose,
  multiply,
  rotate,
  slerp,
} from "../../src/protocol/index.js";
import { identityPose, restJoints } from "../hands.js";

const HALF = Math.SQRT1_2;

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-12): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < actual.length; i++) {
    assert.ok(Math.abs(actual[i]! - expected[i]!) < tolerance, `${i}: ${actual[i]} ${expected[i]}`);
  }
}

test("keypoints hang on the joints of bridge/protocol/joints.py", () => {
  assert.deepEqual(
    KEYPOINT_PARENT_JOINT,
    [0, 0, 13, 14, 15, 0, 1, 2, 3, 0, 4, 5, 6, 0, 10, 11, 12, 0, 7, 8, 9],
  );
});

test("the rest pose gives the rest keypoints, moved by the wrist", () => {
  const rest = restJoints();
  const points = keypointsFromPose(rest, identityPose(), [1, 2, 3]);
  near(
    points,
    Array.from(rest, (x, i) => x + 1 + (i % 3)),
  );
});

test("turning the wrist turns the whole hand about it", () => {
  const rest = restJoints();
  const pose = identityPose();
  pose.set([0, 0, HALF, HALF]); // 90 degrees about z: (x, y, z) -> (-y, x, z)
  const points = keypointsFromPose(rest, pose, [0, 0, 0]);
  for (let k = 0; k < N_KEYPOINTS; k++) {
    const [x, y, z] = rest.subarray(k * 3, k * 3 + 3);
    near(points.subarray(k * 3, k * 3 + 3), [-y!, x!, z!], 1e-8);
  }
});

test("bending one knuckle moves only what is beyond it, on the right arc", () => {
  const rest = restJoints();
  const pose = identityPose();
  const joint = 5; // middle2: keypoint 10, with 11 and 12 beyond
  assert.equal(KEYPOINT_OF_JOINT[joint], 10);
  pose.set([0, 0, HALF, HALF], joint * 4);
  const points = keypointsFromPose(rest, pose, [0, 0, 0]);
  const beyond = [11, 12];
  for (let k = 0; k < N_KEYPOINTS; k++) {
    const [x, y, z] = rest.subarray(k * 3, k * 3 + 3);
    const [px, py] = rest.subarray(30, 33);
    const expected = beyond.includes(k) ? [px! - (y! - py!), py! + (x! - px!), z!] : [x!, y!, z!];
    near(points.subarray(k * 3, k * 3 + 3), expected, 1e-8);
  }
});

test("rotations compose along a chain", () => {
  const rest = restJoints();
  const pose = identityPose();
  const s = Math.sin(Math.PI / 12);
  const c = Math.cos(Math.PI / 12);
  for (const joint of [1, 2, 3]) pose.set([0, 0, s, c], joint * 4); // 30 degrees each
  const points = keypointsFromPose(rest, pose, [0, 0, 0]);
  const total = [0, 0, Math.sin(Math.PI / 4), Math.cos(Math.PI / 4)]; // 90 degrees
  const tip = rest.subarray(24, 27).map((x, i) => x - rest[21 + i]!);
  const turned = [0, 0, 0];
  rotate(turned, 0, total, 0, tip[0]!, tip[1]!, tip[2]!);
  near(
    points.subarray(24, 27).map((x, i) => x - points[21 + i]!),
    turned,
    1e-7,
  );
});

test("multiply then rotate equals rotating twice", () => {
  const a = [0.1, -0.5, 0.3, Math.sqrt(1 - 0.35)];
  const b = [-0.4, 0.2, 0.6, Math.sqrt(1 - 0.56)];
  const product = [0, 0, 0, 0];
  multiply(product, 0, a, 0, b, 0);
  const once = [0, 0, 0];
  rotate(once, 0, product, 0, 1, -2, 3);
  const twice = [0, 0, 0];
  rotate(twice, 0, b, 0, 1, -2, 3);
  rotate(twice, 0, a, 0, twice[0]!, twice[1]!, twice[2]!);
  near(once, twice, 1e-12);
});

test("slerp takes the short way, at even speed, whatever the signs", () => {
  const angle = 2.8;
  const from = [0, 0, 0, 1];
  const to = [Math.sin(angle / 2), 0, 0, Math.cos(angle / 2)];
  for (const sign of [1, -1]) {
    const out = [0, 0, 0, 0];
    slerp(
      out,
      0,
      from,
      0,
      to.map((x) => sign * x),
      0,
      0.25,
    );
    near(out, [Math.sin(angle / 8), 0, 0, Math.cos(angle / 8)], 1e-12);
  }
  const same = [0, 0, 0, 0];
  slerp(same, 0, to, 0, to, 0, 0.5);
  near(same, to, 1e-12);
});
