using System.Collections.Generic;

namespace UnityEngine
{
    public struct BoneWeight
    {
        public int boneIndex0, boneIndex1, boneIndex2, boneIndex3;
        public float weight0, weight1, weight2, weight3;
    }

    public enum MeshTopology
    {
        Lines = 3,
    }

    public class Mesh : Object
    {
        private Vector3[] _vertices = { };

        public int vertexCount => _vertices.Length;

        public Vector3[] vertices
        {
            get => (Vector3[])_vertices.Clone();
            set => _vertices = (Vector3[])value.Clone();
        }

        public int[] triangles { get; set; }

        public BoneWeight[] boneWeights { get; set; }

        public Matrix4x4[] bindposes { get; set; }

        internal Dictionary<int, object> Uvs { get; } = new Dictionary<int, object>();

        public void SetUVs(int channel, Vector2[] uvs)
        {
            Uvs[channel] = uvs;
        }

        public void SetUVs(int channel, Vector4[] uvs)
        {
            Uvs[channel] = uvs;
        }

        public void SetIndices(int[] indices, MeshTopology topology, int submesh)
        {
            triangles = indices;
        }

        public void RecalculateNormals()
        {
        }

        public void RecalculateBounds()
        {
        }
    }

    public class Shader : Object
    {
        private static readonly List<string> Ids = new List<string>();

        public static int PropertyToID(string name)
        {
            if (!Ids.Contains(name)) Ids.Add(name);
            return Ids.IndexOf(name);
        }
    }

    public class Material : Object
    {
        internal readonly Dictionary<int, Color> Colors = new Dictionary<int, Color>();
        internal readonly Dictionary<int, float> Floats = new Dictionary<int, float>();

        public Material(Shader shader)
        {
            this.shader = shader;
        }

        public Shader shader { get; }

        public Color color { get; set; }

        public void SetColor(int nameID, Color value)
        {
            Colors[nameID] = value;
        }

        public void SetFloat(int nameID, float value)
        {
            Floats[nameID] = value;
        }
    }

    public class Renderer : Component
    {
        public bool enabled { get; set; } = true;

        public Material material { get; set; } = new Material(new Shader());

        public Material sharedMaterial { get; set; }

        public Material[] sharedMaterials { get; set; } = { };

        public bool receiveShadows { get; set; }

        public Rendering.ShadowCastingMode shadowCastingMode { get; set; }
    }

    public class MeshRenderer : Renderer
    {
    }

    public class MeshFilter : Component
    {
        public Mesh sharedMesh { get; set; }
    }

    public class SkinnedMeshRenderer : Renderer
    {
        public Mesh sharedMesh { get; set; }

        public Transform[] bones { get; set; }

        public Transform rootBone { get; set; }

        public bool updateWhenOffscreen { get; set; }
    }
}

namespace UnityEngine.Rendering
{
    public enum ShadowCastingMode
    {
        Off = 0,
    }
}
