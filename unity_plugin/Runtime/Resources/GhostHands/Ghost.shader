// A translucent, softly lit hand: clear where it faces the eye, denser along its silhouette, and fingers in the
// colours of the learner's feedback. Light is a sky, a sun above and a fill from the left, as on the bridge's pages
// (bridge/web/src/stage/ghost_material.ts): no light of the scene is needed, in a room seen through a headset.
// No LightMode and no pipeline's own include: the built-in pipeline and URP (as SRPDefaultUnlit) take it alike.
Shader "GhostHands/Ghost"
{
    Properties
    {
        _Color ("Hand", Color) = (0.337, 0.706, 0.914, 1)
        _Rim ("Silhouette", Color) = (0.827, 0.933, 1, 1)
        _Opacity ("Opacity", Range(0, 1)) = 1
        _Thumb ("Thumb", Color) = (0.337, 0.706, 0.914, 1)
        _Index ("Index finger", Color) = (0.337, 0.706, 0.914, 1)
        _Middle ("Middle finger", Color) = (0.337, 0.706, 0.914, 1)
        _Ring ("Ring finger", Color) = (0.337, 0.706, 0.914, 1)
        _Little ("Little finger", Color) = (0.337, 0.706, 0.914, 1)
    }

    SubShader
    {
        Tags { "RenderType" = "Transparent" "Queue" = "Transparent" "IgnoreProjector" = "True" }

        Pass
        {
            Name "Ghost"
            Blend SrcAlpha OneMinusSrcAlpha, One OneMinusSrcAlpha
            ZWrite Off
            ZTest LEqual
            Cull Back

            CGPROGRAM
            #pragma vertex Vertex
            #pragma fragment Fragment
            #pragma multi_compile_instancing
            #include "UnityCG.cginc"

            CBUFFER_START(UnityPerMaterial)
            float4 _Color;
            float4 _Rim;
            float4 _Thumb;
            float4 _Index;
            float4 _Middle;
            float4 _Ring;
            float4 _Little;
            float _Opacity;
            CBUFFER_END

            struct Attributes
            {
                float4 position : POSITION;
                float3 normal : NORMAL;
                // How much of the vertex belongs to thumb, index, middle and ring finger; then to the little one.
                float4 fingers : TEXCOORD0;
                float2 little : TEXCOORD1;
                UNITY_VERTEX_INPUT_INSTANCE_ID
            };

            struct Varyings
            {
                float4 position : SV_POSITION;
                float3 color : TEXCOORD0;
                float3 normal : TEXCOORD1;
                float3 toEye : TEXCOORD2;
                UNITY_VERTEX_OUTPUT_STEREO
            };

            Varyings Vertex(Attributes input)
            {
                Varyings output;
                UNITY_SETUP_INSTANCE_ID(input);
                UNITY_INITIALIZE_OUTPUT(Varyings, output);
                UNITY_INITIALIZE_VERTEX_OUTPUT_STEREO(output);
                output.position = UnityObjectToClipPos(input.position);
                float3 up = UnityObjectToWorldNormal(input.normal);
                float palm = saturate(1.0 - dot(input.fingers, float4(1, 1, 1, 1)) - input.little.x);
                float3 albedo = palm * _Color.rgb + input.fingers.x * _Thumb.rgb + input.fingers.y * _Index.rgb
                    + input.fingers.z * _Middle.rgb + input.fingers.w * _Ring.rgb + input.little.x * _Little.rgb;
                // Unity's z is away from the viewer where the pages' is towards them.
                float3 light = lerp(float3(0.14, 0.16, 0.2), float3(0.51, 0.51, 0.51), 0.5 * up.y + 0.5)
                    + 0.67 * saturate(dot(up, float3(0.268, 0.894, -0.358)))
                    + 0.16 * saturate(dot(up, float3(-0.811, 0.324, -0.487)));
                output.color = saturate(albedo * light);
                output.normal = up;
                output.toEye = _WorldSpaceCameraPos - mul(unity_ObjectToWorld, input.position).xyz;
                return output;
            }

            float4 Fragment(Varyings input) : SV_Target
            {
                UNITY_SETUP_STEREO_EYE_INDEX_POST_VERTEX(input);
                float turned = 1.0 - saturate(dot(normalize(input.normal), normalize(input.toEye)));
                float edge = turned * turned;
                return float4(lerp(input.color, _Rim.rgb, 0.75 * edge), _Opacity * lerp(0.66, 0.96, edge));
            }
            ENDCG
        }
    }
}
