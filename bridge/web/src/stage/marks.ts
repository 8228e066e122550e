import {
  type Color,
  DynamicDrawUsage,
  InstancedBufferAttribute,
  InstancedBufferGeometry,
  Mesh,
  PlaneGeometry,
  ShaderMaterial,
} from "three";

/** What a mark looks like: told apart without any colour. */
export const DISC = 0;
export const RING = 1;
export const TRIANGLE = 2;
export const SQUARE = 3;
export type MarkShape = typeof DISC | typeof RING | typeof TRIANGLE | typeof SQUARE;

/** Small flat signs that face the eye, all in one draw call. */
export class Marks {
  readonly #places: InstancedBufferAttribute;
  readonly #tints: InstancedBufferAttribute;
  readonly #shapes: InstancedBufferAttribute;
  readonly #geometry = new InstancedBufferGeometry();
  readonly object: Mesh;
  #count = 0;

  /**
   * @param capacity more marks than this are not drawn.
   * @param onTop drawn over everything, or hidden by what is nearer.
   */
  constructor(
    readonly capacity: number,
    { onTop, renderOrder }: { onTop: boolean; renderOrder: number },
  ) {
    const attribute = (width: number) => {
      const values = new InstancedBufferAttribute(new Float32Array(capacity * width), width);
      return values.setUsage(DynamicDrawUsage);
    };
    this.#places = attribute(4);
    this.#tints = attribute(4);
    this.#shapes = attribute(1);
    const plane = new PlaneGeometry(2, 2);
    this.#geometry.setIndex(plane.getIndex());
    this.#geometry.setAttribute("position", plane.getAttribute("position"));
    this.#geometry.setAttribute("place", this.#places);
    this.#geometry.setAttribute("tint", this.#tints);
    this.#geometry.setAttribute("kind", this.#shapes);
    this.#geometry.instanceCount = 0;
    const material = new ShaderMaterial({
      transparent: true,
      depthWrite: false,
      depthTest: !onTop,
      vertexShader: `
        attribute vec4 place;
        attribute vec4 tint;
        attribute float kind;
        varying vec2 at;
        varying vec4 vTint;
        varying float vKind;
        void main() {
          at = position.xy;
          vTint = tint;
          vKind = kind;
          vec4 seen = viewMatrix * vec4( place.xyz, 1.0 );
          seen.xy += position.xy * place.w;
          gl_Position = projectionMatrix * seen;
        }`,
      // Distances from the middle in units of the mark's radius; the outermost part is a dark or
      // light outline, so that a mark is seen on a hand of any colour.
      fragmentShader: `
        varying vec2 at;
        varying vec4 vTint;
        varying float vKind;
        void main() {
          float far = length( at );
          if ( vKind > 2.5 ) far = 1.15 * max( abs( at.x ), abs( at.y ) );
          else if ( vKind > 1.5 ) far = max( 1.75 * abs( at.x ) + at.y, -at.y * 1.2 ) * 1.05 + 0.1;
          if ( far > 1.0 ) discard;
          if ( vKind > 0.5 && vKind < 1.5 && far < 0.72 ) discard;
          float outline = vKind > 0.5 && vKind < 1.5 ? 0.0 : step( 0.78, far );
          float light = dot( vTint.rgb, vec3( 0.3, 0.6, 0.1 ) );
          vec3 edge = vec3( step( light, 0.5 ) );
          gl_FragColor = vec4( mix( vTint.rgb, edge, outline ), vTint.a );
        }`,
    });
    this.object = new Mesh(this.#geometry, material);
    this.object.frustumCulled = false;
    this.object.renderOrder = renderOrder;
    this.object.visible = false;
  }

  get count(): number {
    return this.#count;
  }

  /** Begins anew: what was added before is gone. */
  clear(): void {
    this.#count = 0;
    this.object.visible = false;
  }

  /** Adds a mark at a place, metres; colours are written to the screen as they are (sRGB). */
  add(
    [x, y, z]: readonly [number, number, number],
    { radiusM, color, opacity, shape }: {
      radiusM: number;
      color: Color;
      opacity: number;
      shape: MarkShape;
    },
  ): void {
    if (this.#count >= this.capacity) return;
    this.#places.setXYZW(this.#count, x, y, z, radiusM);
    this.#tints.setXYZW(this.#count, color.r, color.g, color.b, opacity);
    this.#shapes.setX(this.#count, shape);
    this.#count++;
  }

  /** Sends what was added to be drawn. */
  commit(): void {
    this.#geometry.instanceCount = this.#count;
    this.object.visible = this.#count > 0;
    if (this.#count === 0) return;
    for (const values of [this.#places, this.#tints, this.#shapes]) values.needsUpdate = true;
  }
}
