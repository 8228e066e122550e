import { type Object3D, Vector3 } from "three";

import type { Nudge } from "./calibration.js";
import { type FlowState } from "./calibration_flow.js";
import { type PanelButton, type PanelContent, TextPanel } from "./text_panel.js";

export type GuideAction = "keep" | "again" | "in-front" | "leave" | `nudge-${NudgeName}`;

type NudgeName = "left" | "right" | "up" | "down" | "near" | "far" | "turn-left" | "turn-right";

const STEP_M = 0.004;
const STEP_RAD = (0.5 * Math.PI) / 180;

const NUDGES: Record<NudgeName, { label: string; nudge: Nudge }> = {
  left: { label: "← Left", nudge: { xM: -STEP_M } },
  right: { label: "Right →", nudge: { xM: STEP_M } },
  far: { label: "Farther", nudge: { zM: -STEP_M } },
  near: { label: "Nearer", nudge: { zM: STEP_M } },
  up: { label: "↑ Up", nudge: { yM: STEP_M } },
  down: { label: "↓ Down", nudge: { yM: -STEP_M } },
  "turn-left": { label: "↺ Turn", nudge: { turnRad: STEP_RAD } },
  "turn-right": { label: "Turn ↻", nudge: { turnRad: -STEP_RAD } },
};

const SIZE = { widthM: 0.52, heightM: 0.34, textM: 0.0185 };
const AHEAD_M = 0.52;
const BELOW_EYES_M = 0.17;
/** Who gets up or walks on takes it along, too. */
const LEFT_BEHIND_M = 0.85;
/** A head that is turned away further than this takes the panel along. */
const BEHIND_COSINE = Math.cos((55 * Math.PI) / 180);

/** The large panel within reach that leads through finding the instrument. */
export class Guide {
  readonly panel = new TextPanel(SIZE);
  readonly #direction = new Vector3();
  readonly #towards = new Vector3();
  #placed = false;

  get object(): Object3D {
    return this.panel.object;
  }

  show(content: PanelContent | null, state: FlowState): void {
    this.panel.show(content && { ...content, buttons: buttonsOf(state) });
    if (!content) this.#placed = false;
  }

  /** Keeps the panel in front of the learner, without following every turn of the head. */
  place(headM: Vector3, ahead: Vector3): void {
    if (!this.object.visible) return;
    this.#direction.set(ahead.x, 0, ahead.z).normalize();
    this.#towards.copy(this.object.position).sub(headM);
    const near = this.#towards.length() < LEFT_BEHIND_M;
    const seen = this.#towards.setY(0).normalize().dot(this.#direction) > BEHIND_COSINE;
    if (this.#placed && seen && near) return;
    this.#placed = true;
    this.object.position.copy(headM).addScaledVector(this.#direction, AHEAD_M);
    this.object.position.y -= BELOW_EYES_M;
    this.object.lookAt(headM);
  }

  static nudgeOf(action: string): Nudge | null {
    const name = action.replace(/^nudge-/, "") as NudgeName;
    return action.startsWith("nudge-") ? (NUDGES[name]?.nudge ?? null) : null;
  }
}

function buttonsOf(state: FlowState): PanelButton[] {
  switch (state.kind) {
    case "touch":
      return row(-0.098, 0.2, [
        { id: "in-front", label: "No instrument here" },
        { id: "leave", label: "Leave" },
      ]);
    case "refused":
      return row(-0.11, 0.2, [
        { id: "again", label: "Touch again" },
        { id: "leave", label: "Leave" },
      ]);
    case "check": {
      const nudges = (names: NudgeName[]) =>
        names.map((name) => ({ id: `nudge-${name}`, label: NUDGES[name].label }));
      return [
        ...row(0.022, 0.115, nudges(["left", "right", "far", "near"])),
        ...row(-0.044, 0.115, nudges(["up", "down", "turn-left", "turn-right"])),
        ...row(-0.115, 0.2, [
          { id: "keep", label: "Keep" },
          { id: "again", label: "Touch again" },
        ]),
      ];
    }
    case "done":
      return [];
  }
}

const GAP_M = 0.008;
const HEIGHT_M = 0.056;

function row(yM: number, widthM: number, buttons: { id: string; label: string }[]): PanelButton[] {
  return buttons.map((button, i) => ({
    ...button,
    xM: (i - (buttons.length - 1) / 2) * (widthM + GAP_M),
    yM,
    widthM,
    heightM: HEIGHT_M,
  }));
}
