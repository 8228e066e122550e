/**
 * Changes between coordinate frames, as bridge/protocol/coordinates.py (SPEC.md, section 9): exact
 * permutations and sign changes, each undone by itself. Quaternions are xyzw; results have w >= 0.
 */

export type Vector3 = readonly [number, number, number];
export type Quaternion = readonly [number, number, number, number];

/** OpenCV camera <-> stage, metres. */
export const opencvOpenxrPosition = ([x, y, z]: Vector3): Vector3 => [x, -y, -z];
/** The world's axes change, the turned thing keeps its own: a hand's wrist. */
export const opencvOpenxrOrientation = ([x, y, z, w]: Quaternion) => positive(w, -z, y, -x);
/** All axes change, as for a turn between two cameras. */
export const opencvOpenxrRotation = ([x, y, z, w]: Quaternion) => positive(x, -y, -z, w);

/** Stage <-> Unity, metres. */
export const openxrUnityPosition = ([x, y, z]: Vector3): Vector3 => [x, y, -z];
/** Stage <-> Unity, in the world and against a parent. */
export const openxrUnityRotation = ([x, y, z, w]: Quaternion) => positive(-x, -y, z, w);

/** Left hand <-> right hand, metres. */
export const mirrorPosition = ([x, y, z]: Vector3): Vector3 => [-x, y, z];
/** Left hand <-> right hand. */
export const mirrorRotation = ([x, y, z, w]: Quaternion) => positive(x, -y, -z, w);

function positive(x: number, y: number, z: number, w: number): Quaternion {
  return w < 0 ? [-x, -y, -z, -w] : [x, y, z, w];
}
