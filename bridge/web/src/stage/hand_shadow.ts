import { BufferAttribute, BufferGeometry, DynamicDrawUsage, Mesh } from "three";

import { BONES, N_KEYPOINTS } from "../protocol/index.js";
import { shadowMaterial } from "./ghost_material.js";

/** Corners of the outline of one bone: half a circle about each of its ends. */
const HALF = 5;
const CORNERS = 2 * HALF;
/** How thick a hand is about its keypoints: wrist, then each finger from base to tip, metres. */
const RADII_M = [0.022, ...[0.013, 0.011, 0.009, 0.008], ...Array(4).fill([0.013, 0.0085, 0.0075, 0.0065]).flat()] as number[];

/**
 * The shadow of one hand, straight down onto a level plane: each bone as a flat capsule.
 *
 * A tenth of the triangles that the hand's own mesh would take, and the same shadow to the eye.
 */
export class HandShadow {
  readonly #material = shadowMaterial();
  readonly #places = new BufferAttribute(new Float32Array(BONES.length * CORNERS * 3), 3);
  readonly object = new Mesh(new BufferGeometry(), this.#material);

  constructor(renderOrder: number) {
    this.#places.setUsage(DynamicDrawUsage);
    const triangles = BONES.flatMap((_, bone) =>
      Array.from({ length: CORNERS - 2 }, (_, k) => [0, k + 1, k + 2].map((c) => bone * CORNERS + c)),
    );
    this.object.geometry.setIndex(triangles.flat());
    this.object.geometry.setAttribute("position", this.#places);
    this.object.frustumCulled = false;
    this.object.renderOrder = renderOrder;
  }

  setOpacity(opacity: number): void {
    this.#material.uniforms.strength!.value = opacity;
    this.object.visible = opacity > 0;
  }

  /** Casts the shadow of (21 * 3) keypoints, metres, onto the plane at this height. */
  update(pointsM: ArrayLike<number>, floorY: number): void {
    if (pointsM.length !== N_KEYPOINTS * 3) return;
    let corner = 0;
    for (const [from, to] of BONES) {
      const heading = Math.atan2(
        pointsM[to * 3 + 2]! - pointsM[from * 3 + 2]!,
        pointsM[to * 3]! - pointsM[from * 3]!,
      );
      for (const [end, turn] of [
        [from, heading + Math.PI / 2],
        [to, heading - Math.PI / 2],
      ] as const) {
        const radiusM = RADII_M[end]!;
        for (let k = 0; k < HALF; k++) {
          const angle = turn + (k * Math.PI) / (HALF - 1);
          this.#places.setXYZ(
            corner++,
            pointsM[end * 3]! + radiusM * Math.cos(angle),
            floorY,
            pointsM[end * 3 + 2]! + radiusM * Math.sin(angle),
          );
        }
      }
    }
    this.#places.needsUpdate = true;
  }
}
