import { Color, MeshBasicMaterial, MeshStandardMaterial } from "three";

/** A ghost's look: what the page's light or dark theme changes. */
export interface GhostLook {
  /** The hand's own colour. */
  color: string;
  /** Colour of its silhouette, where the surface turns away. */
  rim: string;
}

/**
 * A translucent, softly lit material: clear where it faces the eye, denser along the silhouette,
 * fading out towards the cut at the wrist.
 *
 * The mesh's `fade` attribute is 0 at the cut and 1 on the hand.
 */
export class GhostMaterial extends MeshStandardMaterial {
  readonly #rim = { value: new Color() };

  constructor() {
    super({ transparent: true, depthWrite: false, roughness: 0.55, metalness: 0 });
    this.onBeforeCompile = (shader) => {
      shader.uniforms.rimColor = this.#rim;
      shader.vertexShader = shader.vertexShader
        .replace("#include <common>", "attribute float fade; varying float vFade;\n#include <common>")
        .replace("#include <begin_vertex>", "#include <begin_vertex>\nvFade = fade;");
      shader.fragmentShader = shader.fragmentShader
        .replace(
          "#include <common>",
          "uniform vec3 rimColor; varying float vFade;\n#include <common>",
        )
        .replace(
          "#include <opaque_fragment>",
          `float facing = saturate( dot( normalize( normal ), normalize( vViewPosition ) ) );
          float rim = pow( 1.0 - facing, 2.0 );
          outgoingLight = mix( outgoingLight, rimColor, 0.75 * rim );
          diffuseColor.a *= mix( 0.62, 0.96, rim ) * smoothstep( 0.0, 1.0, vFade );
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
