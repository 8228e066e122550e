import type { Corner } from "./calibration.js";

const LINE = "#b7c3d6";
const MARK = "#f0b23e";
const WHITE_KEYS = 14;
const DEPTH = 0.3;
/** After these white keys of an octave comes a black one. */
const BLACK_AFTER = [0, 1, 3, 4, 5];

/** Draws a keyboard from above, as its player sees it, with one corner marked. */
export function drawCorner(
  g: CanvasRenderingContext2D,
  corner: Corner,
  x: number,
  y: number,
  width: number,
): void {
  const height = width * DEPTH;
  const key = width / WHITE_KEYS;
  g.strokeStyle = LINE;
  g.fillStyle = LINE;
  g.lineWidth = 3;
  g.strokeRect(x, y, width, height);
  g.lineWidth = 1.5;
  g.beginPath();
  for (let white = 1; white < WHITE_KEYS; white++) {
    g.moveTo(x + white * key, y);
    g.lineTo(x + white * key, y + height);
    if (!BLACK_AFTER.includes((white - 1) % 7)) continue;
    g.fillRect(x + (white - 0.3) * key, y, 0.6 * key, 0.6 * height);
  }
  g.stroke();
  g.beginPath();
  const atX = corner === "frontRight" ? x + width : x;
  const atY = corner === "backLeft" ? y : y + height;
  g.arc(atX, atY, width * 0.045, 0, 2 * Math.PI);
  g.fillStyle = MARK;
  g.fill();
  g.lineWidth = 4;
  g.strokeStyle = "#101621";
  g.stroke();
}
