import {
  Color,
  CylinderGeometry,
  Group,
  InstancedMesh,
  Matrix4,
  MeshBasicMaterial,
  Quaternion,
  SphereGeometry,
  Vector3,
} from "three";

import { BONES, FINGERTIPS, N_KEYPOINTS } from "../protocol/index.js";

const JOINT_RADIUS_M = 0.0027;
const TIP_RADIUS_M = 0.0036;
const BONE_RADIUS_M = 0.001;
const UP = new Vector3(0, 1, 0);

/** The 21 keypoints of one hand and the bones between them, drawn over everything. */
export class SkeletonOverlay {
  readonly object = new Group();
  readonly #material = new MeshBasicMaterial({ depthTest: false, transparent: true });
  readonly #joints = new InstancedMesh(new SphereGeometry(1, 12, 8), this.#material, N_KEYPOINTS);
  readonly #bones = new InstancedMesh(
    new CylinderGeometry(1, 1, 1, 8, 1, true),
    this.#material,
    BONES.length,
  );

  constructor() {
    for (const mesh of [this.#joints, this.#bones]) {
      mesh.frustumCulled = false;
      mesh.renderOrder = 3;
      this.object.add(mesh);
    }
    this.object.visible = false;
  }

  setColor(color: string): void {
    this.#material.color = new Color(color);
  }

  /** Puts the skeleton on (21 * 3) keypoints in metres. */
  setKeypoints(pointsM: ArrayLike<number>, opacity: number): void {
    this.#material.opacity = opacity;
    const matrix = new Matrix4();
    const turn = new Quaternion();
    const scale = new Vector3();
    const point = (i: number) => new Vector3().fromArray(pointsM, i * 3);
    for (let i = 0; i < N_KEYPOINTS; i++) {
      scale.setScalar(FINGERTIPS.includes(i) ? TIP_RADIUS_M : JOINT_RADIUS_M);
      this.#joints.setMatrixAt(i, matrix.compose(point(i), turn.identity(), scale));
    }
    BONES.forEach(([from, to], i) => {
      const along = point(to).sub(point(from));
      const lengthM = along.length();
      turn.setFromUnitVectors(UP, along.normalize());
      scale.set(BONE_RADIUS_M, lengthM, BONE_RADIUS_M);
      const middle = point(from).addScaledVector(along, lengthM / 2);
      this.#bones.setMatrixAt(i, matrix.compose(middle, turn, scale));
    });
    this.#joints.instanceMatrix.needsUpdate = true;
    this.#bones.instanceMatrix.needsUpdate = true;
  }
}
