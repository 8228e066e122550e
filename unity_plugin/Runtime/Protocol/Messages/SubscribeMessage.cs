namespace GhostHands.Protocol
{
    /// <summary>How poses are sent.</summary>
    public enum Precision
    {
        /// <summary>Quantised, 71 bytes a hand.</summary>
        Compact,

        /// <summary>In float32, as they are recorded.</summary>
        Full,
    }

    /// <summary>Asks for the poses of the room.</summary>
    public sealed class SubscribeMessage : Message
    {
        private static readonly string[] Precisions = { "compact", "full" };
        private static readonly FieldSet Names = new FieldSet("max_rate_hz", "precision?");

        /// <summary>At most this many poses a second on average, 0.01 to 1000; null for all.</summary>
        public double? MaxRateHz { get; set; }

        /// <summary>How poses shall come.</summary>
        public Precision Precision { get; set; }

        /// <inheritdoc/>
        public override string Type => "subscribe";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Real("max_rate_hz", MaxRateHz, 0.01, Wire.MaxRateHz);
            Check.Int("precision", (int)Precision, 0, Precisions.Length - 1);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: MaxRateHz = reader.RealOrNil(); break;
                case 1: Precision = (Precision)reader.OneOf(Precisions); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("max_rate_hz");
            writer.RealOrNil(MaxRateHz);
            if (Precision != Precision.Compact)
            {
                writer.Name("precision");
                writer.Text(Precisions[(int)Precision]);
            }
        }
    }
}
