import { Vector3 } from "three";

import { N_BETAS } from "../protocol/index.js";
import type { HandMesh } from "./hand_mesh.js";

/** A hand's mesh, continued at the wrist by the end of a forearm that fades out. */
export interface EndedMesh extends HandMesh {
  /** Per vertex how much of it is seen: 1 on the hand, less towards the forearm's end. */
  fade: Float32Array;
}

const RINGS = 7;
const LENGTH_M = 0.06;
/** The very end is not quite clear: seen from the arm's side it is all that closes the hand. */
const END_FADE = 0.12;
const INFLUENCES = 4;
const MIDDLE_BASE = 9;

/**
 * Rounds off a mesh that is cut open at the wrist.
 *
 * Looked at from the arm's side, a cut hand is a hollow glove. Rings that continue the cut's edge
 * narrow like an ellipsoid and close behind it. New vertices move and take shape as the edge
 * vertices that they come from. A mesh without a cut gets no more than its fade.
 */
export function endAtWrist(mesh: HandMesh): EndedMesh {
  const vertices = mesh.verticesM.length / 3;
  const edge = cutEdge(mesh.faces);
  const fade: number[] = new Array(vertices).fill(1);
  if (edge.length === 0) return { ...mesh, fade: Float32Array.from(fade) };

  const along = new Vector3().fromArray(mesh.restJointsM, MIDDLE_BASE * 3).normalize();
  const point = (vertex: number) => new Vector3().fromArray(mesh.verticesM, vertex * 3);
  const corners = [...new Set(edge.flat())];
  const middle = corners
    .reduce((sum, vertex) => sum.add(point(vertex)), new Vector3())
    .divideScalar(corners.length);
  const builder = new MeshBuilder(mesh);

  let inner = new Map(corners.map((vertex) => [vertex, vertex]));
  for (let ring = 1; ring <= RINGS; ring++) {
    // Even angles around the ellipsoid: the rings lie closer where it curves more.
    const angle = (ring / RINGS) * (Math.PI / 2);
    const depth = Math.sin(angle);
    const ringMiddle = middle.clone().addScaledVector(along, -depth * LENGTH_M);
    const outer = new Map(
      corners.map((vertex) => {
        const spread = point(vertex).sub(middle);
        // A cut is not level; the rings behind it become so.
        spread.addScaledVector(along, -depth * spread.dot(along));
        fade.push(1 - (1 - END_FADE) * depth ** 2);
        return [
          vertex,
          builder.add(vertex, ringMiddle.clone().addScaledVector(spread, Math.cos(angle))),
        ];
      }),
    );
    for (const [a, b] of edge) {
      builder.triangle(inner.get(b)!, inner.get(a)!, outer.get(a)!);
      builder.triangle(inner.get(b)!, outer.get(a)!, outer.get(b)!);
    }
    inner = outer;
  }
  return { ...builder.build(), fade: Float32Array.from(fade) };
}

/** Edges (a, b) that only one face has, in that face's direction. */
function cutEdge(faces: Uint16Array): [number, number][] {
  const edges = new Map<string, [number, number]>();
  for (let i = 0; i < faces.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const a = faces[i + k]!;
      const b = faces[i + ((k + 1) % 3)]!;
      if (!edges.delete(`${b} ${a}`)) edges.set(`${a} ${b}`, [a, b]);
    }
  }
  return [...edges.values()];
}

/** Appends vertices that skin and shape like ones that are there. */
class MeshBuilder {
  readonly #mesh: HandMesh;
  readonly #sources: number[] = [];
  readonly #positions: number[] = [];
  readonly #faces: number[] = [];

  constructor(mesh: HandMesh) {
    this.#mesh = mesh;
  }

  add(source: number, { x, y, z }: Vector3): number {
    this.#positions.push(x, y, z);
    return this.#mesh.verticesM.length / 3 + this.#sources.push(source) - 1;
  }

  triangle(a: number, b: number, c: number): void {
    this.#faces.push(a, b, c);
  }

  build(): HandMesh {
    const mesh = this.#mesh;
    const copied = (values: Float32Array | Uint16Array | Uint8Array, width: number) =>
      this.#sources.flatMap((v) => [...values.subarray(v * width, (v + 1) * width)]);
    return {
      ...mesh,
      verticesM: Float32Array.of(...mesh.verticesM, ...this.#positions),
      faces: Uint16Array.of(...mesh.faces, ...this.#faces),
      skinIndex: Uint16Array.of(...mesh.skinIndex, ...copied(mesh.skinIndex, INFLUENCES)),
      skinWeight: Float32Array.of(...mesh.skinWeight, ...copied(mesh.skinWeight, INFLUENCES)),
      shapeDirsM: Float32Array.from([...mesh.shapeDirsM, ...copied(mesh.shapeDirsM, 3 * N_BETAS)]),
      ...(mesh.colors ? { colors: Uint8Array.of(...mesh.colors, ...copied(mesh.colors, 3)) } : {}),
    };
  }
}
