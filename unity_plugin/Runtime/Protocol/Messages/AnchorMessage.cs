namespace GhostHands.Protocol
{
    /// <summary>Where the teacher's instrument lies in the stage.</summary>
    public sealed class AnchorMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet("instrument", "size_m", "position_m", "rotation_quat");

        /// <summary>What it is: <c>piano-88</c>, <c>rectangle</c>, ...</summary>
        public string Instrument { get; set; }

        /// <summary>(2) width along the front edge, and depth, metres.</summary>
        public float[] SizeM { get; } = new float[2];

        /// <summary>(3) its front left corner in the stage, metres.</summary>
        public float[] PositionM { get; } = new float[3];

        /// <summary>(4) xyzw, w >= 0: turns its axes (x along the front edge, y up) into the stage's.</summary>
        public float[] RotationQuat { get; } = { 0f, 0f, 0f, 1f };

        /// <inheritdoc/>
        public override string Type => "anchor";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Text("instrument", Instrument, Wire.MaxNameBytes);
            Check.Floats("size_m", SizeM, 0f, 100f);
            Check.Floats("position_m", PositionM, -Wire.MaxPositionM, Wire.MaxPositionM);
            Check.Quaternions("rotation_quat", RotationQuat);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Instrument = reader.Text(Wire.MaxNameBytes); break;
                case 1: reader.Floats(SizeM); break;
                case 2: reader.Floats(PositionM); break;
                case 3: reader.Floats(RotationQuat); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("instrument");
            writer.Text(Instrument);
            writer.Name("size_m");
            writer.Floats(SizeM);
            writer.Name("position_m");
            writer.Floats(PositionM);
            writer.Name("rotation_quat");
            writer.Floats(RotationQuat);
        }
    }
}
