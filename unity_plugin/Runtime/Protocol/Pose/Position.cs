namespace GhostHands.Protocol
{
    /// <summary>A position, metres.</summary>
    public struct Position
    {
        /// <summary>Makes one.</summary>
        public Position(float x, float y, float z)
        {
            X = x;
            Y = y;
            Z = z;
        }

        /// <summary>Along the first axis, metres.</summary>
        public float X { get; }

        /// <summary>Along the second axis, metres.</summary>
        public float Y { get; }

        /// <summary>Along the third axis, metres.</summary>
        public float Z { get; }

        /// <inheritdoc/>
        public override string ToString()
        {
            return $"({X}, {Y}, {Z})";
        }
    }
}
