import {
  JOINT_PARENTS,
  KEYPOINT_OF_JOINT,
  N_JOINTS,
  N_KEYPOINTS,
  N_OPENXR_JOINTS,
  OPENXR_OF_KEYPOINT,
  RIGHT,
  type Side,
} from "./joints.js";
import { keypointsFromPose } from "./kinematics.js";
import { type NumberArray, fromAxes, multiply, rotate } from "./quaternion.js";

/** Joints of XR_EXT_hand_tracking in the stage, metres and xyzw. */
export interface OpenXRJoints {
  /** (26 * 3) palm, wrist, thumb 4, index, middle, ring and little 5 each, base to tip. */
  jointsM: Float64Array;
  /** (26 * 4), w >= 0. */
  jointQuat: Float64Array;
}

const PALM = 0;
const WRIST = 1;
const METACARPALS = [6, 11, 16, 21] as const;
const KNUCKLES = [5, 9, 13, 17] as const;
/** As in bridge/protocol/openxr.py: part of the way to the knuckle, then up and to the thumb. */
const METACARPAL_AT = [
  [0.38, -0.06, 0.11],
  [0.36, -0.06, 0.03],
  [0.39, -0.04, -0.08],
  [0.44, -0.04, -0.08],
] as const;

/**
 * The joints of a posed hand as a headset would track them, as `openxr_joints` in
 * bridge/protocol/openxr.py: -z along the bone to the next joint, +y out of the back of the hand.
 * WebXR's 25 joints are those after the first, the palm.
 *
 * @param restJointsM (21 * 3) rest keypoints, metres.
 * @param poseQuat (16 * 4) xyzw, MANO order.
 * @param wristM (3) wrist in the stage, metres.
 */
export function openxrJoints(
  side: Side,
  restJointsM: ArrayLike<number>,
  poseQuat: ArrayLike<number>,
  wristM: ArrayLike<number>,
): OpenXRJoints {
  const jointsM = new Float64Array(N_OPENXR_JOINTS * 3);
  const jointQuat = new Float64Array(N_OPENXR_JOINTS * 4);
  const turns = Float64Array.from({ length: N_JOINTS * 4 }, (_, i) => poseQuat[i]!);
  for (let joint = 1; joint < N_JOINTS; joint++) {
    multiply(turns, joint * 4, turns, JOINT_PARENTS[joint]! * 4, turns, joint * 4);
  }
  const keypointsM = keypointsFromPose(restJointsM, poseQuat, wristM);
  for (let k = 0; k < N_KEYPOINTS; k++) {
    jointsM.set(keypointsM.subarray(k * 3, k * 3 + 3), OPENXR_OF_KEYPOINT[k]! * 3);
  }
  const outward = side === RIGHT ? 1 : -1;
  const frame = [0, 0, 0, 1];
  const put = (openxr: number, joint: number, along: number[], up: number[]) => {
    boneFrame(frame, along, up);
    multiply(jointQuat, openxr * 4, turns, joint * 4, frame, 0);
  };
  const rest = (keypoint: number, axis: number) => restJointsM[keypoint * 3 + axis]!;
  put(WRIST, 0, [-outward, 0, 0], [0, 1, 0]);
  for (let joint = 1; joint < N_JOINTS; joint++) {
    const keypoint = KEYPOINT_OF_JOINT[joint]!;
    const along = [0, 1, 2].map((axis) => rest(keypoint + 1, axis) - rest(keypoint, axis));
    // A thumb's nail looks up, back to the wrist and away from the fingers.
    const up = keypoint < KNUCKLES[0] ? [outward, 1, 1] : [0, 1, 0];
    const here = OPENXR_OF_KEYPOINT[keypoint]!;
    put(here, joint, along, up);
    if (joint % 3 === 0) put(here + 1, joint, along, up); // a tip turns with its last joint
  }
  const palmM = Math.hypot(rest(9, 0), rest(9, 1), rest(9, 2));
  METACARPALS.forEach((metacarpal, finger) => {
    const [part, up, thumbwards] = METACARPAL_AT[finger]!;
    const knuckle = KNUCKLES[finger]!;
    const x = part * rest(knuckle, 0);
    const y = part * rest(knuckle, 1) + up * palmM;
    const z = part * rest(knuckle, 2) + thumbwards * palmM;
    rotate(jointsM, metacarpal * 3, turns, 0, x, y, z);
    for (let axis = 0; axis < 3; axis++) jointsM[metacarpal * 3 + axis]! += wristM[axis]!;
    const along = [rest(knuckle, 0) - x, rest(knuckle, 1) - y, rest(knuckle, 2) - z];
    put(metacarpal, 0, along, [0, 1, 0]);
  });
  for (let axis = 0; axis < 3; axis++) {
    jointsM[PALM * 3 + axis] = (jointsM[11 * 3 + axis]! + jointsM[12 * 3 + axis]!) / 2;
  }
  jointQuat.copyWithin(PALM * 4, 11 * 4, 12 * 4);
  for (let joint = 0; joint < N_OPENXR_JOINTS; joint++) {
    if (jointQuat[joint * 4 + 3]! >= 0) continue;
    for (let i = 0; i < 4; i++) jointQuat[joint * 4 + i]! *= -1;
  }
  return { jointsM, jointQuat };
}

/** The 21 keypoints (21 * 3) among a headset's 26 joints (26 * 3). */
export function keypointsOfOpenxr(jointsM: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    { length: N_KEYPOINTS * 3 },
    (_, i) => jointsM[OPENXR_OF_KEYPOINT[Math.floor(i / 3)]! * 3 + (i % 3)]!,
  );
}

/** Writes the turn of a frame whose -z runs along a bone and whose y is as near to up as can be. */
function boneFrame(out: NumberArray, along: number[], up: number[]): void {
  const [ax, ay, az] = along as [number, number, number];
  const length = Math.hypot(ax, ay, az);
  const z = [-ax / length, -ay / length, -az / length] as const;
  const dot = up[0]! * z[0] + up[1]! * z[1] + up[2]! * z[2];
  const raw = [up[0]! - dot * z[0], up[1]! - dot * z[1], up[2]! - dot * z[2]] as const;
  const norm = Math.hypot(...raw);
  const y = [raw[0] / norm, raw[1] / norm, raw[2] / norm] as const;
  const x = [
    y[1] * z[2] - y[2] * z[1],
    y[2] * z[0] - y[0] * z[2],
    y[0] * z[1] - y[1] * z[0],
  ] as const;
  fromAxes(out, 0, x, y, z);
}
