import { Vector3 } from "three";

/** Where a camera stands to see the hands well, and the floor below them. */
export interface Framing {
  position: Vector3;
  target: Vector3;
  floorY: number;
}

/** Where a camera stands, as seen from what it looks at. */
export const DIRECTIONS = {
  /** From the first camera's side, raised and a little to the right: hands stand in space. */
  front: new Vector3(0.32, 0.42, 1),
  /** From where a player's eyes are. */
  player: new Vector3(0, 1.1, 1),
  /** From above; a hair towards the player, so that the picture's up stays away from them. */
  top: new Vector3(0, 1, 0.02),
  left: new Vector3(-1, 0.28, 0.05),
  right: new Vector3(1, 0.28, 0.05),
} as const satisfies Record<string, Vector3>;
export type Preset = keyof typeof DIRECTIONS;
/** Part of the picture's height and width that the hands may take. */
const FILL = 0.64;
/** A single small hand should not fill the screen. */
const MIN_DISTANCE_M = 0.36;
const FLOOR_GAP_M = 0.05;

/**
 * Frames points (n * 3, metres) with a perspective camera.
 *
 * @param fovYRad vertical field of view.
 * @param aspect width over height.
 * @param from where the camera stands, as seen from the points.
 */
export function frame(
  pointsM: ArrayLike<number>,
  fovYRad: number,
  aspect: number,
  from: Preset = "front",
): Framing {
  const direction = DIRECTIONS[from].clone().normalize();
  const right = new Vector3().crossVectors(new Vector3(0, 1, 0), direction).normalize();
  const up = new Vector3().crossVectors(direction, right);
  const axes = [right, up, direction] as const;
  const points = Array.from({ length: pointsM.length / 3 }, (_, i) => {
    const point = new Vector3().fromArray(pointsM, i * 3);
    return axes.map((axis) => point.dot(axis)) as [number, number, number];
  });
  const centre = axes.map((_, k) => {
    const along = points.map((point) => point[k]!);
    return (Math.min(...along) + Math.max(...along)) / 2;
  }) as [number, number, number];

  const tanY = FILL * Math.tan(fovYRad / 2);
  const tans = [tanY * aspect, tanY] as const;
  let distanceM = MIN_DISTANCE_M;
  // What is nearer looks larger, so the middle of the picture is not the middle of the points:
  // the camera slides sideways to it, which changes little after a few rounds.
  for (let round = 0; round < 4; round++) {
    // A point is inside where its sideways distance over its depth stays below the tangent: each
    // point asks for a distance, and the largest counts.
    distanceM = Math.max(
      MIN_DISTANCE_M,
      ...points.flatMap((point) =>
        tans.map((tan, k) => Math.abs(point[k]! - centre[k]!) / tan + point[2] - centre[2]),
      ),
    );
    for (const k of [0, 1] as const) {
      const seen = points.map((p) => (p[k] - centre[k]) / (distanceM - (p[2] - centre[2])));
      centre[k] += ((Math.min(...seen) + Math.max(...seen)) / 2) * distanceM;
    }
  }

  const target = new Vector3();
  axes.forEach((axis, k) => target.addScaledVector(axis, centre[k]!));
  const lowest = Math.min(...Array.from({ length: points.length }, (_, i) => pointsM[i * 3 + 1]!));
  return {
    target,
    position: target.clone().addScaledVector(direction, distanceM),
    floorY: lowest - FLOOR_GAP_M,
  };
}
