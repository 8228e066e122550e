// What the package's shaders use of UnityCG.cginc, so that a compiler of HLSL checks them without Unity
// (tests/unity/test_shaders.py). Instanced stereo is on: each macro makes what it makes there.
#define UNITY_VERTEX_INPUT_INSTANCE_ID uint instanceID : SV_InstanceID;
#define UNITY_VERTEX_OUTPUT_STEREO uint stereoTargetEyeIndex : SV_RenderTargetArrayIndex;
#define UNITY_SETUP_INSTANCE_ID(input) unity_InstanceID = input.instanceID;
#define UNITY_INITIALIZE_OUTPUT(type, name) name = (type)0;
#define UNITY_INITIALIZE_VERTEX_OUTPUT_STEREO(output) output.stereoTargetEyeIndex = unity_InstanceID & 1;
#define UNITY_SETUP_STEREO_EYE_INDEX_POST_VERTEX(input) unity_InstanceID = input.stereoTargetEyeIndex;
#define CBUFFER_START(name) cbuffer name {
#define CBUFFER_END };
#define fixed4 float4

static uint unity_InstanceID;

cbuffer UnityPerDraw
{
    float4x4 unity_ObjectToWorld;
    float4x4 unity_WorldToObject;
};

cbuffer UnityPerCamera
{
    float4x4 unity_MatrixVP;
    float3 _WorldSpaceCameraPos;
};

float4 UnityObjectToClipPos(float4 position)
{
    return mul(unity_MatrixVP, mul(unity_ObjectToWorld, float4(position.xyz, 1.0)));
}

float3 UnityObjectToWorldNormal(float3 normal)
{
    return normalize(mul(normal, (float3x3)unity_WorldToObject));
}
