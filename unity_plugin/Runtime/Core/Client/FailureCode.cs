using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// What can go wrong around a connection, beside the protocol's own <see cref="ErrorCode"/>. An event
    /// about a failure has one of either.
    /// </summary>
    public static class FailureCode
    {
        /// <summary>No connection to the bridge's address.</summary>
        public const string Unreachable = "unreachable";

        /// <summary>The bridge's certificate is not one that this client takes.</summary>
        public const string Certificate = "certificate";

        /// <summary>What answers there is no bridge, or one of another protocol.</summary>
        public const string NotABridge = "not_a_bridge";

        /// <summary>The connection broke.</summary>
        public const string Lost = "lost";

        /// <summary>The bridge said nothing for too long.</summary>
        public const string Silent = "silent";

        /// <summary>What the app wanted to send is no message that may be sent.</summary>
        public const string NotSent = "not_sent";

        /// <summary>What the app was given is no link to a room, or no fingerprint: nothing is tried.</summary>
        public const string BadLink = "bad_link";

        /// <summary>What to do about a failure; for people, and empty where nothing can be done but to wait.</summary>
        public static string Advice(string code)
        {
            switch (code)
            {
                case Unreachable: return "Is the bridge running, and is this device on the same network?";
                case Certificate: return "Compare the fingerprint with the bridge's, and give it to this app.";
                case NotABridge: return "Check address and port: scan the link that the bridge shows.";
                case ErrorCode.Unauthorised: return "Ask for a new link: this one's token is missing or has expired.";
                case ErrorCode.Forbidden: return "Ask for a link to this room: this token is for something else.";
                case ErrorCode.UnsupportedVersion: return "Update this app or the bridge: their versions differ.";
                case ErrorCode.UnknownRoom: return "It opens as soon as a camera joins it.";
                case ErrorCode.TooSlow: return "The network is too slow: go nearer to the access point.";
                default: return "";
            }
        }
    }
}
