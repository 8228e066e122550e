namespace GhostHands.Core
{
    /// <summary>Where a connection to a room stands.</summary>
    public enum ConnectionState
    {
        /// <summary>Not opened yet, or closed for good.</summary>
        Closed,

        /// <summary>The first attempt is under way.</summary>
        Connecting,

        /// <summary>Messages flow.</summary>
        Open,

        /// <summary>The bridge is there, the room is not yet: it is asked again and again.</summary>
        WaitingForRoom,

        /// <summary>The connection was lost or not made: it is tried again and again.</summary>
        Reconnecting,

        /// <summary>The bridge will not let this client in, however often it asks: somebody must act.</summary>
        Refused,
    }
}
