import {
  type MessageOf,
  type Quaternion,
  type Vector3,
  multiply,
  rotate,
} from "../protocol/index.js";
import { KEY_DEPTH_M, keyboardLayout } from "../stage/keyboard_layout.js";
import type { PlayedHand } from "../stage/playout.js";
import { IDENTITY, type Rigid, compose, invert } from "../stage/rigid.js";
import type { Size } from "./calibration.js";

/** Whose keys are the same on any keyboard: middle C. */
const MIDDLE_C = 60;
/** Without an anchor, hands are shown this far above and in front of the keys' back edge. */
const UNANCHORED_HEIGHT_M = 0.04;

/** Size of the instrument that a name means; null where the name says none. */
export function sizeOf(instrument: string): Size | null {
  const layout = keyboardLayout(instrument);
  if (layout) return { widthM: layout.widthM, depthM: KEY_DEPTH_M };
  const paper: Record<string, readonly [number, number]> = {
    a3: [0.42, 0.297],
    a4: [0.297, 0.21],
    letter: [0.2794, 0.2159],
  };
  const sides = paper[instrument] ?? instrument.split("x").map(Number);
  const [widthM, depthM] = sides as [number, number];
  return sides.length === 2 && widthM > 0.1 && depthM > 0.1 ? { widthM, depthM } : null;
}

/** The frame of the teacher's whole instrument in the stage, from its anchor. */
export function teacherFrame(anchor: MessageOf<"anchor">): Rigid {
  const layout = keyboardLayout(anchor.instrument);
  const stretch = layout ? anchor.size_m[0]! / layout.part.widthM : 1;
  // The anchor's place is that of the part that was measured; the keyboard begins left of it.
  const aside = -(layout?.part.leftM ?? 0) * stretch;
  const at: Rigid = {
    positionM: [...anchor.position_m] as unknown as Vector3,
    rotationQuat: [...anchor.rotation_quat] as unknown as Quaternion,
  };
  return compose(at, { ...IDENTITY, positionM: [aside, 0, 0] });
}

/** How far right the teacher's keys lie of the same keys on the learner's keyboard. */
export function keysAside(teachers: string, learners: string): number {
  const middle = (instrument: string) =>
    keyboardLayout(instrument)?.keys.find(({ midi }) => midi === MIDDLE_C)?.leftM;
  const theirs = middle(teachers);
  const ours = middle(learners);
  return theirs === undefined || ours === undefined ? 0 : theirs - ours;
}

/**
 * What takes the stage to the learner's instrument: the same key lies under the same finger.
 *
 * @param anchor where the teacher's instrument lies; null if the bridge does not know.
 * @param wristM without an anchor, where in the stage hands are: they come above the middle.
 */
export function stageToInstrument(
  anchor: MessageOf<"anchor"> | null,
  instrument: string,
  size: Size,
  wristM: ArrayLike<number> | null,
): Rigid {
  if (anchor) {
    const back: Rigid = {
      ...IDENTITY,
      positionM: [-keysAside(anchor.instrument, instrument), 0, 0],
    };
    return compose(back, invert(teacherFrame(anchor)));
  }
  const [x, y, z] = [wristM?.[0] ?? 0, wristM?.[1] ?? 0, wristM?.[2] ?? 0];
  return {
    ...IDENTITY,
    positionM: [size.widthM / 2 - x, UNANCHORED_HEIGHT_M - y, -z],
  };
}

/**
 * Writes a hand of the stage into the instrument's frame; mirrored, it is the other hand's, with
 * the instrument's middle as the mirror (SPEC.md, section 9).
 */
export function intoInstrument(
  out: PlayedHand,
  hand: PlayedHand,
  stage: Rigid,
  mirroredAboutM: number | null,
): void {
  const { wristM, poseQuat } = hand;
  rotate(out.wristM, 0, stage.rotationQuat, 0, wristM[0]!, wristM[1]!, wristM[2]!);
  for (let axis = 0; axis < 3; axis++) out.wristM[axis]! += stage.positionM[axis]!;
  out.poseQuat.set(poseQuat);
  multiply(out.poseQuat, 0, stage.rotationQuat, 0, poseQuat, 0);
  out.confidence = hand.confidence;
  out.presence = hand.presence;
  if (mirroredAboutM === null) return;
  out.wristM[0] = 2 * mirroredAboutM - out.wristM[0]!;
  for (let at = 0; at < out.poseQuat.length; at += 4) {
    out.poseQuat[at + 1]! *= -1;
    out.poseQuat[at + 2]! *= -1;
  }
}

/** Rest keypoints (21 * 3) of the other hand of the same person. */
export function mirroredRest(restJointsM: Float32Array): Float32Array {
  return restJointsM.map((value, i) => (i % 3 === 0 ? -value : value));
}
