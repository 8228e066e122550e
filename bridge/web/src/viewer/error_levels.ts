import { DISC, type MarkShape, SQUARE, TRIANGLE } from "../stage/marks.js";

/** How far off a finger is: said by a shape and in words, and by a colour only in addition. */
export interface ErrorLevel {
  shape: MarkShape;
  /** The shape as a character, for text. */
  sign: string;
  words: string;
}

export const CLOSE: ErrorLevel = { shape: DISC, sign: "●", words: "close" };
export const OFF: ErrorLevel = { shape: TRIANGLE, sign: "▲", words: "off" };
export const FAR: ErrorLevel = { shape: SQUARE, sign: "■", words: "far off" };

const CLOSE_FROM = 0.7;
const OFF_FROM = 0.3;

/** The level of a closeness, 1 to 0 (stage/finger_colors.ts); null where it is not known. */
export function errorLevel(closeness: number): ErrorLevel | null {
  if (!(closeness >= 0)) return null;
  if (closeness >= CLOSE_FROM) return CLOSE;
  return closeness >= OFF_FROM ? OFF : FAR;
}
