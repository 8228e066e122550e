import {
  Color,
  Group,
  InstancedMesh,
  Matrix4,
  MeshBasicMaterial,
  SphereGeometry,
  Vector3,
} from "three";

import { N_FINGERS, N_OPENXR_JOINTS } from "../protocol/index.js";
import { fingerColor } from "../stage/finger_colors.js";
import { StickHand } from "../stage/stick_hand.js";
import type { TrackedHand } from "./own_hands.js";

/** OpenXR's joints along each finger, wrist first, thumb to little. */
const CHAINS = [
  [1, 2, 3, 4, 5],
  [1, 6, 7, 8, 9, 10],
  [1, 11, 12, 13, 14, 15],
  [1, 16, 17, 18, 19, 20],
  [1, 21, 22, 23, 24, 25],
];
const BONES = CHAINS.flatMap((chain) =>
  chain.slice(1).map((joint, i) => [chain[i]!, joint] as const),
);
const TIPS = CHAINS.map((chain) => chain.at(-1)!);
/** The palm's own joint, the first one, is none of a finger's. */
const RADII_M = Array.from({ length: N_OPENXR_JOINTS }, (_, i) => (i === 0 ? 0 : 0.006));
const BONE_RADIUS_M = 0.0042;
/** A fingertip that is near shows a small mark, one that is far off a large one: not by colour alone. */
const MARK_M = [0.0075, 0.013] as const;
const MARK_AHEAD_M = 0.004;

/** A learner's own hand: in a virtual room as bones, anywhere as marks on the fingertips. */
export class OwnHandView {
  readonly object = new Group();
  readonly #hand = new StickHand(
    new MeshBasicMaterial({ color: "#8aa0c0", toneMapped: false }),
    RADII_M,
    BONES,
    BONE_RADIUS_M,
  );
  readonly #marks = new InstancedMesh(
    new SphereGeometry(1, 14, 10),
    new MeshBasicMaterial({ toneMapped: false, transparent: true, opacity: 0.92 }),
    N_FINGERS,
  );
  readonly #matrix = new Matrix4();
  readonly #tip = new Vector3();
  readonly #color = new Color();
  readonly #rgb = [0, 0, 0];

  constructor() {
    for (let finger = 0; finger < N_FINGERS; finger++) {
      this.#marks.setColorAt(finger, this.#color.set("#ffffff"));
    }
    this.#marks.frustumCulled = false;
    this.#marks.renderOrder = 3;
    this.object.add(this.#hand.object, this.#marks);
    this.object.visible = false;
  }

  /**
   * @param bones whether the hand itself is drawn: where one cannot see one's own.
   * @param fingers closeness of each finger, -1 where it is not known: no mark then.
   */
  update({ tracked, jointsM }: TrackedHand, bones: boolean, fingers: ArrayLike<number>): void {
    this.object.visible = tracked;
    if (!tracked) return;
    this.#hand.object.visible = bones;
    if (bones) this.#hand.setJoints(jointsM);
    for (let finger = 0; finger < N_FINGERS; finger++) {
      const close = fingers[finger]!;
      const size = close < 0 ? 0 : MARK_M[1] + close * (MARK_M[0] - MARK_M[1]);
      this.#tip.fromArray(jointsM, TIPS[finger]! * 3);
      this.#tip.y += MARK_AHEAD_M;
      this.#matrix.makeScale(size, size, size).setPosition(this.#tip);
      this.#marks.setMatrixAt(finger, this.#matrix);
      fingerColor(Math.max(0, close), this.#rgb);
      this.#color.setRGB(this.#rgb[0]!, this.#rgb[1]!, this.#rgb[2]!, "srgb");
      this.#marks.setColorAt(finger, this.#color);
    }
    this.#marks.instanceMatrix.needsUpdate = true;
    this.#marks.instanceColor!.needsUpdate = true;
  }
}
