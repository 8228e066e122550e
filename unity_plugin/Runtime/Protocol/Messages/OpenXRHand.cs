namespace GhostHands.Protocol
{
    /// <summary>One hand as a headset tracks it: the joints of XR_EXT_hand_tracking.</summary>
    public sealed class OpenXRHand : HandRecord
    {
        private static readonly FieldSet Names = new FieldSet("side", "joints_m", "joint_quat");

        /// <summary>(26 * 3) joints in the stage, metres: palm, wrist, thumb 4, index to little 5 each.</summary>
        public float[] JointsM { get; } = new float[3 * Joints.OpenXRCount];

        /// <summary>(26 * 4) their orientations in the stage, xyzw, w >= 0.</summary>
        public float[] JointQuat { get; } = new float[4 * Joints.OpenXRCount];

        /// <summary>Takes the numbers of another hand.</summary>
        public void CopyFrom(OpenXRHand other)
        {
            Side = other.Side;
            other.JointsM.CopyTo(JointsM, 0);
            other.JointQuat.CopyTo(JointQuat, 0);
        }

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Floats("joints_m", JointsM, -Wire.MaxPositionM, Wire.MaxPositionM);
            Check.Quaternions("joint_quat", JointQuat);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Side = reader.Side(); break;
                case 1: reader.Floats(JointsM); break;
                case 2: reader.Floats(JointQuat); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("side");
            writer.Int((int)Side);
            writer.Name("joints_m");
            writer.Floats(JointsM);
            writer.Name("joint_quat");
            writer.Floats(JointQuat);
        }
    }
}
