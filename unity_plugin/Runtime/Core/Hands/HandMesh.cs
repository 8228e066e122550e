using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// A hand model's mesh, as a bridge serves it at <c>/hands/left.msgpack</c> and <c>/hands/right.msgpack</c>,
    /// with what an engine's skinning needs of it. All in the hand's rest frame, metres; what is named for
    /// Unity is in its left-handed frame.
    /// </summary>
    public sealed class HandMesh
    {
        /// <summary>Bones that can move one vertex.</summary>
        public const int Influences = 4;

        /// <summary>A larger document is refused, bytes.</summary>
        public const int MaxBytes = 8 << 20;

        private const int MaxVertices = 16384;
        private readonly float[] _verticesM;
        private readonly float[] _shapeDirsM;
        private readonly int[] _faces;

        private HandMesh(HandMeshDocument document)
        {
            Side = document.Side;
            _verticesM = document.VerticesM;
            _shapeDirsM = document.ShapeDirsM;
            _faces = document.Faces;
            RestJointsM = document.RestJointsM;
            BoneIndex = new int[Influences * VertexCount];
            BoneWeight = new float[Influences * VertexCount];
        }

        /// <summary>Which hand, as on the person.</summary>
        public Side Side { get; }

        /// <summary>How many vertices it has.</summary>
        public int VertexCount => _verticesM.Length / 3;

        /// <summary>(21 * 3) rest keypoints of the average hand.</summary>
        public float[] RestJointsM { get; }

        /// <summary>
        /// (V * 4) bones that move each vertex most, strongest first, in the order of <see cref="Joints.Names"/>.
        /// </summary>
        public int[] BoneIndex { get; }

        /// <summary>(V * 4) how much each moves it; a vertex's add up to 1.</summary>
        public float[] BoneWeight { get; }

        /// <summary>Reads a document. Whatever the bytes are, there is a mesh or a text, and no exception.</summary>
        /// <param name="bytes">The document.</param>
        /// <param name="mesh">The mesh; null where the bytes are none.</param>
        /// <param name="problem">What is wrong, for people; null where nothing is.</param>
        public static bool TryParse(byte[] bytes, out HandMesh mesh, out string problem)
        {
            mesh = null;
            problem = null;
            try
            {
                if (bytes == null || bytes.Length > MaxBytes)
                    throw new ProtocolException($"it must have at most {MaxBytes} bytes");
                var document = HandMeshDocument.Read(bytes);
                if (document.VerticesM.Length > 3 * MaxVertices)
                    throw new ProtocolException($"it must have at most {MaxVertices} vertices");
                var read = new HandMesh(document);
                read.TakeStrongest(document.Weights);
                mesh = read;
                return true;
            }
            catch (ProtocolException error)
            {
                problem = "not a hand mesh: " + error.Message;
                return false;
            }
        }

        /// <summary>Rest vertices of a hand of this shape, in Unity's frame.</summary>
        /// <param name="betas">(10) shape values.</param>
        /// <param name="verticesM">(V * 3) filled, metres.</param>
        public void UnityVertices(float[] betas, float[] verticesM)
        {
            if (betas == null || betas.Length != Joints.Betas)
                throw new ArgumentException($"a shape has {Joints.Betas} values", nameof(betas));
            if (verticesM == null || verticesM.Length != _verticesM.Length)
                throw new ArgumentException($"there are {_verticesM.Length} coordinates", nameof(verticesM));
            for (int i = 0; i < verticesM.Length; i++)
            {
                double value = _verticesM[i];
                for (int k = 0; k < Joints.Betas; k++) value += (double)_shapeDirsM[i * Joints.Betas + k] * betas[k];
                verticesM[i] = (float)(i % 3 == 2 ? -value : value);
            }
        }

        /// <summary>(F * 3) triangles for Unity's frame: a mirrored mesh is wound the other way round.</summary>
        public int[] UnityTriangles()
        {
            var triangles = new int[_faces.Length];
            for (int i = 0; i < triangles.Length; i += 3)
            {
                triangles[i] = _faces[i];
                triangles[i + 1] = _faces[i + 2];
                triangles[i + 2] = _faces[i + 1];
            }
            return triangles;
        }

        /// <summary>Keeps each vertex's four strongest of 16 weights, scaled to add up to 1.</summary>
        private void TakeStrongest(float[] weights)
        {
            var taken = new bool[Joints.Count];
            for (int vertex = 0; vertex < VertexCount; vertex++)
            {
                int row = vertex * Joints.Count, last = Influences * (vertex + 1);
                Array.Clear(taken, 0, taken.Length);
                double sum = 0;
                for (int i = Influences * vertex; i < last; i++)
                {
                    int best = -1;
                    for (int bone = 0; bone < Joints.Count; bone++)
                    {
                        bool more = best < 0 || weights[row + bone] > weights[row + best];
                        if (!taken[bone] && more) best = bone;
                    }
                    taken[best] = true;
                    BoneIndex[i] = best;
                    BoneWeight[i] = weights[row + best];
                    sum += BoneWeight[i];
                }
                if (!(sum > 0)) throw new ProtocolException($"no joint moves vertex {vertex}");
                for (int i = Influences * vertex; i < last; i++) BoneWeight[i] = (float)(BoneWeight[i] / sum);
            }
        }
    }
}
