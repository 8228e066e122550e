using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>What an event is about.</summary>
    public enum RoomEventKind
    {
        /// <summary>The connection's state changed; with a <see cref="RoomEvent.Code"/> if something failed.</summary>
        State,

        /// <summary>The bridge sent a message.</summary>
        Message,

        /// <summary>Something failed, and the connection stands as before.</summary>
        Problem,
    }

    /// <summary>
    /// What happened on a connection. It belongs to the connection: its next <c>TryTake</c> overwrites it.
    /// Messages in it last, but for scores and learners' hands, which are overwritten with it.
    /// </summary>
    public sealed class RoomEvent
    {
        private readonly ScoreMessage _score = new ScoreMessage();
        private readonly LearnerHandsMessage _hands = new LearnerHandsMessage();

        internal RoomEvent()
        {
        }

        /// <summary>What it is about.</summary>
        public RoomEventKind Kind { get; private set; }

        /// <summary>Where the connection stood from then on.</summary>
        public ConnectionState State { get; private set; }

        /// <summary>One of <see cref="FailureCode"/> or <see cref="ErrorCode"/>; null if nothing failed.</summary>
        public string Code { get; private set; }

        /// <summary>What failed and what to do about it, for people; null if nothing did.</summary>
        public string Text { get; private set; }

        /// <summary>When it is tried again, milliseconds from then; 0 where it is not.</summary>
        public int RetryInMs { get; private set; }

        /// <summary>
        /// The message: shape, anchor, status, playback_state, score or learner_hands; also the welcome,
        /// with <see cref="ConnectionState.Open"/>. Null otherwise.
        /// </summary>
        public Message Message { get; private set; }

        internal void Set(RoomEventKind kind, ConnectionState state, string code, string text, int retryInMs)
        {
            Kind = kind;
            State = state;
            Code = code;
            Text = text;
            RetryInMs = retryInMs;
            Message = null;
        }

        /// <summary>Takes a message; of those that a decoder overwrites, a copy.</summary>
        internal void SetMessage(RoomEventKind kind, ConnectionState state, Message message)
        {
            Set(kind, state, null, null, 0);
            var score = message as ScoreMessage;
            var hands = message as LearnerHandsMessage;
            if (score != null) _score.CopyFrom(score);
            if (hands != null) _hands.CopyFrom(hands);
            Message = score != null ? _score : hands != null ? (Message)_hands : message;
        }
    }
}
