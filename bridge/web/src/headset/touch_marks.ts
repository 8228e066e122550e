import { Color, InstancedMesh, Matrix4, MeshBasicMaterial, SphereGeometry } from "three";

import { CORNERS, type Touches } from "./calibration.js";

const RADIUS_M = 0.006;

/** Small balls where corners were touched, so that one sees what is still missing, and what slipped. */
export class TouchMarks {
  readonly object = new InstancedMesh(
    new SphereGeometry(RADIUS_M, 14, 10),
    new MeshBasicMaterial({ color: new Color("#f0b23e"), toneMapped: false }),
    CORNERS.length,
  );
  readonly #matrix = new Matrix4();

  constructor() {
    this.object.frustumCulled = false;
    this.object.visible = false;
  }

  /** @param touches what was touched so far; null hides all. */
  update(touches: Partial<Touches> | null): void {
    this.object.visible = touches !== null;
    if (!touches) return;
    for (let i = 0; i < CORNERS.length; i++) {
      const at = touches[CORNERS[i]!];
      if (at) this.#matrix.makeTranslation(at[0], at[1], at[2]);
      else this.#matrix.makeScale(0, 0, 0);
      this.object.setMatrixAt(i, this.#matrix);
    }
    this.object.instanceMatrix.needsUpdate = true;
  }
}
