namespace GhostHands.Protocol
{
    /// <summary>One camera of the room.</summary>
    public sealed class ViewStatus : Record
    {
        private static readonly FieldSet Names = new FieldSet(
            "view", "live", "rate_hz", "width", "height", "dropped", "hands");

        /// <summary>Its name.</summary>
        public string View { get; set; }

        /// <summary>Frames are arriving.</summary>
        public bool Live { get; set; }

        /// <summary>Frames a second, over the last second.</summary>
        public double RateHz { get; set; }

        /// <summary>Picture width, pixels; 0 before the first frame.</summary>
        public int Width { get; set; }

        /// <summary>Picture height, pixels; 0 before the first frame.</summary>
        public int Height { get; set; }

        /// <summary>Frames dropped since it joined.</summary>
        public long Dropped { get; set; }

        /// <summary>Hands seen in its last frame: bit 0 left, bit 1 right.</summary>
        public int Hands { get; set; }

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Name("view", View);
            Check.Real("rate_hz", RateHz, 0, Wire.MaxRateHz);
            Check.Int("width", Width, 0, 65535);
            Check.Int("height", Height, 0, 65535);
            Check.Count("dropped", Dropped);
            Check.Int("hands", Hands, 0, 3);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: View = reader.Text(Wire.MaxNameBytes); break;
                case 1: Live = reader.Bool(); break;
                case 2: RateHz = reader.Real(); break;
                case 3: Width = reader.SmallInt(); break;
                case 4: Height = reader.SmallInt(); break;
                case 5: Dropped = reader.Int(); break;
                case 6: Hands = reader.SmallInt(); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("view");
            writer.Text(View);
            writer.Name("live");
            writer.Bool(Live);
            writer.Name("rate_hz");
            writer.Real(RateHz);
            writer.Name("width");
            writer.Int(Width);
            writer.Name("height");
            writer.Int(Height);
            writer.Name("dropped");
            writer.Int(Dropped);
            writer.Name("hands");
            writer.Int(Hands);
        }
    }
}
