namespace GhostHands.Protocol
{
    /// <summary>Asks for a <see cref="PongMessage"/> at once.</summary>
    public sealed class PingMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet("t0_ns");

        /// <summary>The asker's clock when it sent this, nanoseconds.</summary>
        public long T0Ns { get; set; }

        /// <inheritdoc/>
        public override string Type => "ping";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Time("t0_ns", T0Ns);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            T0Ns = reader.Int();
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("t0_ns");
            writer.Int(T0Ns);
        }
    }

    /// <summary>Answers a <see cref="PingMessage"/>.</summary>
    public sealed class PongMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet("t0_ns", "t1_ns", "t2_ns");

        /// <summary>Echo of the ping's, on the asker's clock, nanoseconds.</summary>
        public long T0Ns { get; set; }

        /// <summary>The answerer's clock when the ping came, nanoseconds.</summary>
        public long T1Ns { get; set; }

        /// <summary>The answerer's clock when this was sent, nanoseconds; not before <see cref="T1Ns"/>.</summary>
        public long T2Ns { get; set; }

        /// <inheritdoc/>
        public override string Type => "pong";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Time("t0_ns", T0Ns);
            Check.Time("t1_ns", T1Ns);
            Check.Time("t2_ns", T2Ns);
            if (T2Ns < T1Ns) throw new ProtocolException("t2_ns must not be before t1_ns");
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: T0Ns = reader.Int(); break;
                case 1: T1Ns = reader.Int(); break;
                case 2: T2Ns = reader.Int(); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("t0_ns");
            writer.Int(T0Ns);
            writer.Name("t1_ns");
            writer.Int(T1Ns);
            writer.Name("t2_ns");
            writer.Int(T2Ns);
        }
    }
}
