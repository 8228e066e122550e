using GhostHands.Core;

namespace GhostHands
{
    /// <summary>What happened to a connection.</summary>
    public struct ConnectionNotice
    {
        internal ConnectionNotice(ConnectionState state, string code, string text, int retryInMs)
        {
            State = state;
            Code = code ?? "";
            Text = text ?? "";
            RetryInMs = retryInMs;
        }

        /// <summary>Where it stands.</summary>
        public ConnectionState State { get; }

        /// <summary>
        /// One of <see cref="FailureCode"/> or of the protocol's codes; empty if nothing failed.
        /// </summary>
        public string Code { get; }

        /// <summary>What failed and what to do about it, for people; empty if nothing did.</summary>
        public string Text { get; }

        /// <summary>When it is tried again, milliseconds from then; 0 where it is not.</summary>
        public int RetryInMs { get; }
    }
}
