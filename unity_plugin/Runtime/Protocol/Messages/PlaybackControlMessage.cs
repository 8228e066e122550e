namespace GhostHands.Protocol
{
    /// <summary>What a player of recordings can be told.</summary>
    public enum PlaybackCommand
    {
        /// <summary>Load <see cref="PlaybackControlMessage.Recording"/>.</summary>
        Load,

        /// <summary>Let go of what is loaded.</summary>
        Unload,

        /// <summary>Play on.</summary>
        Play,

        /// <summary>Stop where it is.</summary>
        Pause,

        /// <summary>Go to <see cref="PlaybackControlMessage.PositionS"/>.</summary>
        Seek,

        /// <summary>Play at <see cref="PlaybackControlMessage.Rate"/>.</summary>
        Rate,

        /// <summary>Repeat <see cref="PlaybackControlMessage.LoopS"/>; null ends the loop.</summary>
        Loop,
    }

    /// <summary>
    /// Tells the room's player of recordings what to do; a <see cref="PlaybackStateMessage"/> answers.
    /// </summary>
    public sealed class PlaybackControlMessage : Message
    {
        internal const double MinRate = 0.25;
        internal const double MaxRate = 2.0;

        private static readonly string[] Commands = { "load", "unload", "play", "pause", "seek", "rate", "loop" };
        private static readonly FieldSet Names = new FieldSet(
            "command", "recording?", "position_s?", "rate?", "loop_s?");

        /// <summary>What to do.</summary>
        public PlaybackCommand Command { get; set; }

        /// <summary>For <c>load</c>: one of the state's recordings.</summary>
        public string Recording { get; set; }

        /// <summary>For <c>seek</c>, seconds of the recording, 0 to a million.</summary>
        public double? PositionS { get; set; }

        /// <summary>For <c>rate</c>, 0.25 to 2.</summary>
        public double? Rate { get; set; }

        /// <summary>For <c>loop</c>; null ends the loop.</summary>
        public LoopRange? LoopS { get; set; }

        /// <inheritdoc/>
        public override string Type => "playback_control";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Int("command", (int)Command, 0, Commands.Length - 1);
            Check.TextOrNull("recording", Recording, Wire.MaxNameBytes);
            Check.Real("position_s", PositionS, 0, Wire.MaxSeconds);
            Check.Real("rate", Rate, MinRate, MaxRate);
            if (LoopS.HasValue) LoopS.Value.Validate();
            if (Command == PlaybackCommand.Load && Recording == null)
                throw new ProtocolException("load needs recording");
            if (Command == PlaybackCommand.Seek && PositionS == null)
                throw new ProtocolException("seek needs position_s");
            if (Command == PlaybackCommand.Rate && Rate == null)
                throw new ProtocolException("rate needs rate");
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: Command = (PlaybackCommand)reader.OneOf(Commands); break;
                case 1: Recording = reader.Text(Wire.MaxNameBytes); break;
                case 2: PositionS = reader.Real(); break;
                case 3: Rate = reader.Real(); break;
                case 4: LoopS = LoopRange.Read(reader); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("command");
            writer.Text(Commands[(int)Command]);
            if (Recording != null)
            {
                writer.Name("recording");
                writer.Text(Recording);
            }
            if (PositionS.HasValue)
            {
                writer.Name("position_s");
                writer.Real(PositionS.Value);
            }
            if (Rate.HasValue)
            {
                writer.Name("rate");
                writer.Real(Rate.Value);
            }
            if (LoopS.HasValue)
            {
                writer.Name("loop_s");
                LoopS.Value.Write(writer);
            }
        }
    }
}
