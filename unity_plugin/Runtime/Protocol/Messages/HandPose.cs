namespace GhostHands.Protocol
{
    /// <summary>One hand of a pose.</summary>
    public sealed class HandPose : HandRecord
    {
        private static readonly FieldSet Names = new FieldSet("side", "wrist_m", "pose_quat", "finger_confidence");

        /// <summary>(3) wrist position in the stage, metres.</summary>
        public float[] WristM { get; } = new float[3];

        /// <summary>
        /// (16 * 4) unit quaternions xyzw, w >= 0, MANO joint order: 0 turns the hand's rest frame into
        /// the stage, 1 to 15 are rotations against the parent joint.
        /// </summary>
        public float[] PoseQuat { get; } = new float[4 * Joints.Count];

        /// <summary>(5) 0 to 1, thumb to little.</summary>
        public float[] FingerConfidence { get; } = new float[Joints.Fingers];

        /// <summary>The wrist's position in the stage, metres.</summary>
        public Position Wrist => new Position(WristM[0], WristM[1], WristM[2]);

        /// <summary>A joint's rotation.</summary>
        /// <param name="joint">0 to 15, MANO joint order.</param>
        public Rotation Joint(int joint)
        {
            int at = 4 * joint;
            return new Rotation(PoseQuat[at], PoseQuat[at + 1], PoseQuat[at + 2], PoseQuat[at + 3]);
        }

        /// <summary>Takes the numbers of another hand.</summary>
        public void CopyFrom(HandPose other)
        {
            Side = other.Side;
            other.WristM.CopyTo(WristM, 0);
            other.PoseQuat.CopyTo(PoseQuat, 0);
            other.FingerConfidence.CopyTo(FingerConfidence, 0);
        }

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Floats("wrist_m", WristM, -Wire.MaxPositionM, Wire.MaxPositionM);
            Check.Quaternions("pose_quat", PoseQuat);
            Check.Floats("finger_confidence", FingerConfidence, 0f, 1f);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Side = reader.Side(); break;
                case 1: reader.Floats(WristM); break;
                case 2: reader.Floats(PoseQuat); break;
                case 3: reader.Floats(FingerConfidence); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("side");
            writer.Int((int)Side);
            writer.Name("wrist_m");
            writer.Floats(WristM);
            writer.Name("pose_quat");
            writer.Floats(PoseQuat);
            writer.Name("finger_confidence");
            writer.Floats(FingerConfidence);
        }
    }
}
