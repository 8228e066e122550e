import assert from "node:assert/strict";
import { test } from "node:test";

import { endAtWrist } from "../../src/stage/forearm.js";
import type { HandMesh } from "../../src/stage/hand_mesh.js";
import { restJoints } from "../hands.js";

/** A box along -x, open at its wrist end, x = 0.01. */
function openBox(): HandMesh {
  const corners = [0.01, -0.1].flatMap((x) =>
    [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
    ].flatMap(([y, z]) => [x, 0.02 * y!, 0.02 * z!]),
  );
  const faces: number[] = [4, 6, 5, 4, 7, 6];
  for (let i = 0; i < 4; i++) {
    const j = (i + 1) % 4;
    faces.push(i, i + 4, j, j, i + 4, j + 4);
  }
  return {
    side: 1,
    verticesM: Float32Array.from(corners),
    faces: Uint16Array.from(faces),
    skinIndex: Uint16Array.from({ length: 32 }, (_, i) => i % 4),
    skinWeight: Float32Array.from({ length: 32 }, (_, i) => (i % 4 ? 0 : 1)),
    shapeDirsM: Float32Array.from({ length: 8 * 3 * 10 }, (_, i) => i),
    restJointsM: restJoints(),
  };
}

/** Edges that only one face has. */
function openEdges(faces: ArrayLike<number>): number {
  const directed = new Set<string>();
  for (let i = 0; i < faces.length; i += 3) {
    for (let k = 0; k < 3; k++) directed.add(`${faces[i + k]} ${faces[i + ((k + 1) % 3)]}`);
  }
  return [...directed].filter((edge) => !directed.has(edge.split(" ").reverse().join(" "))).length;
}

test("the forearm continues the cut, away from the fingers, and narrows to a point", () => {
  const box = openBox();
  assert.equal(openEdges(box.faces), 4);
  const { verticesM, fade, faces } = endAtWrist(box);
  const added = Array.from({ length: verticesM.length / 3 - 8 }, (_, i) =>
    verticesM.subarray((8 + i) * 3, (9 + i) * 3),
  );
  assert.ok(added.every(([x]) => x! > 0.01));
  const last = added.slice(-4);
  for (const corner of last) {
    assert.ok(Math.hypot(corner[1]!, corner[2]!) < 0.006);
  }
  assert.deepEqual([...fade.subarray(0, 8)], new Array(8).fill(1));
  assert.ok(fade.subarray(8).every((value, i, all) => value < (all[i - 4] ?? 1)));
  // What stays open at the end has shrunk to one point: four edges of no length.
  assert.equal(openEdges(faces), 4);
});

test("new vertices skin and shape like the edge they come from", () => {
  const box = openBox();
  const { skinIndex, skinWeight, shapeDirsM, verticesM } = endAtWrist(box);
  const vertices = verticesM.length / 3;
  assert.equal(skinIndex.length, vertices * 4);
  assert.equal(skinWeight.length, vertices * 4);
  assert.equal(shapeDirsM.length, vertices * 30);
  const source = shapeDirsM[8 * 30]! / 30;
  assert.ok(Number.isInteger(source) && source < 4);
  assert.deepEqual(
    [...shapeDirsM.subarray(8 * 30, 9 * 30)],
    [...box.shapeDirsM.subarray(source * 30, source * 30 + 30)],
  );
});

test("a mesh without a cut stays as it is", () => {
  const box = openBox();
  const closed = { ...box, faces: Uint16Array.of(...box.faces, 0, 1, 2, 0, 2, 3) };
  const ended = endAtWrist(closed);
  assert.equal(ended.verticesM, closed.verticesM);
  assert.deepEqual([...ended.fade], new Array(8).fill(1));
});
