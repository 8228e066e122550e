import "./webxr_more.js";

import { Matrix4, Quaternion, Vector3 } from "three";

import { SIDES, type Side } from "../protocol/index.js";
import { type TrackedHand, type TrackedHands, untracked } from "./own_hands.js";

const N_WEBXR_JOINTS = 25;
/** OpenXR's palm is the middle of the middle finger's metacarpal and turns with it. */
const MIDDLE_METACARPAL = 11;
const INDEX_TIP = 9;

interface Spaces {
  hand: XRHand;
  joints: XRJointSpace[];
}

/** Reads both hands of a headset, frame by frame, into arrays that are written anew. */
export class HandReader {
  readonly hands: TrackedHands = { 0: untracked(), 1: untracked() };
  readonly #transforms = new Float32Array(N_WEBXR_JOINTS * 16);
  readonly #radii = new Float32Array(N_WEBXR_JOINTS);
  readonly #spaces: Record<Side, Spaces | null> = { 0: null, 1: null };
  readonly #matrix = new Matrix4();
  readonly #place = new Vector3();
  readonly #turn = new Quaternion();

  read(frame: XRFrame, room: XRReferenceSpace): void {
    for (const side of SIDES) this.hands[side].tracked = false;
    for (const source of frame.session.inputSources) {
      if (!source.hand || source.handedness === "none") continue;
      const side: Side = source.handedness === "left" ? 0 : 1;
      this.hands[side].tracked = this.#read(frame, room, source.hand, side);
    }
  }

  #read(frame: XRFrame, room: XRReferenceSpace, hand: XRHand, side: Side): boolean {
    let spaces = this.#spaces[side];
    if (spaces?.hand !== hand) {
      spaces = this.#spaces[side] = { hand, joints: [...hand.values()] };
    }
    const { joints } = spaces;
    if (joints.length !== N_WEBXR_JOINTS) return false;
    if (!frame.fillPoses(joints, room, this.#transforms)) return false;
    const out = this.hands[side];
    for (let joint = 0; joint < N_WEBXR_JOINTS; joint++) this.#put(out, joint);
    this.#palm(out);
    frame.fillJointRadii(joints, this.#radii);
    const radius = this.#radii[INDEX_TIP]!;
    out.tipRadiusM = radius > 0 && radius < 0.03 ? radius : 0;
    return Number.isFinite(out.jointsM[3]!);
  }

  #put(out: TrackedHand, joint: number): void {
    this.#matrix.fromArray(this.#transforms, joint * 16);
    const at = joint + 1;
    this.#place.setFromMatrixPosition(this.#matrix).toArray(out.jointsM, at * 3);
    this.#turn
      .setFromRotationMatrix(this.#matrix)
      .normalize()
      .toArray(out.jointQuat, at * 4);
  }

  #palm({ jointsM, jointQuat }: TrackedHand): void {
    const from = MIDDLE_METACARPAL * 3;
    for (let axis = 0; axis < 3; axis++) {
      jointsM[axis] = (jointsM[from + axis]! + jointsM[from + 3 + axis]!) / 2;
    }
    jointQuat.copyWithin(0, MIDDLE_METACARPAL * 4, MIDDLE_METACARPAL * 4 + 4);
  }
}
