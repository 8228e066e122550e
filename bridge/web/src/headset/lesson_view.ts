import { BufferGeometry, Group, LineBasicMaterial, LineLoop, Vector3 } from "three";

import { type MessageOf, type PoseHand, SIDES, type Shape, type Side } from "../protocol/index.js";
import { GhostHand } from "../stage/ghost_hand.js";
import type { GhostLook } from "../stage/ghost_material.js";
import type { HandMesh } from "../stage/hand_mesh.js";
import { type InstrumentLook, InstrumentModel } from "../stage/keyboard.js";
import type { PlayedHand } from "../stage/playout.js";
import { IDENTITY, type Rigid } from "../stage/rigid.js";
import type { Size } from "./calibration.js";
import { intoInstrument, mirroredRest, stageToInstrument } from "./lesson_frame.js";

/** Where the ghost hands are: on the learner's own keys, or on keys of their own behind them. */
export type GhostPlace = "on" | "beside";

const HAND_LOOKS: readonly [GhostLook, GhostLook] = [
  { color: "#56b4e9", rim: "#d3eeff" },
  { color: "#e69f00", rim: "#ffe6b8" },
];
const INSTRUMENT_LOOK: InstrumentLook = {
  whiteKey: "#e9edf3",
  blackKey: "#20262f",
  body: "#3a4351",
};
/** The ghosts' own keys are this far behind the learner's, and this much higher. */
const BESIDE_M = { back: 0.1, up: 0.04 };
const FADE_MS = 200;
/** Where one's own keyboard is seen through the ghosts' world, only its outline is drawn. */
const OUTLINE = "#8fd0ff";

/** The learner's instrument with the ghost hands on it, or beside it. */
export class LessonView {
  /** In the room; carries the calibrated frame. */
  readonly object = new Group();
  readonly #ghosts = new Group();
  readonly #own = new InstrumentModel(INSTRUMENT_LOOK);
  readonly #theirs = new InstrumentModel(INSTRUMENT_LOOK);
  readonly #outline: LineLoop;
  readonly #hands: Record<Side, GhostHand>;
  readonly #shown: Record<Side, number> = { 0: 0, 1: 0 };
  readonly #posed: Record<Side, PlayedHand>;
  #place: GhostPlace = "on";
  #stage: Rigid | null = null;
  #anchor: MessageOf<"anchor"> | null = null;

  constructor(
    meshes: readonly HandMesh[],
    readonly instrument: string,
    readonly size: Size,
    readonly mirrored: boolean,
    readonly sides: readonly Side[],
  ) {
    const hands = SIDES.map((side) => new GhostHand(meshes[side]!));
    this.#hands = { 0: hands[0]!, 1: hands[1]! };
    this.#posed = { 0: blank(), 1: blank() };
    for (const side of SIDES) {
      this.#hands[side].material.setLook(HAND_LOOKS[side]);
      this.#ghosts.add(this.#hands[side].object);
    }
    const { widthM, depthM } = size;
    this.#outline = new LineLoop(
      new BufferGeometry().setFromPoints([
        new Vector3(0, 0.002, 0),
        new Vector3(widthM, 0.002, 0),
        new Vector3(widthM, 0.002, -depthM),
        new Vector3(0, 0.002, -depthM),
      ]),
      new LineBasicMaterial({ color: OUTLINE, toneMapped: false }),
    );
    const drawn: MessageOf<"anchor"> = {
      type: "anchor",
      instrument,
      size_m: Float32Array.of(widthM, depthM),
      position_m: new Float32Array(3),
      rotation_quat: Float32Array.of(0, 0, 0, 1),
    };
    this.#own.setAnchor(drawn);
    this.#theirs.setAnchor(drawn);
    this.#ghosts.add(this.#theirs.object);
    this.object.add(this.#own.object, this.#outline, this.#ghosts);
    this.setPlace("on");
  }

  /** The middle of the instrument where hands are mirrored in it, else null. */
  get mirroredAboutM(): number | null {
    return this.mirrored ? this.size.widthM / 2 : null;
  }

  /** What takes the stage to the instrument; the identity until hands or an anchor came. */
  get stage(): Rigid {
    return this.#stage ?? IDENTITY;
  }

  get anchored(): boolean {
    return this.#anchor !== null;
  }

  get place(): GhostPlace {
    return this.#place;
  }

  setPlace(place: GhostPlace): void {
    this.#place = place;
    const { depthM } = this.size;
    if (place === "on") this.#ghosts.position.set(0, 0, 0);
    else this.#ghosts.position.set(0, BESIDE_M.up, -depthM - BESIDE_M.back);
    this.#theirs.setOpacity(place === "beside" ? 0.75 : 0);
  }

  /** Where the instrument is in the room. */
  setPose({ positionM, rotationQuat }: Rigid): void {
    this.object.position.fromArray(positionM);
    this.object.quaternion.fromArray(rotationQuat);
  }

  /** How solid one's own instrument is drawn; at 0 its outline alone may be. */
  setInstrument(opacity: number, outline: boolean): void {
    this.#own.setOpacity(opacity);
    this.#outline.visible = outline;
  }

  setAnchor(anchor: MessageOf<"anchor"> | null): void {
    this.#anchor = anchor;
    this.#stage = anchor && stageToInstrument(anchor, this.instrument, this.size, null);
  }

  setShape(shape: Shape): void {
    const { side, betas, rest_joints_m } = shape;
    if (this.mirrored) {
      this.#hands[other(side)].setShape(betas, mirroredRest(rest_joints_m));
    } else {
      this.#hands[side].setShape(betas, rest_joints_m);
    }
  }

  /** Where hands that come without an anchor are put: said once, by the first of them. */
  seen(hands: readonly PoseHand[]): void {
    if (this.#stage || hands.length === 0) return;
    const mean = [0, 1, 2].map(
      (axis) => hands.reduce((sum, hand) => sum + hand.wrist_m[axis]!, 0) / hands.length,
    );
    this.#stage = stageToInstrument(null, this.instrument, this.size, mean);
  }

  /** Poses the ghosts, `elapsedMs` after the last time. */
  update(played: readonly (PlayedHand | null)[], opacity: number, elapsedMs: number): void {
    for (const side of SIDES) {
      const source = this.mirrored ? other(side) : side;
      const hand = this.sides.includes(side) ? played[source] : null;
      const ghost = this.#hands[side];
      const towards = hand && this.#stage ? hand.presence : 0;
      const step = elapsedMs / FADE_MS;
      const shown = this.#shown[side];
      this.#shown[side] = shown + Math.max(-step, Math.min(step, towards - shown));
      if (hand && this.#stage) {
        intoInstrument(this.#posed[side], hand, this.#stage, this.mirroredAboutM);
        ghost.setPose(this.#posed[side]);
      }
      ghost.setOpacity(this.#shown[side] * opacity);
    }
  }

  /** Keypoints (21 * 3) of a ghost in the instrument's frame, metres; null where none is shown. */
  keypointsM(side: Side): Float64Array | null {
    return this.#shown[side] > 0 ? this.#hands[side].keypointsM : null;
  }

  dispose(): void {
    this.#own.dispose();
    this.#theirs.dispose();
    this.#outline.geometry.dispose();
    this.object.removeFromParent();
  }
}

const other = (side: Side): Side => (side === 0 ? 1 : 0);

function blank(): PlayedHand {
  return {
    wristM: new Float64Array(3),
    poseQuat: new Float64Array(64),
    confidence: 0,
    presence: 0,
  };
}
