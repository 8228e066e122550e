namespace GhostHands.Protocol
{
    /// <summary>What the peer did wrong; its sender closes after it.</summary>
    public sealed class ErrorMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet("code", "message");

        /// <summary>One of <see cref="ErrorCode"/>, or one that this version does not know.</summary>
        public string Code { get; set; }

        /// <summary>For people.</summary>
        public string Text { get; set; } = "";

        /// <inheritdoc/>
        public override string Type => "error";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Text("code", Code, Wire.MaxNameBytes);
            Check.Text("message", Text, Wire.MaxReasonBytes);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Code = reader.Text(Wire.MaxNameBytes); break;
                case 1: Text = reader.Text(Wire.MaxReasonBytes); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("code");
            writer.Text(Code);
            writer.Name("message");
            writer.Text(Text);
        }
    }

    /// <summary>A deliberate end.</summary>
    public sealed class ByeMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet("reason");

        /// <summary>For people.</summary>
        public string Reason { get; set; } = "";

        /// <inheritdoc/>
        public override string Type => "bye";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Text("reason", Reason, Wire.MaxReasonBytes);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            Reason = reader.Text(Wire.MaxReasonBytes);
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("reason");
            writer.Text(Reason);
        }
    }
}
