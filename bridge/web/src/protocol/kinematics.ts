import {
  JOINT_PARENTS,
  KEYPOINT_OF_JOINT,
  KEYPOINT_PARENT_JOINT,
  N_JOINTS,
  N_KEYPOINTS,
} from "./joints.js";
import { multiply, rotate } from "./quaternion.js";

// Written anew by each call: hands are posed in every frame.
const turns = new Float64Array(N_JOINTS * 4);
const arm = [0, 0, 0];

/**
 * Positions of the 21 keypoints of a posed hand, by forward kinematics from its rest keypoints
 * alone, as `keypoints_from_pose` in bridge/protocol/kinematics.py.
 *
 * Every joint's rest frame is the hand's, so a joint's rotation composes along its chain, and each
 * keypoint lies fixed in the frame of `KEYPOINT_PARENT_JOINT`.
 *
 * @param restJointsM (21 * 3) rest keypoints, metres, wrist at the origin.
 * @param poseQuat (16 * 4) xyzw, MANO order: 0 turns the rest frame into the stage, the rest local.
 * @param wristM (3) wrist in the stage, metres.
 * @param points what to write to; new by default.
 * @returns (21 * 3) keypoints in the stage, metres.
 */
export function keypointsFromPose(
  restJointsM: ArrayLike<number>,
  poseQuat: ArrayLike<number>,
  wristM: ArrayLike<number>,
  points = new Float64Array(N_KEYPOINTS * 3),
): Float64Array {
  for (let i = 0; i < 4; i++) turns[i] = poseQuat[i]!;
  for (let joint = 1; joint < N_JOINTS; joint++) {
    multiply(turns, joint * 4, turns, JOINT_PARENTS[joint]! * 4, poseQuat, joint * 4);
  }
  for (let axis = 0; axis < 3; axis++) points[axis] = wristM[axis]!;
  for (let keypoint = 1; keypoint < N_KEYPOINTS; keypoint++) {
    const joint = KEYPOINT_PARENT_JOINT[keypoint]!;
    // Keypoints run from the wrist outwards, so the base is already placed.
    const base = KEYPOINT_OF_JOINT[joint]!;
    rotate(
      arm,
      0,
      turns,
      joint * 4,
      restJointsM[keypoint * 3]! - restJointsM[base * 3]!,
      restJointsM[keypoint * 3 + 1]! - restJointsM[base * 3 + 1]!,
      restJointsM[keypoint * 3 + 2]! - restJointsM[base * 3 + 2]!,
    );
    for (let axis = 0; axis < 3; axis++) {
      points[keypoint * 3 + axis] = points[base * 3 + axis]! + arm[axis]!;
    }
  }
  return points;
}
