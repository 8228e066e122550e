namespace GhostHands.Protocol
{
    /// <summary>Both hands at one instant: <c>pose</c>, or a compact pose.</summary>
    public sealed class PoseMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet("seq", "time_ns", "hands");

        /// <summary>Rises by one for each pose made: gaps are poses that were dropped.</summary>
        public long Seq { get; set; }

        /// <summary>Capture time on the bridge's clock, nanoseconds.</summary>
        public long TimeNs { get; set; }

        /// <summary>The hands that are seen.</summary>
        public Hands<HandPose> Hands { get; } = new Hands<HandPose>(new HandPose(), new HandPose());

        /// <inheritdoc/>
        public override string Type => "pose";

        /// <summary>Takes all that another pose says.</summary>
        public void CopyFrom(PoseMessage other)
        {
            Seq = other.Seq;
            TimeNs = other.TimeNs;
            Hands.Clear();
            for (int i = 0; i < other.Hands.Count; i++) Hands.Add(other.Hands[i].Side).CopyFrom(other.Hands[i]);
        }

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Count("seq", Seq);
            Check.Time("time_ns", TimeNs);
            Hands.Validate("hands");
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Seq = reader.Int(); break;
                case 1: TimeNs = reader.Int(); break;
                case 2: Hands.Read(reader); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("seq");
            writer.Int(Seq);
            writer.Name("time_ns");
            writer.Int(TimeNs);
            writer.Name("hands");
            Hands.Write(writer);
        }
    }
}
