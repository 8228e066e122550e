import { Color, Vector3 } from "three";

import {
  FINGERTIPS,
  type MessageOf,
  type Pose,
  SIDES,
  type Shape,
  type Side,
  keypointsFromPose,
} from "../protocol/index.js";
import { Feedback } from "../stage/finger_colors.js";
import type { HandMesh } from "../stage/hand_mesh.js";
import { INSTRUMENT_HEIGHT_M, InstrumentModel } from "../stage/keyboard.js";
import type { PlayedHand } from "../stage/playout.js";
import { Trails } from "../stage/trails.js";
import { Hands } from "./hands.js";
import { Learner } from "./learner.js";
import { LearnerPlayout } from "./learner_playout.js";
import type { StageLook } from "./look.js";
import { Presses } from "./presses.js";
import type { StageView } from "./stage_view.js";

/** A shadow lies this much above the keys, so that both are not drawn in one place. */
const SHADOW_GAP_M = 0.0006;
const TRAIL_ORDER = 3;
const COARSEN_AFTER_MS = 600;

/** All that stands on the stage: hands, instrument, trails, marks, the learner. */
export class Scene {
  followHands = false;
  showTrails = true;
  readonly feedback = new Feedback();
  readonly instrument: InstrumentModel;
  readonly learnerHands = new LearnerPlayout();
  readonly learner: Learner;
  readonly presses: Presses;
  /** A second instrument, for a learner who is shown beside the teacher. */
  readonly #beside: InstrumentModel;
  readonly #trails = new Trails(
    Array.from({ length: SIDES.length * FINGERTIPS.length }, () => new Color()),
    TRAIL_ORDER,
  );
  readonly #shapes = new Map<Side, Shape>();
  readonly #middle = new Vector3();
  readonly #points: number[] = [];
  #hands: Hands | null = null;
  #opacity = 1;
  #skeleton = false;
  #besideAnchor: MessageOf<"anchor"> | null = null;

  constructor(
    readonly view: StageView,
    private look: StageLook,
  ) {
    this.instrument = new InstrumentModel(look.instrument);
    this.#beside = new InstrumentModel(look.instrument);
    this.presses = new Presses(view.scene, this.instrument);
    this.learner = new Learner(view.scene);
    view.scene.add(this.instrument.object, this.#beside.object, this.#trails.object);
    this.setLook(look);
  }

  get hands(): Hands | null {
    return this.#hands;
  }

  get trailPoints(): number {
    return this.#trails.points;
  }

  setHands(meshes: readonly HandMesh[]): void {
    const hands = new Hands(meshes, this.view.scene);
    this.#hands = hands;
    if (!this.view.fast) {
      // Once they are seen, and one at a time: it takes a moment.
      for (const side of SIDES) setTimeout(() => hands.coarsen(side), COARSEN_AFTER_MS * (1 + side));
    }
    this.#hands.showSkeleton = this.#skeleton;
    this.#hands.opacityLimit = this.#opacity;
    for (const shape of this.#shapes.values()) this.#hands.setShape(shape);
    this.setLook(this.look);
  }

  setLook(look: StageLook): void {
    this.look = look;
    this.view.setLook(look);
    this.instrument.setLook(look.instrument);
    this.#beside.setLook(look.instrument);
    this.#hands?.setLook(look);
    this.learner.setLook(look);
    this.presses.setColors([look.hands[0].color, look.hands[1].color]);
    const sides = look.hands.map(({ color }) => new Color(color).convertLinearToSRGB());
    this.#trails.setColors(SIDES.flatMap((side) => FINGERTIPS.map(() => sides[side]!)));
  }

  setOpacity(opacity: number): void {
    this.#opacity = opacity;
    if (this.#hands) this.#hands.opacityLimit = opacity;
  }

  setSkeleton(shown: boolean): void {
    this.#skeleton = shown;
    if (this.#hands) this.#hands.showSkeleton = shown;
  }

  setAnchor(anchor: MessageOf<"anchor"> | null): void {
    this.instrument.setAnchor(anchor);
    this.#besideAnchor = null;
    this.presses.clear();
    this.#trails.clear();
    this.view.setFloorY(anchor ? anchor.position_m[1]! - INSTRUMENT_HEIGHT_M : null);
  }

  setShape(shape: Shape): void {
    this.#shapes.set(shape.side, shape);
    this.#hands?.setShape(shape);
  }

  /** Takes a pose as it came, for what must not miss a moment: key presses. */
  pose(pose: Pose): void {
    if (!this.#hands || !this.instrument.anchor) return;
    for (const { side, pose_quat, wrist_m } of pose.hands) {
      const points = keypointsFromPose(this.#hands.restJointsM(side), pose_quat, wrist_m);
      this.presses.push(side, Number(pose.time_ns) / 1e6, points);
    }
  }

  takeLearner(message: MessageOf<"learner_hands">, bridgeMs: number): void {
    this.learnerHands.push(message, bridgeMs, (side) => this.#hands?.restJointsM(side) ?? null);
  }

  takeScore(message: MessageOf<"score">, nowMs: number): void {
    const shown = this.learnerHands.learner;
    if (shown === null || message.learner === shown) this.feedback.take(message, nowMs);
  }

  /** The source of poses has changed, or the connection is gone. */
  reset(): void {
    this.#trails.clear();
    this.presses.clear();
    this.learnerHands.reset();
  }

  /** Moves everything on; `nowMs` is this page's clock, `bridgeMs` the bridge's. */
  update(
    played: readonly (PlayedHand | null)[],
    nowMs: number,
    bridgeMs: number | null,
    elapsedMs: number,
  ): void {
    const { anchor } = this.instrument;
    const shadowY = anchor ? anchor.position_m[1]! + SHADOW_GAP_M : this.view.floorY;
    this.#hands?.setFloor(shadowY, this.look.shadowOpacity);
    this.#hands?.update(played, elapsedMs);
    this.feedback.advance(nowMs, elapsedMs);
    this.learner.update(
      (side) => (bridgeMs === null ? null : this.learnerHands.keypointsM(side, bridgeMs)),
      (side) => this.#hands?.keypointsM(side) ?? null,
      this.feedback,
      this.instrument,
    );
    this.#placeBeside();
    this.#drawTrails(nowMs);
    if (bridgeMs !== null) this.presses.update(bridgeMs);
    if (this.followHands && this.#readMiddle()) this.view.followTo(this.#middle, elapsedMs);
  }

  /** Keypoints of all hands that are shown, metres; written anew each time. */
  keypointsM(): readonly number[] {
    this.#points.length = 0;
    for (const side of SIDES) {
      const points = this.#hands?.keypointsM(side);
      for (let i = 0; points && i < points.length; i++) this.#points.push(points[i]!);
    }
    this.learner.addBeside(this.#points);
    return this.#points;
  }

  /** Corners of the instrument, metres; none without one. */
  cornersM(): number[] {
    const { layout, anchor } = this.instrument;
    if (!anchor) return [];
    const [width, depth] = layout ? [layout.widthM, 0.15] : [1, 1];
    return [[0, 0], [width, 0], [0, -depth], [width, -depth]].flatMap(([x, z]) =>
      this.instrument.toStage(x!, 0, z!).toArray(),
    );
  }

  #placeBeside(): void {
    const { anchor } = this.instrument;
    const shown = anchor !== null && this.learner.placing === "beside" && this.learnerHands.learner !== null;
    if (shown && this.#besideAnchor !== anchor) {
      const shift = this.learner.shiftM(this.instrument);
      const position = anchor.position_m.map((value, axis) => value + shift[axis]!);
      this.#beside.setAnchor({ ...anchor, position_m: position });
      this.#besideAnchor = anchor;
    }
    this.#beside.object.visible = shown;
  }

  #drawTrails(nowMs: number): void {
    if (!this.showTrails) {
      this.#trails.object.visible = false;
      return;
    }
    for (const side of SIDES) {
      const points = this.#hands?.keypointsM(side);
      for (let finger = 0; points && finger < FINGERTIPS.length; finger++) {
        const at = FINGERTIPS[finger]! * 3;
        this.#trails.push(side * 5 + finger, nowMs, points[at]!, points[at + 1]!, points[at + 2]!);
      }
    }
    this.#trails.update(nowMs);
  }

  #readMiddle(): boolean {
    const points = this.keypointsM();
    if (points.length === 0) return false;
    this.#middle.set(0, 0, 0);
    for (let i = 0; i < points.length; i += 3) {
      this.#middle.x += points[i]!;
      this.#middle.y += points[i + 1]!;
      this.#middle.z += points[i + 2]!;
    }
    this.#middle.divideScalar(points.length / 3);
    return true;
  }
}
