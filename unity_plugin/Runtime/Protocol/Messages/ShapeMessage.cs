using System;

namespace GhostHands.Protocol
{
    /// <summary>The shape of one hand: with it a pose becomes 21 keypoints, without a hand model.</summary>
    public sealed class ShapeMessage : Message
    {
        private const float WristAtOriginM = 1e-4f;
        private static readonly FieldSet Names = new FieldSet("side", "betas", "rest_joints_m");

        /// <summary>Which hand, as on the person.</summary>
        public Side Side { get; set; }

        /// <summary>(10) shape values of the hand model.</summary>
        public float[] Betas { get; } = new float[Joints.Betas];

        /// <summary>(21 * 3) keypoints at rest, metres, in the hand's rest frame; the wrist at the origin.</summary>
        public float[] RestJointsM { get; } = new float[3 * Joints.Keypoints];

        /// <inheritdoc/>
        public override string Type => "shape";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Floats("betas", Betas, -100f, 100f);
            Check.Floats("rest_joints_m", RestJointsM, -1f, 1f);
            for (int axis = 0; axis < 3; axis++)
            {
                if (Math.Abs(RestJointsM[axis]) > WristAtOriginM)
                    throw new ProtocolException("rest_joints_m must have the wrist, its first row, at the origin");
            }
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Side = reader.Side(); break;
                case 1: reader.Floats(Betas); break;
                case 2: reader.Floats(RestJointsM); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("side");
            writer.Int((int)Side);
            writer.Name("betas");
            writer.Floats(Betas);
            writer.Name("rest_joints_m");
            writer.Floats(RestJointsM);
        }
    }
}
