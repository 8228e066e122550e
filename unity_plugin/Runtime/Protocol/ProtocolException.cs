using System;

namespace GhostHands.Protocol
{
    /// <summary>Bytes or messages that break the protocol. Nothing else comes out of a decoder.</summary>
    public sealed class ProtocolException : Exception
    {
        /// <summary>One of <see cref="ErrorCode"/>: what an <c>error</c> message about this says.</summary>
        public string Code { get; }

        /// <summary>Makes one.</summary>
        /// <param name="message">What was wrong, and where; for people.</param>
        /// <param name="code">One of <see cref="ErrorCode"/>.</param>
        public ProtocolException(string message, string code = ErrorCode.Malformed) : base(message)
        {
            Code = code;
        }
    }
}
