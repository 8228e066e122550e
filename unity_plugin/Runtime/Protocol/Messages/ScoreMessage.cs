namespace GhostHands.Protocol
{
    /// <summary>How far one hand is from the teacher's, finger by finger, thumb to little.</summary>
    public sealed class HandScore : HandRecord
    {
        private static readonly FieldSet Names = new FieldSet("side", "error_m", "error_rad", "confidence");

        /// <summary>(5) distance of the fingertips, metres.</summary>
        public float[] ErrorM { get; } = new float[Joints.Fingers];

        /// <summary>(5) difference of the fingers' joint angles, root mean square, radians.</summary>
        public float[] ErrorRad { get; } = new float[Joints.Fingers];

        /// <summary>(5) 0 to 1; 0 where there is nothing to compare.</summary>
        public float[] Confidence { get; } = new float[Joints.Fingers];

        /// <summary>Takes the numbers of another hand.</summary>
        public void CopyFrom(HandScore other)
        {
            Side = other.Side;
            other.ErrorM.CopyTo(ErrorM, 0);
            other.ErrorRad.CopyTo(ErrorRad, 0);
            other.Confidence.CopyTo(Confidence, 0);
        }

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Floats("error_m", ErrorM, 0f, Wire.MaxPositionM);
            Check.Floats("error_rad", ErrorRad, 0f, 7f);
            Check.Floats("confidence", Confidence, 0f, 1f);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Side = reader.Side(); break;
                case 1: reader.Floats(ErrorM); break;
                case 2: reader.Floats(ErrorRad); break;
                case 3: reader.Floats(Confidence); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("side");
            writer.Int((int)Side);
            writer.Name("error_m");
            writer.Floats(ErrorM);
            writer.Name("error_rad");
            writer.Floats(ErrorRad);
            writer.Name("confidence");
            writer.Floats(Confidence);
        }
    }

    /// <summary>The live score of one learner.</summary>
    public sealed class ScoreMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet("time_ns", "learner", "score", "hands", "position_s?");

        /// <summary>The moment scored, on the bridge's clock, nanoseconds.</summary>
        public long TimeNs { get; set; }

        /// <summary>Who.</summary>
        public string Learner { get; set; } = "";

        /// <summary>0 to 100; null where nothing gives a number a meaning.</summary>
        public double? Score { get; set; }

        /// <summary>None to two hands.</summary>
        public Hands<HandScore> Hands { get; } = new Hands<HandScore>(new HandScore(), new HandScore());

        /// <summary>Where in the room's recording the learner is, seconds; null while that is not known.</summary>
        public double? PositionS { get; set; }

        /// <inheritdoc/>
        public override string Type => "score";

        /// <summary>Takes all that another score says.</summary>
        public void CopyFrom(ScoreMessage other)
        {
            TimeNs = other.TimeNs;
            Learner = other.Learner;
            Score = other.Score;
            PositionS = other.PositionS;
            Hands.Clear();
            for (int i = 0; i < other.Hands.Count; i++) Hands.Add(other.Hands[i].Side).CopyFrom(other.Hands[i]);
        }

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Time("time_ns", TimeNs);
            Check.Text("learner", Learner, Wire.MaxNameBytes);
            Check.Real("score", Score, 0, 100);
            Hands.Validate("hands");
            Check.Real("position_s", PositionS, 0, Wire.MaxSeconds);
        }

        internal override void Reset()
        {
            PositionS = null;
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: TimeNs = reader.Int(); break;
                case 1: Learner = reader.Text(Wire.MaxNameBytes, Learner); break;
                case 2: Score = reader.RealOrNil(); break;
                case 3: Hands.Read(reader); break;
                case 4: PositionS = reader.Real(); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("time_ns");
            writer.Int(TimeNs);
            writer.Name("learner");
            writer.Text(Learner);
            writer.Name("score");
            writer.RealOrNil(Score);
            writer.Name("hands");
            Hands.Write(writer);
            if (PositionS.HasValue)
            {
                writer.Name("position_s");
                writer.Real(PositionS.Value);
            }
        }
    }
}
