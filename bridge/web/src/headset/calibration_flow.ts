import type { Vector3 } from "../protocol/index.js";
import type { Rigid } from "../stage/rigid.js";
import {
  CORNERS,
  type Calibration,
  type Corner,
  type Nudge,
  type Size,
  type Touches,
  calibrate,
  nudged,
} from "./calibration.js";

/** Where finding the instrument stands. */
export type FlowState =
  | { kind: "touch"; corner: Corner }
  | { kind: "refused"; calibration: Calibration }
  /** `calibration` is null for a place that was kept from the last time, or chosen without touch. */
  | { kind: "check"; calibration: Calibration | null }
  | { kind: "done" };

/** Finds the instrument: three touches, a check with nudges, and then it is kept. */
export class CalibrationFlow {
  #state: FlowState = { kind: "touch", corner: CORNERS[0]! };
  #touches: Partial<Touches> = {};
  #radiusM = 0;
  pose: Rigid | null = null;

  constructor(readonly size: Size) {}

  /** Where corners were touched, in this round. */
  get touches(): Readonly<Partial<Touches>> {
    return this.#touches;
  }

  get state(): FlowState {
    return this.#state;
  }

  /** Takes a touch of the corner that is asked for. */
  touch(pointM: Vector3, tipRadiusM: number): void {
    if (this.#state.kind !== "touch") return;
    this.#touches[this.#state.corner] = pointM;
    this.#radiusM = tipRadiusM;
    const next = CORNERS.find((corner) => !this.#touches[corner]);
    if (next) {
      this.#state = { kind: "touch", corner: next };
      return;
    }
    const calibration = calibrate(this.#touches as Touches, this.size, this.#radiusM);
    if (calibration.refusal) {
      this.#state = { kind: "refused", calibration };
    } else {
      this.pose = calibration.pose;
      this.#state = { kind: "check", calibration };
    }
  }

  /** Takes a place without touching: one that was kept, or one in the air. */
  propose(pose: Rigid): void {
    this.pose = pose;
    this.#state = { kind: "check", calibration: null };
  }

  again(): void {
    this.#touches = {};
    this.#state = { kind: "touch", corner: CORNERS[0]! };
  }

  nudge(step: Nudge): void {
    if (this.#state.kind === "check" && this.pose) {
      this.pose = nudged(this.pose, this.size.widthM, step);
    }
  }

  keep(): void {
    if (this.#state.kind === "check") this.#state = { kind: "done" };
  }
}
