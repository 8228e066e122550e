using System;

namespace GhostHands.Core
{
    /// <summary>Why an attempt ended.</summary>
    internal struct Failure
    {
        internal Failure(string code, string reason, int retryAfterMs = 0)
        {
            Code = code;
            Reason = reason;
            RetryAfterMs = retryAfterMs;
        }

        /// <summary>One of <see cref="FailureCode"/> or of the protocol's codes.</summary>
        internal string Code { get; }

        /// <summary>What happened, for people.</summary>
        internal string Reason { get; }

        /// <summary>The bridge asked not to come back for so long, milliseconds.</summary>
        internal int RetryAfterMs { get; }

        /// <summary>What happened and what to do, for people.</summary>
        internal string Text
        {
            get
            {
                string advice = FailureCode.Advice(Code);
                return advice.Length == 0 ? Reason : $"{Reason}. {advice}";
            }
        }
    }

    /// <summary>A failure on its way out of a connection's own parts; it never leaves the package.</summary>
    internal sealed class FailureException : Exception
    {
        internal FailureException(Failure failure) : base(failure.Reason)
        {
            Failure = failure;
        }

        internal FailureException(string code, string reason) : this(new Failure(code, reason))
        {
        }

        internal Failure Failure { get; }
    }
}
