using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>How to join a room.</summary>
    public sealed class RoomOptions
    {
        /// <summary>Name and version of the app, for the bridge's log; at most 64 bytes.</summary>
        public string Client { get; set; } = "GhostHands for Unity 0.1";

        /// <summary><see cref="Protocol.Role.Learn"/> to send one's own hands, too.</summary>
        public Role Role { get; set; } = Role.Watch;

        /// <summary>At most this many poses a second; null for all.</summary>
        public double? MaxRateHz { get; set; }

        /// <summary>How poses shall come.</summary>
        public Precision Precision { get; set; } = Precision.Compact;

        /// <summary>Which certificate the bridge may have.</summary>
        public TlsPolicy Tls { get; set; } = TlsPolicy.Trusted;

        internal RoomOptions Copy()
        {
            return (RoomOptions)MemberwiseClone();
        }
    }
}
