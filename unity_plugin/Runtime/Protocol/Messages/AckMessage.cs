namespace GhostHands.Protocol
{
    /// <summary>A watcher has taken this pose and all that were sent before it.</summary>
    public sealed class AckMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet("seq");

        /// <summary>The pose's number.</summary>
        public long Seq { get; set; }

        /// <inheritdoc/>
        public override string Type => "ack";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Count("seq", Seq);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            Seq = reader.Int();
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("seq");
            writer.Int(Seq);
        }
    }
}
