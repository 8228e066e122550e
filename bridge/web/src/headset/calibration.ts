import { type Quaternion, type Vector3, fromAxes } from "../protocol/index.js";
import { type Rigid, apply, compose } from "../stage/rigid.js";

/** Where an index fingertip touched three corners of an instrument, metres in any level frame. */
export interface Touches {
  frontLeft: Vector3;
  frontRight: Vector3;
  backLeft: Vector3;
}

export type Corner = keyof Touches;
/** In the order in which they are touched. */
export const CORNERS: readonly Corner[] = ["frontLeft", "frontRight", "backLeft"];

/** Size of the instrument that was touched. */
export interface Size {
  widthM: number;
  depthM: number;
}

/** Why three touches are refused: nearer things first. */
export type Refusal = "too_near" | "upside_down" | "tilted" | "width" | "residual";

/** What three touches say. */
export interface Calibration {
  /** Takes the instrument's frame (origin front left, x right, y up, z to the player) to the room. */
  pose: Rigid;
  /** Between the two front touches. */
  measuredWidthM: number;
  /** Root mean square distance of the touches from the corners of an instrument of known size. */
  residualM: number;
  refusal: Refusal | null;
}

// The rules of bridge/protocol/SPEC.md, section 16.

/** Touches nearer to each other than this span no plane worth having. */
export const LEAST_SPAN_M = 0.05;
/** An instrument's top is level within this. */
export const MAX_TILT_RAD = (20 * Math.PI) / 180;
/** The width may be off by this part of it, and by this much in any case. */
export const WIDTH_TOLERANCE = 0.03;
export const LEAST_WIDTH_TOLERANCE_M = 0.015;
/** Touches that fit worse than this are refused. */
export const MAX_RESIDUAL_M = 0.015;

/**
 * The instrument's frame from three touched corners: x along the front edge, y the normal of the
 * plane, and the middle of the front edge where the middle of the two front touches is.
 *
 * @param tipRadiusM from the tracked point of the fingertip to its skin: touches lie that much above.
 * @param up the room's up.
 */
export function calibrate(
  { frontLeft, frontRight, backLeft }: Touches,
  { widthM, depthM }: Size,
  tipRadiusM = 0,
  up: Vector3 = [0, 1, 0],
): Calibration {
  const along = minus(frontRight, frontLeft);
  const measuredWidthM = length(along);
  const x = scaled(along, 1 / (measuredWidthM || 1));
  const back = minus(backLeft, frontLeft);
  const across = minus(back, scaled(x, dot(back, x)));
  const acrossM = length(across);
  if (measuredWidthM < LEAST_SPAN_M || acrossM < LEAST_SPAN_M) {
    const pose: Rigid = { positionM: frontLeft, rotationQuat: [0, 0, 0, 1] };
    return { pose, measuredWidthM, residualM: Infinity, refusal: "too_near" };
  }
  const z = scaled(across, -1 / acrossM);
  const y = cross(z, x);
  const rotation = [0, 0, 0, 1];
  fromAxes(rotation, 0, x, y, z);
  const middle = scaled(plus(frontLeft, frontRight), 0.5);
  const corner = minus(middle, plus(scaled(x, widthM / 2), scaled(y, tipRadiusM)));
  const pose: Rigid = { positionM: corner, rotationQuat: rotation as unknown as Quaternion };
  const expected: Touches = {
    frontLeft: apply(pose, [0, tipRadiusM, 0]),
    frontRight: apply(pose, [widthM, tipRadiusM, 0]),
    backLeft: apply(pose, [0, tipRadiusM, -depthM]),
  };
  const touched = { frontLeft, frontRight, backLeft };
  const squares = CORNERS.map((name) => length(minus(touched[name], expected[name])) ** 2);
  const residualM = Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / CORNERS.length);
  return { pose, measuredWidthM, residualM, refusal: refusalOf() };

  function refusalOf(): Refusal | null {
    const level = dot(y, up) / length(up);
    if (level < -Math.cos(MAX_TILT_RAD)) return "upside_down";
    if (level < Math.cos(MAX_TILT_RAD)) return "tilted";
    const tolerance = Math.max(WIDTH_TOLERANCE * widthM, LEAST_WIDTH_TOLERANCE_M);
    if (Math.abs(measuredWidthM - widthM) > tolerance) return "width";
    return residualM > MAX_RESIDUAL_M ? "residual" : null;
  }
}

/** A step by hand: metres along the instrument's axes, and radians about the middle of its front. */
export interface Nudge {
  xM?: number;
  yM?: number;
  zM?: number;
  turnRad?: number;
}

/** The frame moved by a nudge. A positive turn brings the right end away from the player. */
export function nudged(pose: Rigid, widthM: number, nudge: Nudge): Rigid {
  const { xM = 0, yM = 0, zM = 0, turnRad = 0 } = nudge;
  const turn: Quaternion = [0, Math.sin(turnRad / 2), 0, Math.cos(turnRad / 2)];
  const middle: Vector3 = [widthM / 2, 0, 0];
  const [mx, my, mz] = apply({ positionM: [0, 0, 0], rotationQuat: turn }, middle);
  const step: Rigid = {
    positionM: [middle[0] - mx + xM, yM - my, zM - mz],
    rotationQuat: turn,
  };
  return compose(pose, step);
}

const plus = (a: Vector3, b: Vector3): Vector3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
const minus = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const scaled = (a: Vector3, by: number): Vector3 => [a[0] * by, a[1] * by, a[2] * by];
const dot = (a: Vector3, b: Vector3) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const length = (a: Vector3) => Math.hypot(a[0], a[1], a[2]);
const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
