import { Color, Group, type Object3D } from "three";

import { FINGERTIPS, SIDES, type Side } from "../protocol/index.js";
import { type Feedback, fingerColor } from "../stage/finger_colors.js";
import type { InstrumentModel } from "../stage/keyboard.js";
import { Marks } from "../stage/marks.js";
import { SkeletonOverlay } from "../stage/skeleton_overlay.js";
import { errorLevel } from "./error_levels.js";
import type { StageLook } from "./look.js";

/** Where the learner's hands are drawn: in the teacher's place, or beside it. */
export type Placing = "superimposed" | "beside";

/** Beside: so far towards the player, where there is a keyboard, else so far to the right. */
const TOWARDS_M = 0.28;
const ASIDE_M = 0.42;
const MARK_RADIUS_M = 0.0085;
const ORDER = 4;

/**
 * The learner on the stage: hands as bones and joints, where the teacher's are ghosts, so that
 * their kind tells them apart; on the fingertips, how far off each finger is.
 */
export class Learner {
  readonly object = new Group();
  readonly #skeletons: Record<Side, SkeletonOverlay> = {
    0: new SkeletonOverlay(),
    1: new SkeletonOverlay(),
  };
  readonly #marks = new Marks(2 * FINGERTIPS.length, { onTop: true, renderOrder: ORDER });
  readonly #color = new Color();
  readonly #rgb = [0, 0, 0];
  readonly #shift = [0, 0, 0];
  #placing: Placing = "superimposed";
  readonly #shown: Record<Side, ArrayLike<number> | null> = { 0: null, 1: null };

  constructor(stage: Object3D) {
    for (const side of SIDES) this.object.add(this.#skeletons[side].object);
    stage.add(this.object, this.#marks.object);
  }

  get placing(): Placing {
    return this.#placing;
  }

  /** Marks on fingers now. */
  get marks(): number {
    return this.#marks.count;
  }

  setLook(look: StageLook): void {
    for (const side of SIDES) this.#skeletons[side].setColor(look.learner[side]);
  }

  place(placing: Placing): void {
    this.#placing = placing;
  }

  /** How far from its real place the learner is drawn, metres. */
  shiftM(instrument: InstrumentModel): readonly number[] {
    const beside = this.#placing === "beside";
    this.#shift[0] = beside && !instrument.anchor ? ASIDE_M : 0;
    this.#shift[2] = beside && instrument.anchor ? TOWARDS_M : 0;
    return this.#shift;
  }

  /**
   * Draws hands and marks as they are now.
   *
   * @param learner (21 * 3) keypoints of the learner's hands, null where away.
   * @param teacher of the teacher's, which carry the marks where the learner sends no hands.
   */
  update(
    learner: (side: Side) => ArrayLike<number> | null,
    teacher: (side: Side) => ArrayLike<number> | null,
    feedback: Feedback,
    instrument: InstrumentModel,
  ): void {
    const shift = this.shiftM(instrument);
    this.object.position.set(shift[0]!, shift[1]!, shift[2]!);
    this.#marks.clear();
    for (const side of SIDES) {
      const own = learner(side);
      this.#shown[side] = own;
      const skeleton = this.#skeletons[side];
      skeleton.object.visible = own !== null;
      if (own) skeleton.setKeypoints(own, 1);
      this.#mark(own ?? teacher(side), own ? shift : null, feedback.fingers[side]);
    }
    this.#marks.commit();
  }

  /** Adds the keypoints that are drawn beside the teacher's, so that a camera frames them, too. */
  addBeside(points: number[]): void {
    if (this.#placing !== "beside") return;
    for (const side of SIDES) {
      const own = this.#shown[side];
      for (let i = 0; own && i < own.length; i++) points.push(own[i]! + this.#shift[i % 3]!);
    }
  }

  #mark(
    pointsM: ArrayLike<number> | null,
    shift: readonly number[] | null,
    closeness: Float64Array,
  ): void {
    if (!pointsM) return;
    for (const [finger, tip] of FINGERTIPS.entries()) {
      const level = errorLevel(closeness[finger]!);
      if (!level) continue;
      fingerColor(closeness[finger]!, this.#rgb);
      const at = [0, 1, 2].map((axis) => pointsM[tip * 3 + axis]! + (shift?.[axis] ?? 0));
      this.#marks.add(at as [number, number, number], {
        radiusM: MARK_RADIUS_M,
        color: this.#color.setRGB(this.#rgb[0]!, this.#rgb[1]!, this.#rgb[2]!),
        opacity: 0.95,
        shape: level.shape,
      });
    }
  }
}
