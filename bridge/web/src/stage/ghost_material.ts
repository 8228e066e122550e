import {
  Color,
  DoubleSide,
  MeshBasicMaterial,
  NotEqualStencilFunc,
  ReplaceStencilOp,
  ShaderMaterial,
} from "three";

/** A ghost's look: what the page's light or dark theme changes. */
export interface GhostLook {
  /** The hand's own colour. */
  color: string;
  /** Colour of its silhouette, where the surface turns away. */
  rim: string;
}

/**
 * A translucent, softly lit material: clear where it faces the eye, denser along the silhouette,
 * fading out along the forearm by the mesh's `fade` attribute. With a player's skin (the mesh's
 * `skin` attribute, sRGB) only the silhouette tells left from right.
 *
 * Everything but the silhouette is calculated by the vertex: a hand's vertices are close together,
 * and where a browser draws without a GPU, light by the pixel takes most of a frame. Light is a
 * sky, a sun above and a fill from the left; sums are linear, colours leave the vertex as sRGB.
 */
export class GhostMaterial extends ShaderMaterial {
  constructor(skinned = false) {
    super({
      transparent: true,
      depthWrite: false,
      defines: skinned ? { SKIN: "" } : {},
      uniforms: {
        ghost: { value: new Color() },
        rim: { value: new Color() },
        strength: { value: 1 },
      },
      vertexShader: `
        #include <common>
        #include <skinning_pars_vertex>
        uniform vec3 ghost;
        uniform float strength;
        attribute float fade;
        #ifdef SKIN
          attribute vec3 skin;
        #endif
        varying vec4 vColor;
        varying float vFacing;
        varying float vFade;
        void main() {
          #include <beginnormal_vertex>
          #include <skinbase_vertex>
          #include <skinnormal_vertex>
          #include <begin_vertex>
          #include <skinning_vertex>
          vec4 seen = modelViewMatrix * vec4( transformed, 1.0 );
          gl_Position = projectionMatrix * seen;
          vec3 up = normalize( mat3( modelMatrix ) * objectNormal );
          vec3 light = mix( vec3( 0.14, 0.16, 0.2 ), vec3( 0.51 ), 0.5 * up.y + 0.5 )
            + 0.67 * saturate( dot( up, vec3( 0.268, 0.894, 0.358 ) ) )
            + 0.16 * saturate( dot( up, vec3( -0.811, 0.324, 0.487 ) ) );
          vec3 own = ghost;
          #ifdef SKIN
            own = pow( skin, vec3( 2.2 ) );
          #endif
          vec3 lit = min( own * light, vec3( 1.0 ) );
          vec3 encoded = 1.055 * pow( lit, vec3( 1.0 / 2.4 ) ) - 0.055;
          vColor = vec4( mix( encoded, 12.92 * lit, step( lit, vec3( 0.0031308 ) ) ), strength * fade );
          vFacing = dot( normalize( normalMatrix * objectNormal ), -normalize( seen.xyz ) );
          vFade = fade;
        }`,
      fragmentShader: `
        uniform vec3 rim;
        varying vec4 vColor;
        varying float vFacing;
        varying float vFade;
        void main() {
          float turned = 1.0 - clamp( vFacing, 0.0, 1.0 );
          float edge = turned * turned;
          gl_FragColor = vec4(
            mix( vColor.rgb, rim, 0.75 * edge * vFade ),
            vColor.a * mix( 0.66, 0.96, edge )
          );
        }`,
    });
  }

  /** How much of the ghost there is, 0 to 1. */
  get strength(): number {
    return this.uniforms.strength!.value as number;
  }

  set strength(strength: number) {
    this.uniforms.strength!.value = strength;
  }

  setLook({ color, rim }: GhostLook): void {
    (this.uniforms.ghost!.value as Color).set(color);
    // The rim is mixed in after the change to sRGB, so it is kept as it is written.
    (this.uniforms.rim!.value as Color).set(rim).convertLinearToSRGB();
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
export function shadowMaterial(): ShaderMaterial {
  return new ShaderMaterial({
    side: DoubleSide,
    transparent: true,
    depthWrite: false,
    stencilWrite: true,
    stencilRef: 1,
    stencilFunc: NotEqualStencilFunc,
    stencilZPass: ReplaceStencilOp,
    uniforms: { strength: { value: 1 } },
    vertexShader:
      "void main() { gl_Position = projectionMatrix * modelViewMatrix * vec4( position, 1.0 ); }",
    fragmentShader:
      "uniform float strength;\nvoid main() { gl_FragColor = vec4( 0.0, 0.0, 0.0, strength ); }",
  });
}
