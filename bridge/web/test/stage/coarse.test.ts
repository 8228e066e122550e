import assert from "node:assert/strict";
import { test } from "node:test";

import { IcosahedronGeometry } from "three";
import { mergeVertices } from "three/addons/utils/BufferGeometryUtils.js";

import { coarserFaces } from "../../src/stage/coarse.js";

/** A closed ball of some hundred triangles, as vertices and faces. */
function ball(): { verticesM: Float32Array; faces: Uint16Array } {
  const geometry = new IcosahedronGeometry(1, 6);
  for (const name of ["normal", "uv"]) geometry.deleteAttribute(name);
  const merged = mergeVertices(geometry, 1e-4);
  return {
    verticesM: merged.getAttribute("position").array as Float32Array,
    faces: Uint16Array.from(merged.getIndex()!.array),
  };
}

test("a coarser ball is still a closed ball of the same vertices, facing outwards", () => {
  const { verticesM, faces } = ball();
  const coarse = coarserFaces(verticesM, faces, 0.4);
  assert.ok(coarse.length <= 0.45 * faces.length, `${coarse.length} of ${faces.length}`);
  const edges = new Map<string, number>();
  for (let i = 0; i < coarse.length; i += 3) {
    const corners = [...coarse.subarray(i, i + 3)];
    assert.equal(new Set(corners).size, 3);
    for (let k = 0; k < 3; k++) {
      const edge = `${corners[k]} ${corners[(k + 1) % 3]}`;
      edges.set(edge, (edges.get(edge) ?? 0) + 1);
    }
    const [a, b, c] = corners.map((v) => [...verticesM.subarray(v * 3, v * 3 + 3)]);
    const [u, v] = [b!, c!].map((p) => p.map((value, axis) => value - a![axis]!));
    const normal = [0, 1, 2].map(
      (x) => u![(x + 1) % 3]! * v![(x + 2) % 3]! - u![(x + 2) % 3]! * v![(x + 1) % 3]!,
    );
    assert.ok(normal.reduce((sum, value, axis) => sum + value * a![axis]!, 0) > 0);
  }
  // Closed: each edge is in two faces, once each way.
  for (const edge of edges.keys()) {
    assert.equal(edges.get(edge), 1);
    assert.ok(edges.has(edge.split(" ").reverse().join(" ")));
  }
});

test("an open edge stays where it is", () => {
  const verticesM = Float32Array.of(0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0);
  const faces = Uint16Array.of(0, 1, 2, 0, 2, 3);
  assert.deepEqual(coarserFaces(verticesM, faces, 0.1), faces);
});
