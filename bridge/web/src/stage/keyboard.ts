import {
  BufferAttribute,
  BufferGeometry,
  Color,
  Group,
  Matrix4,
  Mesh,
  MeshBasicMaterial,
  Quaternion,
  Vector3,
} from "three";

import type { MessageOf } from "../protocol/messages.js";
import { BoxBuilder } from "./boxes.js";
import {
  BLACK_HEIGHT_M,
  KEY_DEPTH_M,
  type KeyboardLayout,
  keyAt,
  keyboardLayout,
} from "./keyboard_layout.js";

/** Colours of an instrument: what the page's theme, or the place it is drawn in, changes. */
export interface InstrumentLook {
  whiteKey: string;
  blackKey: string;
  body: string;
}

/** White keys leave this much between each other, and show this much of their fronts. */
const GAP_M = 0.0012;
const LIP_M = 0.018;
/** A black key is wider at its foot, and slopes at its front. */
const BLACK_FLARE_M = 0.0012;
const BLACK_SLOPE_M = 0.006;
const CHEEK_M = 0.014;
const RAIL_M = 0.02;
const RAIL_HEIGHT_M = 0.016;

/** How far below the keys' tops the instrument stands on something. */
export const INSTRUMENT_HEIGHT_M = LIP_M + 0.012;

/**
 * The instrument of an anchor, in the stage: a keyboard with its keys, or a plain rectangle.
 *
 * One mesh, one draw call, no lights: its faces are shaded once, as if lit from above. It is added
 * to a scene as `object`, which carries the anchor's place, turn and size, and is empty without an
 * anchor.
 */
export class InstrumentModel {
  readonly object = new Group();
  readonly #material = new MeshBasicMaterial({ vertexColors: true });
  readonly #inverse = new Matrix4();
  readonly #place = new Vector3();
  #look: InstrumentLook;
  #anchor: MessageOf<"anchor"> | null = null;
  #layout: KeyboardLayout | null = null;
  #built: BoxBuilder | null = null;
  #colors: BufferAttribute | null = null;
  readonly #marked = new Map<number, Color>();

  constructor(look: InstrumentLook) {
    this.#look = look;
    this.object.name = "instrument";
    this.object.visible = false;
  }

  /** The keys, null where the instrument has none. */
  get layout(): KeyboardLayout | null {
    return this.#layout;
  }

  get anchor(): MessageOf<"anchor"> | null {
    return this.#anchor;
  }

