import { Color, DoubleSide, Mesh, PlaneGeometry, ShaderMaterial } from "three";

const RADIUS_M = 0.7;
const CELL_M = 0.05;

/** A square grid of 5 cm cells that fades out. */
export class Floor {
  readonly #grid = new ShaderMaterial({
    transparent: true,
    depthWrite: false,
    side: DoubleSide,
    uniforms: { color: { value: new Color() }, opacity: { value: 1 } },
    vertexShader: `
      varying vec2 at;
      void main() {
        at = position.xy;
        gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
      }`,
    // Lines one pixel wide at any distance: the distance to the nearest line in pixels, from the
    // screen-space derivative.
    fragmentShader: `
      uniform vec3 color;
      uniform float opacity;
      varying vec2 at;
      float lines(float cell) {
        vec2 cells = at / cell;
        vec2 pixels = abs(fract(cells - 0.5) - 0.5) / fwidth(cells);
        return 1.0 - min(min(pixels.x, pixels.y), 1.0);
      }
      void main() {
        float line = max(0.45 * lines(${CELL_M}), lines(${CELL_M * 5}));
        float near = smoothstep(1.0, 0.0, length(at) / ${RADIUS_M});
        gl_FragColor = vec4(color, opacity * line * near);
        #include <colorspace_fragment>
      }`,
  });
  readonly object = new Mesh(new PlaneGeometry(2 * RADIUS_M, 2 * RADIUS_M), this.#grid);

  constructor() {
    // Before the hands' depth pass: a ghost does not hide the floor behind it.
    this.object.renderOrder = -1;
    this.object.rotation.x = -Math.PI / 2;
  }

  setLook(color: string, opacity: number): void {
    this.#grid.uniforms.color!.value.set(color);
    this.#grid.uniforms.opacity!.value = opacity;
  }
}
