import { N_JOINTS, N_KEYPOINTS, type PoseHand, type Side } from "../src/protocol/index.js";

/** A made-up right hand at rest: five straight fingers along -x, at different depths. */
export function restJoints(): Float32Array {
  const rest = new Float32Array(N_KEYPOINTS * 3);
  for (let finger = 0; finger < 5; finger++) {
    for (let k = 0; k < 4; k++) {
      const at = (1 + finger * 4 + k) * 3;
      rest.set([-0.06 - 0.03 * k, 0.001 * k, 0.04 - 0.02 * finger], at);
    }
  }
  return rest;
}

export function identityPose(): Float32Array {
  const pose = new Float32Array(N_JOINTS * 4);
  for (let joint = 0; joint < N_JOINTS; joint++) pose[joint * 4 + 3] = 1;
  return pose;
}

export function hand(side: Side, wristM: [number, number, number]): PoseHand {
  return {
    side,
    wrist_m: Float32Array.from(wristM),
    pose_quat: identityPose(),
    finger_confidence: new Float32Array(5).fill(1),
  };
}
