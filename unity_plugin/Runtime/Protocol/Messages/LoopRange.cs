namespace GhostHands.Protocol
{
    /// <summary>The part of a recording that is played again and again.</summary>
    public struct LoopRange
    {
        /// <summary>Makes one; <see cref="Record.Validate"/> of its message checks it.</summary>
        public LoopRange(double beginS, double endS)
        {
            BeginS = beginS;
            EndS = endS;
        }

        /// <summary>Where it begins, seconds of the recording.</summary>
        public double BeginS { get; }

        /// <summary>Where it ends, seconds of the recording; after the begin.</summary>
        public double EndS { get; }

        internal static LoopRange? Read(Reader reader)
        {
            if (reader.TakeNil()) return null;
            reader.List(2, 2);
            double begin = reader.Real();
            return new LoopRange(begin, reader.Real());
        }

        internal void Write(Writer writer)
        {
            writer.List(2);
            writer.Real(BeginS);
            writer.Real(EndS);
        }

        internal void Validate()
        {
            Check.Real("loop_s", BeginS, 0, Wire.MaxSeconds);
            Check.Real("loop_s", EndS, 0, Wire.MaxSeconds);
            if (!(BeginS < EndS)) throw new ProtocolException("loop_s must end after it begins");
        }
    }
}
