import { Group, MeshBasicMaterial } from "three";

import { BONES, FINGERTIPS, N_KEYPOINTS } from "../protocol/index.js";
import { StickHand } from "./stick_hand.js";

const JOINT_RADIUS_M = 0.0027;
const TIP_RADIUS_M = 0.0036;
const BONE_RADIUS_M = 0.001;
const RADII_M = Array.from({ length: N_KEYPOINTS }, (_, i) =>
  FINGERTIPS.includes(i) ? TIP_RADIUS_M : JOINT_RADIUS_M,
);

/** The 21 keypoints of one hand and the bones between them, drawn over everything. */
export class SkeletonOverlay {
  readonly object: Group;
  readonly #material = new MeshBasicMaterial({ depthTest: false, transparent: true });
  readonly #hand = new StickHand(this.#material, RADII_M, BONES, BONE_RADIUS_M);

  constructor() {
    this.object = this.#hand.object;
    this.object.visible = false;
  }

  setColor(color: string): void {
    this.#material.color.set(color);
  }

  /** Puts the skeleton on (21 * 3) keypoints in metres. */
  setKeypoints(pointsM: ArrayLike<number>, opacity: number): void {
    this.#material.opacity = opacity;
    this.#hand.setJoints(pointsM);
  }
}
