namespace GhostHands.Protocol
{
    /// <summary>Numbers and names that the whole protocol shares (SPEC.md, sections 1, 2 and 4).</summary>
    public static class Wire
    {
        /// <summary>The protocol version that this assembly speaks.</summary>
        public const int Version = 1;

        /// <summary>The WebSocket subprotocol to ask for in the handshake.</summary>
        public const string Subprotocol = "ghosthands.v1";

        /// <summary>A larger message is refused before it is read, bytes.</summary>
        public const int MaxMessageBytes = 1 << 20;

        /// <summary>Largest counter: what a double holds exactly.</summary>
        public const long MaxCount = (1L << 53) - 1;

        /// <summary>Poses that may be unacknowledged at once, unless the welcome says otherwise.</summary>
        public const int DefaultAckWindow = 10;

        /// <summary>How far a position may be from the stage's origin along each axis, metres.</summary>
        public const float MaxPositionM = 1000f;

        /// <summary>How far the length of a quaternion may be from 1.</summary>
        public const float QuaternionTolerance = 1e-3f;

        internal const int MaxItems = 64;
        internal const int MaxContainers = 256;
        internal const int MaxNameBytes = 64;
        internal const int MaxReasonBytes = 1024;
        internal const int MaxRateHz = 1000;
        internal const double MaxSeconds = 1e6;
    }
}
