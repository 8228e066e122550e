import {
  Color,
  MeshBasicMaterial,
  MeshStandardMaterial,
  NotEqualStencilFunc,
  ReplaceStencilOp,
  type WebGLProgramParametersWithUniforms,
} from "three";

/** A ghost's look: what the page's light or dark theme changes. */
export interface GhostLook {
  /** The hand's own colour. */
  color: string;
  /** Colour of its silhouette, where the surface turns away. */
  rim: string;
}

/** Hands the mesh's `fade` attribute to the fragment shader as `vFade`. */
function passFade(shader: WebGLProgramParametersWithUniforms): void {
  shader.vertexShader = shader.vertexShader
    .replace("#include <common>", "attribute float fade;\nvarying float vFade;\n#include <common>")
    .replace("#include <begin_vertex>", "#include <begin_vertex>\nvFade = fade;");
  shader.fragmentShader = shader.fragmentShader.replace(
    "#include <common>",
    "varying float vFade;\n#include <common>",
  );
}

/**
 * A translucent, softly lit material: clear where it faces the eye, denser along the silhouette,
 * fading out along the forearm by the mesh's `fade` attribute.
 */
export class GhostMaterial extends MeshStandardMaterial {
  readonly #rim = { value: new Color() };

  constructor() {
    super({ transparent: true, depthWrite: false, roughness: 0.55, metalness: 0 });
    this.onBeforeCompile = (shader) => {
      passFade(shader);
      shader.uniforms.rimColor = this.#rim;
      shader.fragmentShader = shader.fragmentShader
        .replace("#include <common>", "uniform vec3 rimColor;\n#include <common>")
        .replace(
          "#include <opaque_fragment>",
          `float facing = saturate( dot( normalize( normal ), normalize( vViewPosition ) ) );
          float rim = pow( 1.0 - facing, 2.0 );
          outgoingLight = mix( outgoingLight, rimColor, 0.75 * rim * vFade );
          diffuseColor.a *= mix( 0.66, 0.96, rim ) * vFade;
          #include <opaque_fragment>`,
        );
    };
  }

  setLook({ color, rim }: GhostLook): void {
    this.color.set(color);
    this.#rim.value.set(rim);
  }
}

/**
 * Draws nothing but depth. A clone of the hand with it, drawn before the ghost, leaves only the
 * nearest surface to be seen: without it, fingers behind fingers show through.
 */
export function depthOnlyMaterial(): MeshBasicMaterial {
  return new MeshBasicMaterial({ colorWrite: false });
}

/** An even shadow: the stencil lets each pixel be darkened once, however often it is covered. */
export function shadowMaterial(): MeshBasicMaterial {
  const material = new MeshBasicMaterial({
    color: "#000000",
    transparent: true,
    depthWrite: false,
    stencilWrite: true,
    stencilRef: 1,
    stencilFunc: NotEqualStencilFunc,
    stencilZPass: ReplaceStencilOp,
  });
  material.onBeforeCompile = (shader) => {
    passFade(shader);
    shader.fragmentShader = shader.fragmentShader.replace(
      "#include <opaque_fragment>",
      "diffuseColor.a *= vFade;\n#include <opaque_fragment>",
    );
  };
  return material;
}