  /** Width along the front edge and depth of what is drawn, metres. */
  get sizeM(): readonly [number, number] {
    if (!this.#anchor) return [0, 0];
    const [widthM, depthM] = this.#anchor.size_m as unknown as [number, number];
    const layout = this.#layout;
    return [layout ? (widthM * layout.widthM) / layout.part.widthM : widthM, depthM];
  }

  setLook(look: InstrumentLook): void {
    this.#look = look;
    this.#paintAll();
  }

  /** 1 is solid; less lets what is behind shine through, as over a real keyboard. */
  setOpacity(opacity: number): void {
    this.#material.opacity = opacity;
    this.#material.transparent = opacity < 1;
    this.#material.depthWrite = opacity >= 1;
    this.object.visible = this.#anchor !== null && opacity > 0;
  }

  /** Puts the instrument where an anchor message says; null takes it away. */
  setAnchor(anchor: MessageOf<"anchor"> | null): void {
    if (anchor && (anchor.size_m[0]! <= 0 || anchor.size_m[1]! <= 0)) anchor = null;
    const rebuilt = anchor?.instrument !== this.#anchor?.instrument;
    this.#anchor = anchor;
    this.object.visible = anchor !== null && this.#material.opacity > 0;
    if (!anchor) {
      this.#clear();
      return;
    }
    this.#layout = keyboardLayout(anchor.instrument);
    if (rebuilt || !this.#built) this.#build();
    const [widthM, depthM] = anchor.size_m as unknown as [number, number];
    const { object } = this;
    if (this.#layout) {
      const stretch = widthM / this.#layout.part.widthM;
      object.scale.set(stretch, 1, depthM / KEY_DEPTH_M);
    } else {
      object.scale.set(widthM, 1, depthM);
    }
    object.quaternion.copy(new Quaternion().fromArray(anchor.rotation_quat)).normalize();
    // The anchor's place is that of the part that was measured; the keyboard begins left of it.
    const aside = -(this.#layout?.part.leftM ?? 0) * object.scale.x;
    object.position.fromArray(anchor.position_m);
    object.position.add(new Vector3(aside, 0, 0).applyQuaternion(object.quaternion));
    object.updateMatrixWorld(true);
    this.#inverse.copy(object.matrix).invert();
  }

  /** A point of the stage in the instrument's frame, nominal metres: what `keyAt` takes. */
  toInstrument(xM: number, yM: number, zM: number, target = this.#place): Vector3 {
    return target.set(xM, yM, zM).applyMatrix4(this.#inverse);
  }

  /** The key below a point of the stage, as an index into `layout.keys`; null beside all keys. */
  keyBelow(xM: number, yM: number, zM: number): number | null {
    if (!this.#layout) return null;
    const place = this.toInstrument(xM, yM, zM);
    return keyAt(this.#layout, place.x, place.z);
  }

  /** A place on the instrument, nominal metres, in the stage. */
  toStage(xM: number, yM: number, zM: number, target = new Vector3()): Vector3 {
    return target.set(xM, yM, zM).applyMatrix4(this.object.matrix);
  }

  /** Colours a key, or gives it back its own colour. */
  highlight(key: number, color: Color | null): void {
    if (!this.#layout || !(key in this.#layout.keys)) return;
    if (color) this.#marked.set(key, color.clone());
    else if (!this.#marked.delete(key)) return;
    this.#paintKey(key);
  }

  dispose(): void {
    this.#clear();
    this.#material.dispose();
  }

  #clear(): void {
    for (const child of this.object.children) (child as Mesh).geometry.dispose();
    this.object.clear();
    this.#marked.clear();
    this.#layout = null;
    this.#built = null;
    this.#colors = null;
  }

  #build(): void {
    const layout = this.#layout;
    this.#clear();
    this.#layout = layout;
    const boxes = new BoxBuilder();
    if (layout) addKeyboard(boxes, layout);
    else boxes.add([0, -LIP_M, -1], [1, 0, 0]);
    this.#built = boxes;
    const geometry = new BufferGeometry();
    geometry.setIndex(new BufferAttribute(boxes.indices, 1));
    geometry.setAttribute("position", new BufferAttribute(boxes.positionsM, 3));
    this.#colors = new BufferAttribute(new Float32Array(boxes.positionsM.length), 3);
    geometry.setAttribute("color", this.#colors);
    this.#paintAll();
    const mesh = new Mesh(geometry, this.#material);
    // Before the hands' shadows and depth pass: a ghost does not hide the keys behind it.
    mesh.renderOrder = -1;
    this.object.add(mesh);
  }

  #paintAll(): void {
    if (!this.#built) return;
    const body = new Color(this.#look.body);
    const white = new Color(this.#look.whiteKey);
    for (let box = 0; box < this.#built.count; box++) {
      if (box < (this.#layout?.keys.length ?? 0)) this.#paintKey(box);
      else this.#built.paint(box, this.#layout ? body : white, this.#colors!);
    }
  }

  #paintKey(key: number): void {
    const own = this.#layout!.keys[key]!.black ? this.#look.blackKey : this.#look.whiteKey;
    this.#built!.paint(key, this.#marked.get(key) ?? new Color(own), this.#colors!);
  }
}

/** Adds the keys, in the order of the layout, and then the case around them. */
function addKeyboard(boxes: BoxBuilder, { keys, widthM }: KeyboardLayout): void {
  for (const { black, leftM, rightM, frontM, backM } of keys) {
    if (black) {
      boxes.add(
        [leftM - BLACK_FLARE_M, -0.002, backM],
        [rightM + BLACK_FLARE_M, BLACK_HEIGHT_M, frontM],
        { flareM: BLACK_FLARE_M, slopeM: BLACK_SLOPE_M },
      );
    } else {
      boxes.add([leftM + GAP_M / 2, -LIP_M, backM], [rightM - GAP_M / 2, 0, frontM]);
    }
  }
  const foot = -INSTRUMENT_HEIGHT_M;
  const back = -KEY_DEPTH_M - RAIL_M;
  boxes.add([0, foot, back], [widthM, -LIP_M / 2, -0.004]);
  boxes.add([-CHEEK_M, foot, back], [0, RAIL_HEIGHT_M / 2, 0.004]);
  boxes.add([widthM, foot, back], [widthM + CHEEK_M, RAIL_HEIGHT_M / 2, 0.004]);
  boxes.add([0, foot, back], [widthM, RAIL_HEIGHT_M, -KEY_DEPTH_M]);
}
