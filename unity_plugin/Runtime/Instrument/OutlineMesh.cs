using GhostHands.Core;
using UnityEngine;
using UnityEngine.Rendering;

namespace GhostHands
{
    /// <summary>The learner's instrument as lines, for what is real should stay to be seen.</summary>
    internal sealed class OutlineMesh
    {
        private static readonly int ColorId = Shader.PropertyToID("_Color");

        private readonly GameObject _object;
        private readonly Mesh _mesh;
        private readonly Material _material;

        internal OutlineMesh(Transform parent, Core.Instrument instrument, Shader given, Color color)
        {
            float[] points = InstrumentOutline.Of(instrument).PointsM;
            var vertices = new Vector3[points.Length / 3];
            var indices = new int[vertices.Length];
            for (int i = 0; i < vertices.Length; i++)
            {
                vertices[i] = new Vector3(points[3 * i], points[3 * i + 1], points[3 * i + 2]);
                indices[i] = i;
            }
            _mesh = new Mesh { name = $"Outline {instrument.Name}", vertices = vertices };
            _mesh.SetIndices(indices, MeshTopology.Lines, 0);
            _mesh.RecalculateBounds();
            _object = new GameObject("Outline");
            _object.transform.SetParent(parent, false);
            _object.AddComponent<MeshFilter>().sharedMesh = _mesh;
            var renderer = _object.AddComponent<MeshRenderer>();
            renderer.shadowCastingMode = ShadowCastingMode.Off;
            renderer.receiveShadows = false;
            Shader shader = given != null ? given : Resources.Load<Shader>("GhostHands/Outline");
            if (shader == null) return;
            _material = new Material(shader);
            _material.SetColor(ColorId, color);
            renderer.sharedMaterial = _material;
        }

        internal Transform Transform => _object.transform;

        internal void Show(bool shown)
        {
            if (_object.activeSelf != shown) _object.SetActive(shown);
        }

        internal void Destroy()
        {
            Object.Destroy(_object);
            Object.Destroy(_mesh);
            if (_material != null) Object.Destroy(_material);
        }
    }
}
