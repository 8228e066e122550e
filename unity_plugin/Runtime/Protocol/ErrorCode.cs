namespace GhostHands.Protocol
{
    /// <summary>The error codes of SPEC.md, section 5. They are text: a reader takes unknown ones, too.</summary>
    public static class ErrorCode
    {
        /// <summary>Not a valid message.</summary>
        public const string Malformed = "malformed";

        /// <summary>A valid map with a type that this version does not have.</summary>
        public const string UnknownType = "unknown_type";

        /// <summary>A valid message in the wrong state, role or order.</summary>
        public const string Unexpected = "unexpected";

        /// <summary>No token, or one that is not valid or has expired.</summary>
        public const string Unauthorised = "unauthorised";

        /// <summary>A valid token for something else.</summary>
        public const string Forbidden = "forbidden";

        /// <summary>No such room; a client may wait and try again.</summary>
        public const string UnknownRoom = "unknown_room";

        /// <summary>No common version.</summary>
        public const string UnsupportedVersion = "unsupported_version";

        /// <summary>The peer has not acknowledged anything for long.</summary>
        public const string TooSlow = "too_slow";

        /// <summary>Too many messages or attempts in a short time.</summary>
        public const string RateLimited = "rate_limited";

        /// <summary>More than <see cref="Wire.MaxMessageBytes"/>.</summary>
        public const string TooLarge = "too_large";

        /// <summary>A fault of the sender's own.</summary>
        public const string Internal = "internal";

        /// <summary>The WebSocket close code that goes with an error code; 4400 for unknown ones.</summary>
        public static int CloseCode(string code)
        {
            switch (code)
            {
                case Unauthorised: return 4401;
                case Forbidden: return 4403;
                case UnknownRoom: return 4404;
                case UnsupportedVersion: return 4406;
                case TooSlow: return 4408;
                case RateLimited: return 4429;
                case TooLarge: return 1009;
                case Internal: return 1011;
                default: return 4400;
            }
        }
    }
}
