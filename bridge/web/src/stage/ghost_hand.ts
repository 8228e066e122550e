import {
  Bone,
  BufferAttribute,
  BufferGeometry,
  Group,
  type Material,
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
  N_KEYPOINTS,
  SIDE_NAMES,
  keypointsFromPose,
} from "../protocol/index.js";
import { coarserFaces } from "./coarse.js";
import { endAtWrist } from "./forearm.js";
import { GhostMaterial, depthOnlyMaterial } from "./ghost_material.js";
import { type HandMesh, shapedVertices } from "./hand_mesh.js";
import { HandShadow } from "./hand_shadow.js";
import type { PlayedHand } from "./playout.js";

/** Drawn in this order: a shadow never lies on a ghost, and the floor shines through. */
const SHADOW_ORDER = 0;
const DEPTH_ORDER = 1;
const COLOR_ORDER = 2;

/** The part of the triangles that a coarse hand has. */
const COARSE = 0.4;

/** A skinned, translucent hand of 16 bones in MANO order. */
export class GhostHand {
  /** What to add to a scene. */
  readonly object: Object3D;
  readonly material: GhostMaterial;
  readonly #shadow = new HandShadow(SHADOW_ORDER);
  #floorY = 0;
  #shadowStrength = 0;
  /** (21 * 3) keypoints as last posed, metres in the stage. */
  keypointsM: Float64Array | null = null;
  readonly #keypointsM = new Float64Array(N_KEYPOINTS * 3);
  #restJointsM: Float32Array;
  readonly #mesh: HandMesh;
  readonly #geometry = new BufferGeometry();
  readonly #faces: BufferAttribute;
  #drawn: BufferAttribute;
  readonly #bones: Bone[];
  readonly #skeleton: Skeleton;

  constructor(mesh: HandMesh) {
    const ended = endAtWrist(mesh);
    this.#mesh = ended;
    this.#restJointsM = mesh.restJointsM;
    this.#faces = new BufferAttribute(ended.faces, 1);
    this.#drawn = this.#faces;
    this.#geometry.setAttribute("skinIndex", new BufferAttribute(ended.skinIndex, 4));
    this.#geometry.setAttribute("skinWeight", new BufferAttribute(ended.skinWeight, 4));
    this.#geometry.setAttribute("fade", new BufferAttribute(ended.fade, 1));
    this.material = new GhostMaterial(ended.colors !== undefined);
    if (ended.colors) this.#geometry.setAttribute("skin", new BufferAttribute(ended.colors, 3, true));

    this.#bones = Array.from({ length: N_JOINTS }, () => new Bone());
    for (let joint = 1; joint < N_JOINTS; joint++) {
      this.#bones[JOINT_PARENTS[joint]!]!.add(this.#bones[joint]!);
    }
    this.#skeleton = new Skeleton(
      this.#bones,
      this.#bones.map(() => new Matrix4()),
    );

    this.object = new Group();
    this.object.name = `${SIDE_NAMES[mesh.side]} hand`;
    this.object.add(this.#bones[0]!);
    this.#skin(depthOnlyMaterial(), DEPTH_ORDER);
    this.#skin(this.material, COLOR_ORDER);
    this.object.add(this.#shadow.object);
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

  /** Draws fewer triangles from now on, for a browser without a GPU; takes some tenths of a second. */
  coarsen(): void {
    const { verticesM } = this.#mesh;
    const faces = coarserFaces(verticesM, this.#faces.array as Uint16Array, COARSE);
    this.#drawn = new BufferAttribute(faces, 1);
    this.#geometry.setIndex(this.#drawn);
  }

  /** Takes the shape of a person's hand: 10 betas, and the 21 rest keypoints they lead to. */
  setShape(betas: ArrayLike<number>, restJointsM: Float32Array): void {
    this.#restJointsM = restJointsM;
    this.#geometry.setAttribute(
      "position",
      new BufferAttribute(shapedVertices(this.#mesh, betas), 3),
    );
    // Normals are those of the whole mesh, however much of it is drawn.
    this.#geometry.setIndex(this.#faces);
    this.#geometry.computeVertexNormals();
    this.#geometry.setIndex(this.#drawn);
    const rest = (joint: number) =>
      new Vector3().fromArray(restJointsM, KEYPOINT_OF_JOINT[joint]! * 3);
    for (let joint = 0; joint < N_JOINTS; joint++) {
      const position = rest(joint);
      this.#skeleton.boneInverses[joint]!.makeTranslation(position.clone().negate());
      if (joint > 0) this.#bones[joint]!.position.copy(position.sub(rest(JOINT_PARENTS[joint]!)));
    }
  }

  #skin(material: Material, renderOrder: number): SkinnedMesh {
    const skin = new SkinnedMesh(this.#geometry, material);
    skin.bind(this.#skeleton, new Matrix4());
    skin.renderOrder = renderOrder;
    // The bounds of the rest pose say nothing about where the bones take it.
    skin.frustumCulled = false;
    this.object.add(skin);
    return skin;
  }

  setPose({ wristM, poseQuat }: PlayedHand): void {
    this.#bones[0]!.position.fromArray(wristM);
    this.#bones.forEach((bone, joint) => bone.quaternion.fromArray(poseQuat, joint * 4));
    this.keypointsM = keypointsFromPose(
      this.#restJointsM,
      poseQuat,
      wristM,
      this.#keypointsM,
    );
    if (this.#shadowStrength > 0) this.#shadow.update(this.keypointsM, this.#floorY);
  }

  /** Lets the hand throw a shadow straight down onto the plane at this height. */
  setFloor(floorY: number, strength: number): void {
    this.#shadowStrength = strength;
    this.#floorY = floorY;
  }

  /** 0 hides the hand, 1 shows it as ghostly as it ever is. */
  setOpacity(opacity: number): void {
    this.material.strength = opacity;
    this.#shadow.setOpacity(opacity * this.#shadowStrength);
    this.object.visible = opacity > 0;
  }

  get opacity(): number {
    return this.material.strength;
  }
}
