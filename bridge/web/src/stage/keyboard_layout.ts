/**
 * Where the keys of a keyboard lie, from an anchor's instrument name alone. No DOM, no three.js.
 *
 * Sizes and names as in bridge/model/anchor/instruments.py and drawing.py. The frame is the whole
 * keyboard's: the origin is its front left corner on the white keys' tops, x along the front edge,
 * y up, z towards the player.
 */

/** From one white key to the next: an octave is 164 to 165 mm on pianos. */
export const KEY_PITCH_M = 0.0235;
/** The visible part of a white key, front to back. */
export const KEY_DEPTH_M = 0.15;
/** How far a black key reaches from the back edge, how high it is, how wide its top is. */
export const BLACK_REACH_M = 0.09;
export const BLACK_HEIGHT_M = 0.012;
export const BLACK_WIDTH_M = 0.01;

/** Centres of black keys from the gap after C, D, F, G, A: keys pass the fallboard in even steps. */
const BLACK_ASIDE_M: Readonly<Record<number, number>> = {
  0: -0.0023,
  1: 0.0023,
  3: -0.0034,
  4: 0,
  5: 0.0034,
};
const WHITE_NAMES = "CDEFGAB";
const SEMITONES = [0, 2, 4, 5, 7, 9, 11];
/** Lowest and highest key, C4 being the middle C. */
const COMPASS: Readonly<Record<string, readonly [string, string]>> = {
  88: ["A0", "C8"],
  76: ["E1", "G7"],
  61: ["C2", "C7"],
  49: ["C2", "C6"],
};
const NAME = /^piano-(88|76|61|49)(?::([a-g][0-8])-([a-g][0-8]))?$/;

/** One key: the rectangle that a finger can press, metres in the keyboard's frame. */
export interface PianoKey {
  /** MIDI's number: middle C is 60. */
  midi: number;
  black: boolean;
  leftM: number;
  rightM: number;
  /** z of the edge towards the player, and of the back edge, which is less. */
  frontM: number;
  backM: number;
}

/** All keys of one keyboard. */
export interface KeyboardLayout {
  /** From left to right; a black key comes after the white one on its left. */
  keys: readonly PianoKey[];
  whiteKeys: number;
  widthM: number;
  /** Left edge and width of the part that an anchor's size and place are of; else the whole. */
  part: { leftM: number; widthM: number };
}

/** The keyboard that an instrument's name means; null where it is none (`a4`, `0.4x0.3`). */
export function keyboardLayout(instrument: string): KeyboardLayout | null {
  const match = NAME.exec(instrument.trim().toLowerCase());
  if (!match) return null;
  const [low, high] = COMPASS[match[1]!]!.map(whiteNumber) as [number, number];
  const first = match[2] ? whiteNumber(match[2]) : low;
  const last = match[3] ? whiteNumber(match[3]) : high;
  if (first < low || last > high || first > last) return null;

  const keys: PianoKey[] = [];
  for (let white = low; white <= high; white++) {
    const leftM = (white - low) * KEY_PITCH_M;
    const rightM = leftM + KEY_PITCH_M;
    const midi = 12 * (Math.floor(white / 7) + 1) + SEMITONES[white % 7]!;
    keys.push({ midi, black: false, leftM, rightM, frontM: 0, backM: -KEY_DEPTH_M });
    const asideM = BLACK_ASIDE_M[white % 7];
    if (asideM === undefined || white === high) continue;
    keys.push({
      midi: midi + 1,
      black: true,
      leftM: rightM + asideM - BLACK_WIDTH_M / 2,
      rightM: rightM + asideM + BLACK_WIDTH_M / 2,
      frontM: BLACK_REACH_M - KEY_DEPTH_M,
      backM: -KEY_DEPTH_M,
    });
  }
  return {
    keys,
    whiteKeys: high - low + 1,
    widthM: (high - low + 1) * KEY_PITCH_M,
    part: { leftM: (first - low) * KEY_PITCH_M, widthM: (last - first + 1) * KEY_PITCH_M },
  };
}

/** Index of the key below a place on the keyboard, metres in its frame; null beside all keys. */
export function keyAt(layout: KeyboardLayout, xM: number, zM: number): number | null {
  let below: number | null = null;
  for (const [index, key] of layout.keys.entries()) {
    if (xM < key.leftM || xM >= key.rightM || zM > key.frontM || zM < key.backM) continue;
    if (key.black) return index;
    below = index;
  }
  return below;
}

/** Name of a key for people: `C4`, `F#3`. */
export function keyName(midi: number): string {
  const step = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"][midi % 12]!;
  return `${step}${Math.floor(midi / 12) - 1}`;
}

/** A white key's place, counted in white keys from C0. */
function whiteNumber(note: string): number {
  return 7 * Number(note[1]) + WHITE_NAMES.indexOf(note[0]!.toUpperCase());
}
