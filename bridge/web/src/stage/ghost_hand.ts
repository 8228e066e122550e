import {
  Bone,
  BufferAttribute,
  BufferGeometry,
  Group,
  Matrix4,
  type Object3D,
  Skeleton,
  SkinnedMesh,
  Vector3,
} from "three";

import {
  JOINT_PARENTS,
  KEYPOINT_OF_JOINT,
  N_JOINTS,
  SIDE_NAMES,
  keypointsFromPose,
} from "../protocol/index.js";
import { GhostMaterial, depthOnlyMaterial } from "./ghost_material.js";
import { type HandMesh, shapedVertices } from "./hand_mesh.js";
import type { PlayedHand } from "./playout.js";

/** Where the wrist fades out, along the axis from the cut to the middle finger's base. */
const FADE_LENGTH = 0.32;
const MIDDLE_BASE = 9;

const DEPTH_ORDER = 1;
const COLOR_ORDER = 2;

/** A skinned, translucent hand of 16 bones in MANO order. */
export class GhostHand {
  /** What to add to a scene. */
  readonly object: Object3D;
  readonly material = new GhostMaterial();
  /** (21 * 3) keypoints as last posed, metres in the stage. */
  keypointsM: Float64Array | null = null;
  #restJointsM: Float32Array;
  readonly #mesh: HandMesh;
  readonly #geometry = new BufferGeometry();
  readonly #bones: Bone[];
  readonly #skeleton: Skeleton;

  constructor(mesh: HandMesh) {
    this.#mesh = mesh;
    this.#restJointsM = mesh.restJointsM;
    this.#geometry.setIndex(new BufferAttribute(mesh.faces, 1));
    this.#geometry.setAttribute("skinIndex", new BufferAttribute(mesh.skinIndex, 4));
    this.#geometry.setAttribute("skinWeight", new BufferAttribute(mesh.skinWeight, 4));
    this.#geometry.setAttribute("fade", new BufferAttribute(wristFade(mesh), 1));

    this.#bones = Array.from({ length: N_JOINTS }, () => new Bone());
    for (let joint = 1; joint < N_JOINTS; joint++) {
      this.#bones[JOINT_PARENTS[joint]!]!.add(this.#bones[joint]!);
    }
    this.#skeleton = new Skeleton(this.#bones, this.#bones.map(() => new Matrix4()));

    this.object = new Group();
    this.object.name = `${SIDE_NAMES[mesh.side]} hand`;
    this.object.add(this.#bones[0]!);
    for (const [material, order] of [
      [depthOnlyMaterial(), DEPTH_ORDER],
      [this.material, COLOR_ORDER],
    ] as const) {
      const skin = new SkinnedMesh(this.#geometry, material);
      skin.bind(this.#skeleton, new Matrix4());
      skin.renderOrder = order;
      // The bounds of the rest pose say nothing about where the bones take it.
      skin.frustumCulled = false;
      this.object.add(skin);
    }
    this.setShape(new Float32Array(10), mesh.restJointsM);
    this.setOpacity(0);
  }

  get side() {
    return this.#mesh.side;
  }

  /** The bone of each joint, MANO order. */
  get bones(): readonly Bone[] {
    return this.#bones;
  }

  /** Takes the shape of a person's hand: 10 betas, and the 21 rest keypoints they lead to. */
  setShape(betas: ArrayLike<number>, restJointsM: Float32Array): void {
    this.#restJointsM = restJointsM;
    this.#geometry.setAttribute(
      "position",
      new BufferAttribute(shapedVertices(this.#mesh, betas), 3),
    );
    this.#geometry.computeVertexNormals();
    const rest = (joint: number) =>
      new Vector3().fromArray(restJointsM, KEYPOINT_OF_JOINT[joint]! * 3);
    for (let joint = 0; joint < N_JOINTS; joint++) {
      const position = rest(joint);
      this.#skeleton.boneInverses[joint]!.makeTranslation(position.clone().negate());
      if (joint > 0) this.#bones[joint]!.position.copy(position.sub(rest(JOINT_PARENTS[joint]!)));
    }
  }

  setPose({ wristM, poseQuat }: PlayedHand): void {
    this.#bones[0]!.position.fromArray(wristM);
    this.#bones.forEach((bone, joint) => bone.quaternion.fromArray(poseQuat, joint * 4));
    this.keypointsM = keypointsFromPose(this.#restJointsM, poseQuat, wristM);
  }

  /** 0 hides the hand, 1 shows it as ghostly as it ever is. */
  setOpacity(opacity: number): void {
    this.material.opacity = opacity;
    this.object.visible = opacity > 0;
  }

  get opacity(): number {
    return this.material.opacity;
  }
}

/** Per vertex: 0 where the hand was cut from its arm, 1 from a third of the palm on. */
function wristFade({ verticesM, restJointsM }: HandMesh): Float32Array {
  const axis = new Vector3().fromArray(restJointsM, MIDDLE_BASE * 3);
  const length = axis.length();
  axis.normalize();
  const along = Float32Array.from({ length: verticesM.length / 3 }, (_, v) =>
    new Vector3().fromArray(verticesM, v * 3).dot(axis),
  );
  const cut = along.reduce((a, b) => Math.min(a, b));
  return along.map((at) => Math.min(1, (at - cut) / (FADE_LENGTH * length)));
}
