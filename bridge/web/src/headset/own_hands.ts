import {
  type MessageOf,
  N_OPENXR_JOINTS,
  SIDES,
  type Side,
  multiply,
  rotate,
} from "../protocol/index.js";
import { type Rigid, invert } from "../stage/rigid.js";

/** A hand as the headset tracks it, in the room: 26 joints of OpenXR, the palm first. */
export interface TrackedHand {
  tracked: boolean;
  /** (26 * 3) metres. */
  jointsM: Float32Array;
  /** (26 * 4) xyzw. */
  jointQuat: Float32Array;
  /** From the index fingertip's tracked point to its skin, metres. */
  tipRadiusM: number;
}

export type TrackedHands = Readonly<Record<Side, TrackedHand>>;

export function untracked(): TrackedHand {
  return {
    tracked: false,
    jointsM: new Float32Array(N_OPENXR_JOINTS * 3),
    jointQuat: new Float32Array(N_OPENXR_JOINTS * 4),
    tipRadiusM: 0,
  };
}

export interface SentFrom {
  /** Takes the instrument's frame to the room. */
  instrument: Rigid;
  /** Takes the stage to the instrument's frame. */
  stage: Rigid;
  /** The middle of the instrument, where the teacher's hands are shown mirrored in it. */
  mirroredAboutM: number | null;
  sides: readonly Side[];
}

/**
 * The learner's hands in the stage, as a message: what is shown mirrored is mirrored back, so that
 * they are compared with the hands they follow.
 */
export function learnerHands(
  hands: TrackedHands,
  { instrument, stage, mirroredAboutM, sides }: SentFrom,
  seq: number,
  timeNs: bigint,
): MessageOf<"learner_hands"> {
  const toInstrument = invert(instrument);
  const toStage = invert(stage);
  const openxr = SIDES.filter((side) => sides.includes(side) && hands[side].tracked).map((side) => {
    const { jointsM, jointQuat } = hands[side];
    const joints_m = new Float32Array(jointsM.length);
    const joint_quat = new Float32Array(jointQuat.length);
    for (let joint = 0; joint < N_OPENXR_JOINTS; joint++) {
      const p = joint * 3;
      const q = joint * 4;
      moved(joints_m, p, toInstrument, jointsM[p]!, jointsM[p + 1]!, jointsM[p + 2]!);
      multiply(joint_quat, q, toInstrument.rotationQuat, 0, jointQuat, q);
      if (mirroredAboutM !== null) {
        joints_m[p] = 2 * mirroredAboutM - joints_m[p]!;
        joint_quat[q + 1]! *= -1;
        joint_quat[q + 2]! *= -1;
      }
      moved(joints_m, p, toStage, joints_m[p]!, joints_m[p + 1]!, joints_m[p + 2]!);
      multiply(joint_quat, q, toStage.rotationQuat, 0, joint_quat, q);
      normalise(joint_quat, q);
    }
    const as: Side = mirroredAboutM === null ? side : side === 0 ? 1 : 0;
    return { side: as, joints_m, joint_quat };
  });
  openxr.sort((a, b) => a.side - b.side);
  return { type: "learner_hands", seq, time_ns: timeNs, learner: "", hands: [], openxr };
}

function moved(out: Float32Array, at: number, frame: Rigid, x: number, y: number, z: number): void {
  rotate(out, at, frame.rotationQuat, 0, x, y, z);
  for (let axis = 0; axis < 3; axis++) out[at + axis]! += frame.positionM[axis]!;
}

/** Length 1 and w >= 0, as the wire has it. */
function normalise(q: Float32Array, at: number): void {
  const norm = Math.hypot(q[at]!, q[at + 1]!, q[at + 2]!, q[at + 3]!) || 1;
  const by = (q[at + 3]! < 0 ? -1 : 1) / norm;
  for (let k = 0; k < 4; k++) q[at + k]! *= by;
}
