import { Vector3 } from "three";

/** Where a camera stands to see the hands well, and the floor below them. */
export interface Framing {
  position: Vector3;
  target: Vector3;
  floorY: number;
}

/** From the first camera's side, raised and a little to the right: hands seem to stand in space. */
const DIRECTION = new Vector3(0.32, 0.42, 1).normalize();
/** A single small hand should not fill the screen. */
const MIN_RADIUS_M = 0.12;
const MARGIN = 1.12;
const FLOOR_GAP_M = 0.05;

/**
 * Frames points (n * 3, metres) with a perspective camera.
 *
 * @param fovYRad vertical field of view.
 * @param aspect width over height.
 */
export function frame(pointsM: ArrayLike<number>, fovYRad: number, aspect: number): Framing {
  const low = new Vector3(Infinity, Infinity, Infinity);
  const high = low.clone().negate();
  for (let i = 0; i < pointsM.length; i += 3) {
    const point = new Vector3().fromArray(pointsM, i);
    low.min(point);
    high.max(point);
  }
  const target = low.clone().add(high).multiplyScalar(0.5);
  const radiusM = Math.max(MIN_RADIUS_M, low.distanceTo(high) / 2);
  const halfY = fovYRad / 2;
  const halfX = Math.atan(Math.tan(halfY) * aspect);
  const distanceM = (MARGIN * radiusM) / Math.sin(Math.min(halfX, halfY));
  return {
    target,
    position: target.clone().addScaledVector(DIRECTION, distanceM),
    floorY: low.y - FLOOR_GAP_M,
  };
}
