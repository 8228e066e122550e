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

import { N_FINGERS, N_OPENXR_JOINTS } from "../protocol/index.js";
import { fingerColor } from "../stage/finger_colors.js";
import type { TrackedHand } from "./own_hands.js";

/** OpenXR's joints along each finger, wrist first, thumb to little. */
const CHAINS = [
  [1, 2, 3, 4, 5],
  [1, 6, 7, 8, 9, 10],
  [1, 11, 12, 13, 14, 15],
  [1, 16, 17, 18, 19, 20],
  [1, 21, 22, 23, 24, 25],
];
const BONES = CHAINS.flatMap((chain) =>
  chain.slice(1).map((joint, i) => [chain[i]!, joint] as const),
);
const TIPS = CHAINS.map((chain) => chain.at(-1)!);
const JOINT_M = 0.006;
const BONE_M = 0.0042;
/** A fingertip that is near shows a small mark, one that is far off a large one: not by colour alone. */
const MARK_M = [0.0075, 0.013] as const;
const MARK_AHEAD_M = 0.004;
const UP = new Vector3(0, 1, 0);

/** A learner's own hand: in a virtual room as bones, anywhere as marks on the fingertips. */
export class OwnHandView {
  readonly object = new Group();
  readonly #material = new MeshBasicMaterial({ color: "#8aa0c0", toneMapped: false });
  readonly #joints = new InstancedMesh(
    new SphereGeometry(1, 10, 8),
    this.#material,
    N_OPENXR_JOINTS,
  );
  readonly #bones = new InstancedMesh(
    new CylinderGeometry(1, 1, 1, 8, 1, true),
    this.#material,
    BONES.length,
  );
  readonly #marks = new InstancedMesh(
    new SphereGeometry(1, 14, 10),
    new MeshBasicMaterial({ toneMapped: false, transparent: true, opacity: 0.92 }),
    N_FINGERS,
  );
  readonly #matrix = new Matrix4();
  readonly #turn = new Quaternion();
  readonly #scale = new Vector3();
  readonly #from = new Vector3();
  readonly #to = new Vector3();
  readonly #color = new Color();
  readonly #rgb = [0, 0, 0];

  constructor() {
    for (let finger = 0; finger < N_FINGERS; finger++) {
      this.#marks.setColorAt(finger, this.#color.set("#ffffff"));
    }
    for (const mesh of [this.#bones, this.#joints, this.#marks]) {
      mesh.frustumCulled = false;
      mesh.renderOrder = 3;
      this.object.add(mesh);
    }
    this.object.visible = false;
  }

  /**
   * @param bones whether the hand itself is drawn: where one cannot see one's own.
   * @param fingers closeness of each finger, -1 where it is not known: no mark then.
   */
  update({ tracked, jointsM }: TrackedHand, bones: boolean, fingers: ArrayLike<number>): void {
    this.object.visible = tracked;
    if (!tracked) return;
    this.#bones.visible = this.#joints.visible = bones;
    if (bones) this.#drawBones(jointsM);
    for (let finger = 0; finger < N_FINGERS; finger++) {
      const close = fingers[finger]!;
      const size = close < 0 ? 0 : MARK_M[1] + close * (MARK_M[0] - MARK_M[1]);
      this.#place(this.#to, jointsM, TIPS[finger]!);
      this.#to.y += MARK_AHEAD_M;
      this.#scale.setScalar(size);
      this.#matrix.compose(this.#to, this.#turn.identity(), this.#scale);
      this.#marks.setMatrixAt(finger, this.#matrix);
      fingerColor(Math.max(0, close), this.#rgb);
      this.#color.setRGB(this.#rgb[0]!, this.#rgb[1]!, this.#rgb[2]!, "srgb");
      this.#marks.setColorAt(finger, this.#color);
    }
    this.#marks.instanceMatrix.needsUpdate = true;
    this.#marks.instanceColor!.needsUpdate = true;
  }

  #drawBones(jointsM: Float32Array): void {
    for (let joint = 0; joint < N_OPENXR_JOINTS; joint++) {
      this.#place(this.#to, jointsM, joint);
      this.#scale.setScalar(joint === 0 ? 0 : JOINT_M);
      this.#matrix.compose(this.#to, this.#turn.identity(), this.#scale);
      this.#joints.setMatrixAt(joint, this.#matrix);
    }
    for (let bone = 0; bone < BONES.length; bone++) {
      const [from, to] = BONES[bone]!;
      this.#place(this.#from, jointsM, from);
      this.#place(this.#to, jointsM, to);
      this.#to.sub(this.#from);
      const lengthM = this.#to.length();
      this.#from.addScaledVector(this.#to, 0.5);
      this.#turn.setFromUnitVectors(UP, this.#to.divideScalar(lengthM || 1));
      this.#scale.set(BONE_M, lengthM, BONE_M);
      this.#bones.setMatrixAt(bone, this.#matrix.compose(this.#from, this.#turn, this.#scale));
    }
    this.#joints.instanceMatrix.needsUpdate = true;
    this.#bones.instanceMatrix.needsUpdate = true;
  }

  #place(out: Vector3, jointsM: Float32Array, joint: number): void {
    out.set(jointsM[joint * 3]!, jointsM[joint * 3 + 1]!, jointsM[joint * 3 + 2]!);
  }
}
