/** Quaternions (x, y, z, w) inside flat arrays: the few operations that poses need. */

export type NumberArray = Float32Array | Float64Array | number[];

/** Writes the product a * b (first b, then a) to `out`; `out` may be either factor. */
export function multiply(
  out: NumberArray,
  o: number,
  a: ArrayLike<number>,
  i: number,
  b: ArrayLike<number>,
  j: number,
): void {
  const ax = a[i]!,
    ay = a[i + 1]!,
    az = a[i + 2]!,
    aw = a[i + 3]!;
  const bx = b[j]!,
    by = b[j + 1]!,
    bz = b[j + 2]!,
    bw = b[j + 3]!;
  out[o] = aw * bx + ax * bw + ay * bz - az * by;
  out[o + 1] = aw * by - ax * bz + ay * bw + az * bx;
  out[o + 2] = aw * bz + ax * by - ay * bx + az * bw;
  out[o + 3] = aw * bw - ax * bx - ay * by - az * bz;
}

/** Writes the vector (x, y, z) turned by the unit quaternion q[i..i+3] to `out`. */
export function rotate(
  out: NumberArray,
  o: number,
  q: ArrayLike<number>,
  i: number,
  x: number,
  y: number,
  z: number,
): void {
  const qx = q[i]!,
    qy = q[i + 1]!,
    qz = q[i + 2]!,
    qw = q[i + 3]!;
  // v + 2 w (u x v) + 2 u x (u x v), with u the vector part.
  const tx = 2 * (qy * z - qz * y);
  const ty = 2 * (qz * x - qx * z);
  const tz = 2 * (qx * y - qy * x);
  out[o] = x + qw * tx + qy * tz - qz * ty;
  out[o + 1] = y + qw * ty + qz * tx - qx * tz;
  out[o + 2] = z + qw * tz + qx * ty - qy * tx;
}

/**
 * Writes the shortest-arc interpolation between two unit quaternions to `out`.
 *
 * q and -q are the same rotation, so the sign of `b` is flipped where that is nearer: the wire's
 * w >= 0 alone does not make neighbours continuous.
 */
export function slerp(
  out: NumberArray,
  o: number,
  a: ArrayLike<number>,
  i: number,
  b: ArrayLike<number>,
  j: number,
  t: number,
): void {
  let dot = 0;
  for (let k = 0; k < 4; k++) dot += a[i + k]! * b[j + k]!;
  const sign = dot < 0 ? -1 : 1;
  dot = Math.min(1, dot * sign);
  let fromA = 1 - t;
  let fromB = t;
  // Below about 1 degree sin(angle) loses digits, and a straight line is as good.
  if (dot < 0.9999) {
    const angle = Math.acos(dot);
    fromA = Math.sin((1 - t) * angle) / Math.sin(angle);
    fromB = Math.sin(t * angle) / Math.sin(angle);
  }
  let norm = 0;
  for (let k = 0; k < 4; k++) {
    const value = fromA * a[i + k]! + fromB * sign * b[j + k]!;
    out[o + k] = value;
    norm += value * value;
  }
  norm = Math.sqrt(norm);
  for (let k = 0; k < 4; k++) out[o + k] = out[o + k]! / norm;
}

type Axis = readonly [number, number, number];

/**
 * Writes the turn that takes x, y and z to these axes (orthogonal, right-handed, of length 1), by
 * its largest component (Shepperd 1978).
 */
export function fromAxes(out: NumberArray, o: number, x: Axis, y: Axis, z: Axis): void {
  const trace = x[0] + y[1] + z[2];
  const squares = [1 + 2 * x[0] - trace, 1 + 2 * y[1] - trace, 1 + 2 * z[2] - trace, 1 + trace];
  const q = [
    [squares[0]!, x[1] + y[0], z[0] + x[2], y[2] - z[1]],
    [x[1] + y[0], squares[1]!, y[2] + z[1], z[0] - x[2]],
    [z[0] + x[2], y[2] + z[1], squares[2]!, x[1] - y[0]],
    [y[2] - z[1], z[0] - x[2], x[1] - y[0], squares[3]!],
  ][squares.indexOf(Math.max(...squares))]!;
  const norm = Math.hypot(...q);
  for (let k = 0; k < 4; k++) out[o + k] = q[k]! / norm;
}
