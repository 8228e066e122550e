import type { Object3D } from "three";

import { SIDES, type Shape, type Side } from "../protocol/index.js";
import { GhostHand } from "../stage/ghost_hand.js";
import type { HandMesh } from "../stage/hand_mesh.js";
import type { PlayedHand } from "../stage/playout.js";
import { SkeletonOverlay } from "../stage/skeleton_overlay.js";
import type { StageLook } from "./look.js";

const FADE_MS = 160;

interface Actor {
  ghost: GhostHand;
  skeleton: SkeletonOverlay;
}

/** Both hands on the stage: they appear and leave by fading. */
export class Hands {
  showSkeleton = false;
  /** How opaque the ghosts are at most, 0 to 1. */
  opacityLimit = 1;
  readonly #shown: Record<Side, number> = { 0: 0, 1: 0 };
  readonly #rest: Record<Side, Float32Array>;
  readonly #actors: Record<Side, Actor>;

  constructor(meshes: readonly HandMesh[], stage: Object3D) {
    const actors = SIDES.map((side) => {
      const actor = { ghost: new GhostHand(meshes[side]!), skeleton: new SkeletonOverlay() };
      stage.add(actor.ghost.object, actor.skeleton.object);
      return actor;
    });
    this.#actors = { 0: actors[0]!, 1: actors[1]! };
    this.#rest = { 0: meshes[0]!.restJointsM, 1: meshes[1]!.restJointsM };
  }

  /** Draws a hand with fewer triangles, where a browser draws without a GPU. */
  coarsen(side: Side): void {
    this.#actors[side].ghost.coarsen();
  }

  setLook(look: StageLook): void {
    for (const side of SIDES) {
      this.#actors[side].ghost.material.setLook(look.hands[side]);
      this.#actors[side].skeleton.setColor(look.skeletons[side]);
    }
  }

  /** Where the hands' shadows fall, and how dark. */
  setFloor(floorY: number, shadowStrength: number): void {
    for (const side of SIDES) this.#actors[side].ghost.setFloor(floorY, shadowStrength);
  }

  setShape({ side, betas, rest_joints_m }: Shape): void {
    this.#actors[side].ghost.setShape(betas, rest_joints_m);
    this.#rest[side] = rest_joints_m;
  }

  /** (21 * 3) rest keypoints in force, metres. */
  restJointsM(side: Side): Float32Array {
    return this.#rest[side];
  }

  /** Poses the hands that are there and fades the others out, `elapsedMs` after the last time. */
  update(played: readonly (PlayedHand | null)[], elapsedMs: number): void {
    for (const side of SIDES) {
      const { ghost, skeleton } = this.#actors[side];
      const hand = played[side];
      if (hand) ghost.setPose(hand);
      const step = (hand ? 1 : -1) * (elapsedMs / FADE_MS);
      const shown = Math.min(hand?.presence ?? 1, Math.max(0, this.#shown[side] + step), 1);
      this.#shown[side] = shown;
      ghost.setOpacity(shown * this.opacityLimit);
      skeleton.object.visible = this.showSkeleton && shown > 0;
      if (skeleton.object.visible) skeleton.setKeypoints(ghost.keypointsM!, shown);
    }
  }

  /** Keypoints (21 * 3, metres) of a hand that is shown, null of one that is not. */
  keypointsM(side: Side): Float64Array | null {
    return this.#shown[side] > 0 ? this.#actors[side].ghost.keypointsM : null;
  }

  opacity(side: Side): number {
    return this.#actors[side].ghost.opacity;
  }
}
