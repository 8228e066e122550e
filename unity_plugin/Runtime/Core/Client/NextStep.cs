using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>What a client does after a connection ended.</summary>
    internal enum NextStep
    {
        /// <summary>Try again, after growing waits.</summary>
        Retry,

        /// <summary>Try again, but not soon: the bridge asked for fewer attempts.</summary>
        RetryLater,

        /// <summary>Ask again every second until there is such a room.</summary>
        WaitForRoom,

        /// <summary>The same attempt would end the same way.</summary>
        GiveUp,
    }

    /// <summary>What a close means for the next attempt (SPEC.md, section 5; the pages do the same).</summary>
    internal static class CloseRules
    {
        /// <summary>Between two questions for a room, milliseconds.</summary>
        internal const int RoomRetryMs = 1000;

        /// <summary>The least wait of a client that came too often, milliseconds.</summary>
        internal const int RateRetryMs = 15000;

        /// <summary>The code of an error that was only told by the WebSocket's close code.</summary>
        internal static string CodeOf(int closeCode)
        {
            switch (closeCode)
            {
                case 4400: return ErrorCode.Malformed;
                case 4401: return ErrorCode.Unauthorised;
                case 4403: return ErrorCode.Forbidden;
                case 4404: return ErrorCode.UnknownRoom;
                case 4406: return ErrorCode.UnsupportedVersion;
                case 4408: return ErrorCode.TooSlow;
                case 4429: return ErrorCode.RateLimited;
                case 1009: return ErrorCode.TooLarge;
                case 1011: return ErrorCode.Internal;
                default: return FailureCode.Lost;
            }
        }

        /// <summary>What to do after a failure.</summary>
        internal static NextStep After(string code)
        {
            switch (code)
            {
                case ErrorCode.Unauthorised:
                case ErrorCode.Forbidden:
                case ErrorCode.UnsupportedVersion:
                case FailureCode.Certificate:
                    return NextStep.GiveUp;
                case ErrorCode.UnknownRoom: return NextStep.WaitForRoom;
                case ErrorCode.RateLimited: return NextStep.RetryLater;
                default: return NextStep.Retry;
            }
        }
    }
}
