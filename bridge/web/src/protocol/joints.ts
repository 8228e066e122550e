/**
 * Names and orders of hands, joints and keypoints, as in bridge/protocol/joints.py.
 *
 * 16 joints in MANO order (wrist, index, middle, little, ring, thumb, each proximal to distal)
 * carry rotations; 21 keypoints (wrist, thumb, index, middle, ring, little, each base to tip)
 * carry positions.
 */

export const LEFT = 0;
export const RIGHT = 1;
/** Which hand, as on the person. */
export type Side = typeof LEFT | typeof RIGHT;
export const SIDES: readonly Side[] = [LEFT, RIGHT];
export const SIDE_NAMES = ["left", "right"] as const;

export const N_JOINTS = 16;
export const N_KEYPOINTS = 21;
export const N_BETAS = 10;
export const N_FINGERS = 5;
/** Joints of XR_EXT_hand_tracking: WebXR's 25 and the palm. */
export const N_OPENXR_JOINTS = 26;

/** Parent of each of the 16 joints, -1 for the wrist. */
export const JOINT_PARENTS: readonly number[] = [
  -1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14,
];

/** Keypoint at which each of the 16 joints lies. */
export const KEYPOINT_OF_JOINT: readonly number[] = [
  0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3,
];

/** Joint of XR_EXT_hand_tracking at each of the 21 keypoints; WebXR's is one less. */
export const OPENXR_OF_KEYPOINT: readonly number[] = [
  1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 15, 17, 18, 19, 20, 22, 23, 24, 25,
];

/** Keypoint of each fingertip, thumb to little. */
export const FINGERTIPS: readonly number[] = [4, 8, 12, 16, 20];

/** Joint in whose frame each keypoint is fixed: its parent's, or for a fingertip the last joint's. */
export const KEYPOINT_PARENT_JOINT: readonly number[] = Array.from(
  { length: N_KEYPOINTS },
  (_, keypoint) => {
    const joint = KEYPOINT_OF_JOINT.indexOf(keypoint);
    return joint >= 0
      ? Math.max(JOINT_PARENTS[joint]!, 0)
      : KEYPOINT_OF_JOINT.indexOf(keypoint - 1);
  },
);

/** Keypoint pairs to draw as bones. */
export const BONES: readonly (readonly [number, number])[] = Array.from(
  { length: N_KEYPOINTS - 1 },
  (_, i) => [i % 4 === 0 ? 0 : i, i + 1] as const,
);
