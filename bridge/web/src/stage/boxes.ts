import type { BufferAttribute, Color } from "three";

type Point = readonly [number, number, number];

/** Vertices of a box's five faces: none looks at what stands on the table. */
export const VERTICES_PER_BOX = 20;
/** Brightness of the top, front, back, left and right face, lit from above and a little ahead. */
const SHADES = [1, 0.74, 0.5, 0.6, 0.66];

/** Merges shaded boxes into one mesh, so that many of them cost one draw call. */
export class BoxBuilder {
  readonly #positions: number[] = [];
  readonly #indices: number[] = [];
  count = 0;

  /**
   * Adds a box from its lower left back corner to its upper right front one, metres.
   *
   * @param flareM how much narrower the top is on each side; `slopeM`, how much its front recedes.
   */
  add(low: Point, high: Point, { flareM = 0, slopeM = 0 } = {}): void {
    const [x0, y0, z0] = low;
    const [x1, y1, z1] = high;
    const [u0, u1, w1] = [x0 + flareM, x1 - flareM, z1 - slopeM];
    // Each face's corners run counter-clockwise as seen from outside.
    const faces: Point[][] = [
      [[u0, y1, w1], [u1, y1, w1], [u1, y1, z0], [u0, y1, z0]],
      [[x0, y0, z1], [x1, y0, z1], [u1, y1, w1], [u0, y1, w1]],
      [[x1, y0, z0], [x0, y0, z0], [u0, y1, z0], [u1, y1, z0]],
      [[x0, y0, z0], [x0, y0, z1], [u0, y1, w1], [u0, y1, z0]],
      [[x1, y0, z1], [x1, y0, z0], [u1, y1, z0], [u1, y1, w1]],
    ];
    for (const face of faces) {
      const first = this.#positions.length / 3;
      this.#positions.push(...face.flat());
      this.#indices.push(first, first + 1, first + 2, first, first + 2, first + 3);
    }
    this.count++;
  }

  get positionsM(): Float32Array {
    return Float32Array.from(this.#positions);
  }

  get indices(): Uint16Array {
    return Uint16Array.from(this.#indices);
  }

  /** Writes a colour, shaded by face, into the vertex colours of one box. */
  paint(box: number, color: Color, colors: BufferAttribute): void {
    for (let vertex = 0; vertex < VERTICES_PER_BOX; vertex++) {
      const shade = SHADES[Math.floor(vertex / 4)]!;
      const at = box * VERTICES_PER_BOX + vertex;
      colors.setXYZ(at, color.r * shade, color.g * shade, color.b * shade);
    }
    colors.needsUpdate = true;
  }
}
