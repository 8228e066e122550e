import { type Quaternion, type Vector3, multiply, rotate } from "../protocol/index.js";

/** A place and a turn: takes coordinates of one frame to those of another, metres. */
export interface Rigid {
  readonly positionM: Vector3;
  /** xyzw */
  readonly rotationQuat: Quaternion;
}

export const IDENTITY: Rigid = { positionM: [0, 0, 0], rotationQuat: [0, 0, 0, 1] };

/** A point of the inner frame in the outer one. */
export function apply({ positionM, rotationQuat }: Rigid, point: ArrayLike<number>): Vector3 {
  const out = [0, 0, 0];
  rotate(out, 0, rotationQuat, 0, point[0]!, point[1]!, point[2]!);
  return [out[0]! + positionM[0], out[1]! + positionM[1], out[2]! + positionM[2]];
}

/** First `inner`, then `outer`. */
export function compose(outer: Rigid, inner: Rigid): Rigid {
  return {
    positionM: apply(outer, inner.positionM),
    rotationQuat: turned(outer.rotationQuat, inner.rotationQuat),
  };
}

export function invert({ positionM, rotationQuat }: Rigid): Rigid {
  const [x, y, z, w] = rotationQuat;
  const back: Quaternion = [-x, -y, -z, w];
  const [px, py, pz] = apply({ positionM: [0, 0, 0], rotationQuat: back }, positionM);
  return { positionM: [-px, -py, -pz], rotationQuat: back };
}

/** First `b`, then `a`. */
export function turned(a: Quaternion, b: Quaternion): Quaternion {
  const out = [0, 0, 0, 0];
  multiply(out, 0, a, 0, b, 0);
  return out as unknown as Quaternion;
}
