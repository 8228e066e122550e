using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;

namespace GhostHands
{
    /// <summary>The skinned mesh of a ghost hand: 16 bones beside each other, each placed by itself.</summary>
    internal sealed class GhostMesh
    {
        private readonly GameObject _body;
        private readonly Transform[] _bones = new Transform[Joints.Count];
        private readonly Matrix4x4[] _bindPoses = new Matrix4x4[Joints.Count];
        private readonly SkinnedMeshRenderer _renderer;
        private HandMesh _source;
        private Mesh _mesh;
        private float[] _coordinates;
        private Vector3[] _vertices;
        private float[] _betas;
        private float[] _restJointsM;

        internal GhostMesh(Transform parent)
        {
            _body = new GameObject("Ghost");
            _body.transform.SetParent(parent, false);
            for (int bone = 0; bone < _bones.Length; bone++)
            {
                _bones[bone] = new GameObject(Joints.Names[bone]).transform;
                _bones[bone].SetParent(_body.transform, false);
            }
            _renderer = _body.AddComponent<SkinnedMeshRenderer>();
            _renderer.enabled = false;
            _renderer.shadowCastingMode = UnityEngine.Rendering.ShadowCastingMode.Off;
            _renderer.receiveShadows = false;
            // Bones are placed by this package, far from where they were bound: Unity's own guess of where the
            // hand is comes out right only if it follows the bones.
            _renderer.updateWhenOffscreen = true;
        }

        internal SkinnedMeshRenderer Renderer => _renderer;

        internal Mesh Mesh => _mesh;

        internal bool Ready => _mesh != null;

        internal void SetSource(HandMesh source)
        {
            if (_source == source) return;
            _source = source;
            Remove();
            if (_betas != null) Build();
        }

        internal void SetShape(float[] betas, float[] restJointsM)
        {
            _betas = betas;
            _restJointsM = restJointsM;
            if (_source != null && betas != null && restJointsM != null) Build();
        }

        internal void Pose(HandRig rig)
        {
            for (int bone = 0; bone < _bones.Length; bone++)
            {
                _bones[bone].localPosition = UnityFrame.Point(rig.Bone(bone));
                _bones[bone].localRotation = UnityFrame.Turn(rig.BoneQuat, bone);
            }
        }

        internal void Destroy()
        {
            Remove();
            if (_body != null) UnityEngine.Object.Destroy(_body);
        }

        private void Remove()
        {
            if (_mesh != null) UnityEngine.Object.Destroy(_mesh);
            _mesh = null;
        }

        private void Build()
        {
            if (_mesh == null) Create();
            _source.UnityVertices(_betas, _coordinates);
            for (int i = 0; i < _vertices.Length; i++)
                _vertices[i] = new Vector3(_coordinates[3 * i], _coordinates[3 * i + 1], _coordinates[3 * i + 2]);
            for (int bone = 0; bone < _bones.Length; bone++)
                _bindPoses[bone] = Matrix4x4.Translate(-UnityFrame.Raw(HandSkin.UnityRest(_restJointsM, bone)));
            bool first = _mesh.vertexCount == 0;
            _mesh.vertices = _vertices;
            if (first) Describe();
            _mesh.bindposes = _bindPoses;
            _mesh.RecalculateNormals();
            _mesh.RecalculateBounds();
            _renderer.bones = _bones;
            _renderer.rootBone = _bones[0];
            _renderer.sharedMesh = _mesh;
        }

        private void Create()
        {
            _mesh = new Mesh { name = $"Ghost {_source.Side}" };
            _coordinates = new float[3 * _source.VertexCount];
            _vertices = new Vector3[_source.VertexCount];
        }

        /// <summary>What does not change with the shape: triangles, bones of vertices, and whose finger is where.</summary>
        private void Describe()
        {
            var weights = new BoneWeight[_source.VertexCount];
            var fingers = new Vector4[_source.VertexCount];
            var little = new Vector2[_source.VertexCount];
            float[] parts = HandSkin.FingerWeights(_source);
            for (int i = 0; i < weights.Length; i++)
            {
                int at = HandMesh.Influences * i, part = Joints.Fingers * i;
                int[] b = _source.BoneIndex;
                float[] w = _source.BoneWeight;
                weights[i] = new BoneWeight
                {
                    boneIndex0 = b[at], boneIndex1 = b[at + 1], boneIndex2 = b[at + 2], boneIndex3 = b[at + 3],
                    weight0 = w[at], weight1 = w[at + 1], weight2 = w[at + 2], weight3 = w[at + 3],
                };
                fingers[i] = new Vector4(parts[part], parts[part + 1], parts[part + 2], parts[part + 3]);
                little[i] = new Vector2(parts[part + 4], 0f);
            }
            _mesh.triangles = _source.UnityTriangles();
            _mesh.boneWeights = weights;
            _mesh.SetUVs(0, fingers);
            _mesh.SetUVs(1, little);
        }
    }
}
