/** Edges that share one corner's fan of faces must stay simple: this many common neighbours. */
const MANIFOLD = 2;
/** A face may turn by up to about 50 degrees when a corner of it moves. */
const LEAST_COSINE = 0.64;

type Point = readonly [number, number, number];

/**
 * Faces of a coarser mesh over the same vertices: of a part of the triangles, for browsers that
 * draw without a GPU, where each triangle counts.
 *
 * Vertices are moved onto neighbours along the shortest edges (half-edge collapse, as in Hoppe
 * 1996, "Progressive meshes", with lengths in place of his energy), as long as no face turns over.
 * What is left uses the old vertices, so skin, shape and normals stay as they are.
 *
 * @param share of the triangles to keep, 0 to 1; more are kept where a hand would lose its form.
 */
export function coarserFaces(
  verticesM: ArrayLike<number>,
  faces: Uint16Array,
  share: number,
): Uint16Array {
  const triangles = Array.from({ length: faces.length / 3 }, (_, i) => [
    ...faces.subarray(i * 3, i * 3 + 3),
  ]);
  const goal = Math.round(triangles.length * share);
  const fans = new Map<number, Set<number>>();
  triangles.forEach((corners, index) => {
    for (const corner of corners) {
      if (!fans.has(corner)) fans.set(corner, new Set());
      fans.get(corner)!.add(index);
    }
  });
  const at = (v: number): Point => [verticesM[v * 3]!, verticesM[v * 3 + 1]!, verticesM[v * 3 + 2]!];
  const neighbours = (v: number) => {
    const around = new Set<number>();
    for (const index of fans.get(v) ?? []) for (const w of triangles[index]!) around.add(w);
    around.delete(v);
    return around;
  };
  const mayMove = (from: number, to: number) => {
    const mine = neighbours(from);
    // An open edge has corners with more neighbours than faces: it stays where it is.
    if (mine.size !== fans.get(from)!.size) return false;
    const theirs = neighbours(to);
    if ([...mine].filter((v) => theirs.has(v)).length !== MANIFOLD) return false;
    for (const index of fans.get(from)!) {
      const corners = triangles[index]!;
      if (corners.includes(to)) continue;
      const before = normal(corners.map(at));
      const after = normal(corners.map((v) => at(v === from ? to : v)));
      if (dot(before, after) < LEAST_COSINE) return false;
    }
    return true;
  };

  let left = triangles.length;
  while (left > goal) {
    const edges = [...fans.keys()].flatMap((from) =>
      [...neighbours(from)].map((to) => ({ from, to, length: distance(at(from), at(to)) })),
    );
    edges.sort((a, b) => a.length - b.length);
    // Each corner moves or is moved onto once a round, so that the mesh thins out evenly.
    const touched = new Set<number>();
    const before = left;
    for (const { from, to } of edges) {
      if (left <= goal) break;
      if (touched.has(from) || touched.has(to) || !mayMove(from, to)) continue;
      for (const v of neighbours(from)) touched.add(v);
      touched.add(from).add(to);
      for (const index of [...fans.get(from)!]) {
        const corners = triangles[index]!;
        if (corners.includes(to)) {
          for (const corner of corners) fans.get(corner)!.delete(index);
          left--;
        } else {
          corners[corners.indexOf(from)] = to;
          fans.get(to)!.add(index);
        }
      }
      fans.delete(from);
    }
    if (left === before) break;
  }
  const kept = new Set([...fans.values()].flatMap((fan) => [...fan]));
  return Uint16Array.from([...kept].sort((a, b) => a - b).flatMap((index) => triangles[index]!));
}

function normal(corners: Point[]): Point {
  const [a, b, c] = corners as [Point, Point, Point];
  const [ux, uy, uz] = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
  const [vx, vy, vz] = [c[0] - a[0], c[1] - a[1], c[2] - a[2]];
  const [x, y, z] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

function dot(a: Point, b: Point): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}
