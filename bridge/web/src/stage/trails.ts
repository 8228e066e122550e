import {
  BufferAttribute,
  BufferGeometry,
  type Color,
  DoubleSide,
  DynamicDrawUsage,
  Mesh,
  ShaderMaterial,
} from "three";

/** How long a trail is, and at most how many points it has: what is older is forgotten. */
export const TRAIL_MS = 900;
export const TRAIL_POINTS = 36;
/** A point that has not moved so far makes no new one. */
const STEP_M = 0.0015;
/** Half the width of a trail at the fingertip. */
const HALF_WIDTH_M = 0.0022;

/** The recent path of one fingertip: a ring of places and times, bounded. */
export class TrailPath {
  readonly placesM = new Float32Array(TRAIL_POINTS * 3);
  readonly timesMs = new Float64Array(TRAIL_POINTS);
  #first = 0;
  length = 0;

  /** Index of the i-th point, oldest first. */
  at(i: number): number {
    return (this.#first + i) % TRAIL_POINTS;
  }

  /** Takes where the fingertip is now, and forgets what is too old. */
  push(nowMs: number, x: number, y: number, z: number): void {
    this.forget(nowMs);
    if (this.length > 1) {
      // The newest point follows the fingertip until it has gone a step from the one before.
      const before = this.at(this.length - 2) * 3;
      const dx = x - this.placesM[before]!;
      const dy = y - this.placesM[before + 1]!;
      const dz = z - this.placesM[before + 2]!;
      if (dx * dx + dy * dy + dz * dz < STEP_M * STEP_M) this.length--;
    }
    if (this.length === TRAIL_POINTS) {
      this.#first = this.at(1);
      this.length--;
    }
    const slot = this.at(this.length++);
    this.placesM.set([x, y, z], slot * 3);
    this.timesMs[slot] = nowMs;
  }

  forget(nowMs: number): void {
    while (this.length > 0 && nowMs - this.timesMs[this.#first]! > TRAIL_MS) {
      this.#first = this.at(1);
      this.length--;
    }
  }

  clear(): void {
    this.length = 0;
  }
}

/** Fading ribbons behind fingertips, in one draw call. */
export class Trails {
  readonly #paths: TrailPath[];
  readonly #colors: Color[];
  readonly #places: BufferAttribute;
  readonly #nexts: BufferAttribute;
  readonly #tints: BufferAttribute;
  readonly #geometry = new BufferGeometry();
  readonly object: Mesh;

  /** @param colors of each trail, written to the screen as they are (sRGB). */
  constructor(colors: Color[], renderOrder: number) {
    this.#colors = colors;
    this.#paths = colors.map(() => new TrailPath());
    const vertices = colors.length * TRAIL_POINTS * 2;
    const attribute = (width: number) =>
      new BufferAttribute(new Float32Array(vertices * width), width).setUsage(DynamicDrawUsage);
    this.#places = attribute(4);
    this.#nexts = attribute(3);
    this.#tints = attribute(4);
    const indices: number[] = [];
    for (let quad = 0; quad < vertices / 2 - 1; quad++) {
      const a = quad * 2;
      indices.push(a, a + 1, a + 2, a + 2, a + 1, a + 3);
    }
    this.#geometry.setIndex(indices);
    this.#geometry.setAttribute("place", this.#places);
    this.#geometry.setAttribute("next", this.#nexts);
    this.#geometry.setAttribute("tint", this.#tints);
    const material = new ShaderMaterial({
      transparent: true,
      depthWrite: false,
      side: DoubleSide,
      // The fourth part of a place is half the ribbon's width there, signed by its side.
      vertexShader: `
        attribute vec4 place;
        attribute vec3 next;
        attribute vec4 tint;
        varying vec4 vTint;
        void main() {
          vTint = tint;
          vec4 here = modelViewMatrix * vec4( place.xyz, 1.0 );
          vec2 along = ( modelViewMatrix * vec4( next, 1.0 ) ).xy - here.xy;
          float reach = length( along );
          vec2 aside = reach > 1e-6 ? vec2( -along.y, along.x ) / reach : vec2( 0.0 );
          here.xy += aside * place.w;
          gl_Position = projectionMatrix * here;
        }`,
      fragmentShader: "varying vec4 vTint;\nvoid main() { gl_FragColor = vTint; }",
    });
    this.object = new Mesh(this.#geometry, material);
    this.object.frustumCulled = false;
    this.object.renderOrder = renderOrder;
    this.object.visible = false;
  }

  setColors(colors: readonly Color[]): void {
    colors.forEach((color, i) => this.#colors[i]?.copy(color));
  }

  push(trail: number, nowMs: number, x: number, y: number, z: number): void {
    this.#paths[trail]?.push(nowMs, x, y, z);
  }

  clear(): void {
    for (const path of this.#paths) path.clear();
    this.object.visible = false;
  }

  /** Points kept, of all trails. */
  get points(): number {
    return this.#paths.reduce((sum, path) => sum + path.length, 0);
  }

  /** Writes the ribbons as they are now. */
  update(nowMs: number): void {
    let vertex = 0;
    for (const [trail, path] of this.#paths.entries()) {
      path.forget(nowMs);
      if (path.length < 2) continue;
      const color = this.#colors[trail]!;
      for (let i = 0; i < path.length; i++) {
        const here = path.at(i);
        const from = path.at(Math.min(i, path.length - 2)) * 3;
        const to = path.at(Math.min(i, path.length - 2) + 1) * 3;
        const age = Math.min(1, (nowMs - path.timesMs[here]!) / TRAIL_MS);
        // Ends have no width: the strip goes on to the next trail unseen.
        const end = i === 0 || i === path.length - 1;
        const width = end ? 0 : HALF_WIDTH_M * (1 - 0.7 * age);
        const [x, y, z] = path.placesM.subarray(here * 3, here * 3 + 3) as unknown as number[];
        for (const side of [1, -1]) {
          this.#places.setXYZW(vertex, x!, y!, z!, side * width);
          this.#nexts.setXYZ(
            vertex,
            x! + path.placesM[to]! - path.placesM[from]!,
            y! + path.placesM[to + 1]! - path.placesM[from + 1]!,
            z! + path.placesM[to + 2]! - path.placesM[from + 2]!,
          );
          this.#tints.setXYZW(vertex, color.r, color.g, color.b, 0.85 * (1 - age) ** 1.5);
          vertex++;
        }
      }
    }
    this.#geometry.setDrawRange(0, Math.max(0, vertex / 2 - 1) * 6);
    this.object.visible = vertex > 0;
    if (vertex === 0) return;
    for (const values of [this.#places, this.#nexts, this.#tints]) values.needsUpdate = true;
  }
}
