import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import {
  JOINT_PARENTS,
  KEYPOINT_OF_JOINT,
  KEYPOINT_PARENT_JOINT,
  type Side,
  keypointsFromPose,
  keypointsOfOpenxr,
  mirrorPosition,
  mirrorRotation,
  opencvOpenxrOrientation,
  opencvOpenxrPosition,
  opencvOpenxrRotation,
  openxrJoints,
  openxrUnityPosition,
  openxrUnityRotation,
} from "../../src/protocol/index.js";

const GOLDEN = JSON.parse(
  readFileSync(join(process.cwd(), "../protocol/golden/geometry.json"), "utf8"),
);

function near(actual: Iterable<number>, expected: readonly number[], tolerance: number): void {
  const values = [...actual];
  assert.equal(values.length, expected.length);
  values.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]!) < tolerance, `${i}: ${value}, not ${expected[i]}`);
  });
}

test("orders of joints are the golden ones", () => {
  assert.deepEqual(JOINT_PARENTS, GOLDEN.joints.joint_parents);
  assert.deepEqual(KEYPOINT_OF_JOINT, GOLDEN.joints.keypoint_of_joint);
  assert.deepEqual(KEYPOINT_PARENT_JOINT, GOLDEN.joints.keypoint_parent_joint);
});

const CHANGES: Record<string, (from: any) => readonly number[]> = {
  mirror_position: mirrorPosition,
  mirror_rotation: mirrorRotation,
  opencv_to_openxr_orientation: opencvOpenxrOrientation,
  opencv_to_openxr_position: opencvOpenxrPosition,
  opencv_to_openxr_rotation: opencvOpenxrRotation,
  openxr_to_opencv_orientation: opencvOpenxrOrientation,
  openxr_to_opencv_position: opencvOpenxrPosition,
  openxr_to_opencv_rotation: opencvOpenxrRotation,
  openxr_to_unity_position: openxrUnityPosition,
  openxr_to_unity_rotation: openxrUnityRotation,
  unity_to_openxr_position: openxrUnityPosition,
  unity_to_openxr_rotation: openxrUnityRotation,
};

test("every change of coordinates is the golden one", () => {
  assert.deepEqual(Object.keys(CHANGES).sort(), Object.keys(GOLDEN.coordinates).sort());
  for (const [name, { from, to }] of Object.entries<any>(GOLDEN.coordinates)) {
    from.forEach((value: number[], i: number) => near(CHANGES[name]!(value), to[i], 1e-6));
  }
});

test("keypoints and OpenXR joints of posed hands are the golden ones", () => {
  GOLDEN.kinematics.forEach((hand: any, i: number) => {
    const rest = hand.rest_joints_m.flat();
    const pose = hand.pose_quat.flat();
    near(keypointsFromPose(rest, pose, hand.wrist_m), hand.keypoints_m.flat(), 1e-6);
    const { side, joints_m, joint_quat } = GOLDEN.openxr[i];
    const { jointsM, jointQuat } = openxrJoints(side as Side, rest, pose, hand.wrist_m);
    near(jointsM, joints_m.flat(), 1e-6);
    near(keypointsOfOpenxr(jointsM), hand.keypoints_m.flat(), 1e-6);
    for (let j = 0; j < 26; j++) {
      // q and -q are one turn, and near w = 0 the sign is anybody's.
      const dot = [0, 1, 2, 3].reduce(
        (sum, k) => sum + jointQuat[j * 4 + k]! * joint_quat[j][k],
        0,
      );
      assert.ok(1 - Math.abs(dot) < 1e-6, `joint ${j}: ${dot}`);
    }
  });
});
