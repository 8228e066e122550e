using System;

namespace GhostHands.Protocol
{
    /// <summary>What the room's player of recordings does: at every change, and once a second.</summary>
    public sealed class PlaybackStateMessage : Message
    {
        private static readonly FieldSet Names = new FieldSet(
            "time_ns", "recording", "duration_s", "position_s", "playing", "rate", "loop_s?", "recordings?",
            "problem?");

        /// <summary>When <see cref="PositionS"/> held, on the bridge's clock, nanoseconds.</summary>
        public long TimeNs { get; set; }

        /// <summary>What is loaded, or null.</summary>
        public string Recording { get; set; }

        /// <summary>How long it is, seconds.</summary>
        public double DurationS { get; set; }

        /// <summary>Where it is, seconds.</summary>
        public double PositionS { get; set; }

        /// <summary>The position moves.</summary>
        public bool Playing { get; set; }

        /// <summary>How fast it moves when it does, 0.25 to 2.</summary>
        public double Rate { get; set; } = 1.0;

        /// <summary>The loop, or null.</summary>
        public LoopRange? LoopS { get; set; }

        /// <summary>What can be loaded, at most 64.</summary>
        public string[] Recordings { get; set; } = Array.Empty<string>();

        /// <summary>Why the last command was not done, for people; or null.</summary>
        public string Problem { get; set; }

        /// <inheritdoc/>
        public override string Type => "playback_state";

        /// <inheritdoc/>
        public override void Validate()
        {
            Check.Time("time_ns", TimeNs);
            Check.TextOrNull("recording", Recording, Wire.MaxNameBytes);
            Check.Real("duration_s", DurationS, 0, Wire.MaxSeconds);
            Check.Real("position_s", PositionS, 0, Wire.MaxSeconds);
            Check.Real("rate", Rate, PlaybackControlMessage.MinRate, PlaybackControlMessage.MaxRate);
            if (LoopS.HasValue) LoopS.Value.Validate();
            Check.Texts("recordings", Recordings, Wire.MaxItems);
            Check.TextOrNull("problem", Problem, Wire.MaxReasonBytes);
        }

        internal override FieldSet Fields => Names;

        internal override void ReadField(int field, Reader reader)
        {
            switch (field)
            {
                case 0: TimeNs = reader.Int(); break;
                case 1: Recording = reader.TextOrNil(Wire.MaxNameBytes); break;
                case 2: DurationS = reader.Real(); break;
                case 3: PositionS = reader.Real(); break;
                case 4: Playing = reader.Bool(); break;
                case 5: Rate = reader.Real(); break;
                case 6: LoopS = LoopRange.Read(reader); break;
                case 7: Recordings = reader.Texts(Wire.MaxItems); break;
                case 8: Problem = reader.Text(Wire.MaxReasonBytes); break;
            }
        }

        internal override void WriteFields(Writer writer)
        {
            writer.Name("time_ns");
            writer.Int(TimeNs);
            writer.Name("recording");
            writer.TextOrNil(Recording);
            writer.Name("duration_s");
            writer.Real(DurationS);
            writer.Name("position_s");
            writer.Real(PositionS);
            writer.Name("playing");
            writer.Bool(Playing);
            writer.Name("rate");
            writer.Real(Rate);
            if (LoopS.HasValue)
            {
                writer.Name("loop_s");
                LoopS.Value.Write(writer);
            }
            if (Recordings.Length > 0)
            {
                writer.Name("recordings");
                writer.Texts(Recordings);
            }
            if (Problem != null)
            {
                writer.Name("problem");
                writer.Text(Problem);
            }
        }
    }
}
