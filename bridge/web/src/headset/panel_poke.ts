import { Matrix4, Vector3 } from "three";

import type { TrackedHand } from "./own_hands.js";
import { Poke } from "./poke.js";
import type { TextPanel } from "./text_panel.js";

const INDEX_TIP = 10;

/** One hand's index finger in front of one panel. */
export class PanelPoke {
  readonly #poke = new Poke();
  readonly #tip = new Vector3();
  readonly #inverse = new Matrix4();

  constructor(private readonly panel: TextPanel) {}

  /** The button that the fingertip is over. */
  get hovered(): string | null {
    return this.#poke.hovered;
  }

  /** Takes where the hand is; the button that it pressed just now. */
  update(nowMs: number, { tracked, jointsM, tipRadiusM }: TrackedHand): string | null {
    const { object, areas } = this.panel;
    if (!tracked || !object.visible) {
      this.#poke.leave();
      return null;
    }
    object.updateMatrixWorld();
    this.#tip.fromArray(jointsM, INDEX_TIP * 3);
    this.#tip.applyMatrix4(this.#inverse.copy(object.matrixWorld).invert());
    return this.#poke.add(nowMs, this.#tip.x, this.#tip.y, this.#tip.z - tipRadiusM, areas);
  }
}
