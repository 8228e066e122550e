namespace GhostHands.Protocol
{
    /// <summary>A rotation as a unit quaternion xyzw.</summary>
    public struct Rotation
    {
        /// <summary>Makes one.</summary>
        public Rotation(float x, float y, float z, float w)
        {
            X = x;
            Y = y;
            Z = z;
            W = w;
        }

        /// <summary>The first component.</summary>
        public float X { get; }

        /// <summary>The second component.</summary>
        public float Y { get; }

        /// <summary>The third component.</summary>
        public float Z { get; }

        /// <summary>The real part.</summary>
        public float W { get; }

        /// <summary>The same rotation with w >= 0.</summary>
        public Rotation Canonical => W < 0f ? new Rotation(-X, -Y, -Z, -W) : this;

        /// <inheritdoc/>
        public override string ToString()
        {
            return $"({X}, {Y}, {Z}, {W})";
        }
    }
}
