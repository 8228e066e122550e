import { Color, type Object3D, Vector3 } from "three";

import { FINGERTIPS, type Side } from "../protocol/index.js";
import type { InstrumentModel } from "../stage/keyboard.js";
import { BLACK_HEIGHT_M, keyName } from "../stage/keyboard_layout.js";
import { Marks, RING } from "../stage/marks.js";
import { StrokeFinder } from "./key_presses.js";

/** How long a mark is seen, and how many there are at most: the oldest goes. */
const SHOWN_MS = 900;
const MAX_MARKS = 40;
const RADIUS_M = 0.006;
const ORDER = 3;

/** One key press, or one touch of an instrument without keys. */
export interface PressMark {
  side: Side;
  finger: number;
  /** When the finger reached the bottom, on the bridge's clock. */
  timeMs: number;
  placeM: Vector3;
  /** Index into the keyboard's keys; null beside them. */
  key: number | null;
}

/** Marks where fingers press: a ring that opens and fades, and the key in the hand's colour. */
export class Presses {
  enabled = true;
  readonly #finders = [...Array(10)].map(() => new StrokeFinder());
  readonly #recent: PressMark[] = [];
  readonly #marks = new Marks(MAX_MARKS, { onTop: true, renderOrder: ORDER });
  readonly #place = new Vector3();
  #colors: readonly [Color, Color] = [new Color(), new Color()];
  #plain: readonly [Color, Color] = [new Color(), new Color()];
  #lit = new Set<number>();
  /** Presses found so far. */
  count = 0;
  /** The name of the key of the newest one. */
  lastKey: string | null = null;

  constructor(
    stage: Object3D,
    private readonly instrument: InstrumentModel,
  ) {
    stage.add(this.#marks.object);
  }

  setColors(colors: readonly [string, string]): void {
    this.#colors = [new Color(colors[0]), new Color(colors[1])];
    this.#plain = this.#colors.map((color) => color.clone().convertLinearToSRGB()) as [Color, Color];
  }

  /** Takes a hand as it was at a moment, milliseconds on the bridge's clock. */
  push(side: Side, timeMs: number, pointsM: ArrayLike<number>): void {
    if (!this.instrument.anchor) return;
    for (const [finger, tip] of FINGERTIPS.entries()) {
      const [x, y, z] = [0, 1, 2].map((axis) => pointsM[tip * 3 + axis]!) as [number, number, number];
      const above = this.instrument.toInstrument(x, y, z, this.#place);
      const stroke = this.#finders[side * 5 + finger]!.push(timeMs / 1000, above.y);
      if (!stroke) continue;
      const key = this.instrument.keyBelow(x, y, z);
      // A stroke beside a keyboard is a gesture.
      if (this.instrument.layout && key === null) continue;
      this.#add({ side, finger, timeMs: stroke.timeS * 1000, placeM: new Vector3(x, y, z), key });
    }
  }

  clear(): void {
    for (const finder of this.#finders) finder.clear();
    this.#recent.length = 0;
    this.#marks.clear();
    this.#light(new Set());
  }

  /** Draws the marks as they are at a moment of the bridge's clock. */
  update(nowMs: number): void {
    while (this.#recent[0] && nowMs - this.#recent[0].timeMs > SHOWN_MS) this.#recent.shift();
    this.#marks.clear();
    const lit = new Set<number>();
    for (const mark of this.enabled ? this.#recent : []) {
      const age = Math.max(0, (nowMs - mark.timeMs) / SHOWN_MS);
      this.#marks.add([mark.placeM.x, mark.placeM.y, mark.placeM.z], {
        radiusM: RADIUS_M * (1 + 1.6 * age),
        color: this.#plain[mark.side],
        opacity: 0.95 * (1 - age),
        shape: RING,
      });
      if (mark.key !== null && age < 0.5) {
        lit.add(mark.key);
        if (!this.#lit.has(mark.key)) this.instrument.highlight(mark.key, this.#colors[mark.side]);
      }
    }
    this.#light(lit);
    this.#marks.commit();
  }

  /** Presses shown now. */
  get shown(): number {
    return this.#recent.length;
  }

  #light(lit: Set<number>): void {
    for (const key of this.#lit) if (!lit.has(key)) this.instrument.highlight(key, null);
    this.#lit = lit;
  }

  #add(mark: PressMark): void {
    const key = mark.key === null ? null : this.instrument.layout!.keys[mark.key]!;
    if (key) {
      // On the key that is pressed, not in it.
      const on = this.instrument.toInstrument(mark.placeM.x, mark.placeM.y, mark.placeM.z);
      const height = key.black ? BLACK_HEIGHT_M : 0;
      if (on.y < height) mark.placeM = this.instrument.toStage(on.x, height, on.z);
      this.lastKey = keyName(key.midi);
    }
    this.#recent.push(mark);
    if (this.#recent.length > MAX_MARKS) this.#recent.shift();
    this.count++;
  }
}

