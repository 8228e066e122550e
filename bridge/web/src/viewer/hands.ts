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
  readonly #actors: Record<Side, Actor>;

  constructor(meshes: readonly HandMesh[], stage: Object3D) {
    const actors = SIDES.map((side) => {
      const actor = { ghost: new GhostHand(meshes[side]!), skeleton: new SkeletonOverlay() };
      stage.add(actor.ghost.object, actor.skeleton.object);
      return actor;
    });
    this.#actors = { 0: actors[0]!, 1: actors[1]! };
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
  }

  /** Poses the hands that are there and fades the others out, `elapsedMs` after the last time. */
  update(played: readonly (PlayedHand | null)[], elapsedMs: number): void {
    for (const side of SIDES) {
      const { ghost, skeleton } = this.#actors[side];
      const hand = played[side];
      if (hand) ghost.setPose(hand);
      const step = (hand ? 1 : -1) * (elapsedMs / FADE_MS);
      ghost.setOpacity(Math.min(1, Math.max(0, ghost.opacity + step)));
      skeleton.object.visible = this.showSkeleton && ghost.opacity > 0;
      if (skeleton.object.visible) skeleton.setKeypoints(ghost.keypointsM!, ghost.opacity);
    }
  }

  /** Keypoints (21 * 3, metres) of a hand that is shown, null of one that is not. */
  keypointsM(side: Side): Float64Array | null {
    const { ghost } = this.#actors[side];
    return ghost.opacity > 0 ? ghost.keypointsM : null;
  }

  opacity(side: Side): number {
    return this.#actors[side].ghost.opacity;
  }
}
