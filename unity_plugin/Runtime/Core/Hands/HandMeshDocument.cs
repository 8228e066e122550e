using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>The msgpack map of a hand mesh, its arrays read and checked against each other.</summary>
    internal sealed class HandMeshDocument : Record
    {
        private const float MaxM = 10f;
        private static readonly FieldSet Names = new FieldSet(
            "side", "vertices_m", "faces", "weights", "shape_dirs_m", "rest_joints_m");

        private byte[] _bytes;

        internal Side Side { get; private set; }

        internal float[] VerticesM { get; private set; }

        internal int[] Faces { get; private set; }

        internal float[] Weights { get; private set; }

        internal float[] ShapeDirsM { get; private set; }

        internal float[] RestJointsM { get; private set; }

        internal override FieldSet Fields => Names;

        /// <summary>Reads a document.</summary>
        /// <exception cref="ProtocolException">It is none.</exception>
        internal static HandMeshDocument Read(byte[] bytes)
        {
            new Scanner().Check(bytes, 0, bytes.Length);
            var reader = new Reader();
            reader.Begin(bytes, 0, bytes.Length);
            var document = new HandMeshDocument { _bytes = bytes };
            reader.Record(document);
            document._bytes = null;
            document.Validate();
            return document;
        }

        /// <inheritdoc/>
        public override void Validate()
        {
            int vertices = VerticesM.Length / 3;
            if (vertices == 0 || VerticesM.Length % 3 != 0) throw new ProtocolException("vertices_m is no (V, 3)");
            if (Faces.Length == 0 || Faces.Length % 3 != 0) throw new ProtocolException("faces is no (F, 3)");
            foreach (int index in Faces)
            {
                if (index >= vertices) throw new ProtocolException("faces has a vertex that does not exist");
            }
            Length("weights", Weights, vertices * Joints.Count);
            Length("shape_dirs_m", ShapeDirsM, VerticesM.Length * Joints.Betas);
            Length("rest_joints_m", RestJointsM, 3 * Joints.Keypoints);
            Check.Floats("vertices_m", VerticesM, -MaxM, MaxM);
            Check.Floats("weights", Weights, 0f, 1.001f);
            Check.Floats("shape_dirs_m", ShapeDirsM, -MaxM, MaxM);
            Check.Floats("rest_joints_m", RestJointsM, -1f, 1f);
        }

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Side = reader.Side(); break;
                case 1: VerticesM = Floats(reader); break;
                case 2: Faces = Indices(reader); break;
                case 3: Weights = Floats(reader); break;
                case 4: ShapeDirsM = Floats(reader); break;
                case 5: RestJointsM = Floats(reader); break;
            }
        }

        /// <summary>It is only read.</summary>
        internal override void WriteFields(Writer writer)
        {
            throw new NotSupportedException();
        }

        private static void Length(string name, float[] values, int length)
        {
            if (values.Length != length)
                throw new ProtocolException($"{name} has {values.Length} values, not {length}");
        }

        private float[] Floats(Reader reader)
        {
            int start = reader.Bin(out int count);
            if (count % 4 != 0) throw new ProtocolException("an array is cut off");
            var values = new float[count / 4];
            Buffer.BlockCopy(_bytes, start, values, 0, count);
            return values;
        }

        private int[] Indices(Reader reader)
        {
            int start = reader.Bin(out int count);
            if (count % 2 != 0) throw new ProtocolException("faces is cut off");
            var values = new int[count / 2];
            for (int i = 0; i < values.Length; i++) values[i] = _bytes[start + 2 * i] | _bytes[start + 2 * i + 1] << 8;
            return values;
        }
    }
}
