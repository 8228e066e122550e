namespace GhostHands.Protocol
{
    /// <summary>A learner's own hands in the stage: as poses, or as a headset's joints.</summary>
    public sealed class LearnerHandsMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet("seq", "time_ns", "learner?", "hands?", "openxr?");

        /// <summary>The same learner's next message needs no new text.</summary>
        private string _learnerBefore = "";

        /// <summary>Rises with each message of one learner.</summary>
        public long Seq { get; set; }

        /// <summary>Capture time on the bridge's clock, nanoseconds.</summary>
        public long TimeNs { get; set; }

        /// <summary>Who; the bridge fills it in.</summary>
        public string Learner { get; set; } = "";

        /// <summary>The hands as in a pose.</summary>
        public Hands<HandPose> Hands { get; } = new Hands<HandPose>(new HandPose(), new HandPose());

        /// <summary>The hands as a headset tracks them; at most one of both lists has hands in it.</summary>
        public Hands<OpenXRHand> OpenXR { get; } = new Hands<OpenXRHand>(new OpenXRHand(), new OpenXRHand());

        /// <inheritdoc/>
        public override string Type => "learner_hands";

        /// <summary>Takes all that another message says.</summary>
        public void CopyFrom(LearnerHandsMessage other)
        {
            Seq = other.Seq;
            TimeNs = other.TimeNs;
            Learner = other.Learner;
            Hands.Clear();
            for (int i = 0; i < other.Hands.Count; i++) Hands.Add(other.Hands[i].Side).CopyFrom(other.Hands[i]);
            OpenXR.Clear();
            for (int i = 0; i < other.OpenXR.Count; i++) OpenXR.Add(other.OpenXR[i].Side).CopyFrom(other.OpenXR[i]);
        }

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Count("seq", Seq);
            Check.Time("time_ns", TimeNs);
            Check.Text("learner", Learner, Wire.MaxNameBytes);
            Hands.Validate("hands");
            OpenXR.Validate("openxr");
            if (Hands.Count > 0 && OpenXR.Count > 0)
                throw new ProtocolException("hands and openxr must not both have hands");
        }

        internal override FieldSet Fields => Names;

        internal override void Reset()
        {
            _learnerBefore = Learner;
            Learner = "";
            Hands.Clear();
            OpenXR.Clear();
        }

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Seq = reader.Int(); break;
                case 1: TimeNs = reader.Int(); break;
                case 2: Learner = reader.Text(Wire.MaxNameBytes, _learnerBefore); break;
                case 3: Hands.Read(reader); break;
                case 4: OpenXR.Read(reader); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("seq");
            writer.Int(Seq);
            writer.Name("time_ns");
            writer.Int(TimeNs);
            if (Learner.Length > 0)
            {
                writer.Name("learner");
                writer.Text(Learner);
            }
            if (Hands.Count > 0)
            {
                writer.Name("hands");
                Hands.Write(writer);
            }
            if (OpenXR.Count > 0)
            {
                writer.Name("openxr");
                OpenXR.Write(writer);
            }
        }
    }
}
