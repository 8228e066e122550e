import { isMap } from "../protocol/fields.js";
import { type PackedMap, unpack } from "../protocol/msgpack.js";
import { N_BETAS, N_JOINTS, N_KEYPOINTS, SIDE_NAMES, type Side } from "../protocol/index.js";

/** Skinning joints a vertex can have in a GPU's vertex shader. */
const INFLUENCES = 4;

/** A hand model's mesh, as a bridge serves it at /hands/{side}.msgpack. */
export interface HandMesh {
  side: Side;
  /** (V * 3) rest vertices at betas 0, metres, wrist at the origin. */
  verticesM: Float32Array;
  /** (F * 3) vertex indices. */
  faces: Uint16Array;
  /** (V * 4) joints that move each vertex most, and how much; each vertex's weights add up to 1. */
  skinIndex: Uint16Array;
  skinWeight: Float32Array;
  /** (V * 3 * 10) change of each rest coordinate per unit of each shape value. */
  shapeDirsM: Float32Array;
  /** (21 * 3) rest keypoints at betas 0. */
  restJointsM: Float32Array;
  /** (V * 3) a player's skin, sRGB, where the bridge knows it. */
  colors?: Uint8Array;
}

/** A mesh document that cannot be fetched or used. */
export class MeshError extends Error {
  override readonly name = "MeshError";
}

/** Fetches the mesh of one hand from a bridge. @throws MeshError */
export async function fetchHandMesh(side: Side): Promise<HandMesh> {
  const url = `/hands/${SIDE_NAMES[side]}.msgpack`;
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    throw new MeshError("the bridge does not answer");
  }
  if (!response.ok) throw new MeshError(`${url} answered ${response.status}`);
  return parseHandMesh(new Uint8Array(await response.arrayBuffer()));
}

/** Reads a mesh document. @throws MeshError when it is not one. */
export function parseHandMesh(bytes: Uint8Array): HandMesh {
  let value;
  try {
    value = unpack(bytes);
  } catch (error) {
    throw new MeshError(`not a hand mesh: ${(error as Error).message}`);
  }
  if (!isMap(value)) throw new MeshError("not a hand mesh: no map");
  const { side } = value;
  if (side !== 0n && side !== 1n) throw new MeshError("not a hand mesh: side is neither 0 nor 1");
  const verticesM = array(value, "vertices_m", Float32Array);
  const vertices = verticesM.length / 3;
  const faces = array(value, "faces", Uint16Array);
  if (!Number.isInteger(vertices) || faces.length % 3 || faces.some((i) => i >= vertices)) {
    throw new MeshError("not a hand mesh: faces and vertices do not fit");
  }
  return {
    side: Number(side) as Side,
    verticesM,
    faces,
    ...strongestWeights(array(value, "weights", Float32Array, vertices * N_JOINTS)),
    shapeDirsM: array(value, "shape_dirs_m", Float32Array, vertices * 3 * N_BETAS),
    restJointsM: array(value, "rest_joints_m", Float32Array, N_KEYPOINTS * 3),
    ...("colours" in value ? { colors: array(value, "colours", Uint8Array, vertices * 3) } : {}),
  };
}

/** Rest vertices (V * 3) of a person's hand with these shape values. */
export function shapedVertices(mesh: HandMesh, betas: ArrayLike<number>): Float32Array {
  return mesh.verticesM.map((value, i) => {
    let shaped = value;
    for (let k = 0; k < N_BETAS; k++) shaped += mesh.shapeDirsM[i * N_BETAS + k]! * betas[k]!;
    return shaped;
  });
}

/** Keeps each vertex's four strongest of 16 weights, scaled to add up to 1. */
export function strongestWeights(
  weights: Float32Array,
): Pick<HandMesh, "skinIndex" | "skinWeight"> {
  const vertices = weights.length / N_JOINTS;
  const skinIndex = new Uint16Array(vertices * INFLUENCES);
  const skinWeight = new Float32Array(vertices * INFLUENCES);
  for (let v = 0; v < vertices; v++) {
    const row = weights.subarray(v * N_JOINTS, (v + 1) * N_JOINTS);
    const strongest = [...row.keys()].sort((a, b) => row[b]! - row[a]!).slice(0, INFLUENCES);
    const sum = strongest.reduce((total, joint) => total + row[joint]!, 0);
    if (!(sum > 0)) throw new MeshError(`not a hand mesh: no joint moves vertex ${v}`);
    strongest.forEach((joint, i) => {
      skinIndex[v * INFLUENCES + i] = joint;
      skinWeight[v * INFLUENCES + i] = row[joint]! / sum;
    });
  }
  return { skinIndex, skinWeight };
}

function array<T extends Float32Array | Uint16Array | Uint8Array>(
  document: PackedMap,
  name: string,
  type: { new (buffer: ArrayBuffer): T; readonly BYTES_PER_ELEMENT: number },
  length?: number,
): T {
  const bytes = document[name];
  if (!(bytes instanceof Uint8Array) || bytes.byteLength % type.BYTES_PER_ELEMENT) {
    throw new MeshError(`not a hand mesh: ${name} is no array`);
  }
  const values = new type(bytes.slice().buffer);
  if (length !== undefined && values.length !== length) {
    throw new MeshError(`not a hand mesh: ${name} has ${values.length} values, not ${length}`);
  }
  return values;
}
