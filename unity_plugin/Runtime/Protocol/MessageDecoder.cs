using System;

namespace GhostHands.Protocol
{
    /// <summary>
    /// The bytes of one WebSocket message to the message in them. Whatever the bytes are, there is a
    /// valid message or a <see cref="ProtocolException"/>, in time and memory that 1 MiB bounds.
    /// </summary>
    /// <remarks>
    /// Messages that come many times a second (poses, learners' hands, scores, acks, pings, pongs) are
    /// the decoder's own: the next of the same type overwrites them, and nothing is allocated. Copy what
    /// must last, or use another decoder. After an exception what such a message holds is undefined.
    /// One decoder serves one thread.
    /// </remarks>
    public sealed class MessageDecoder
    {
        private static readonly string[] Types =
        {
            "pose", "learner_hands", "score", "ack", "ping", "pong", "hello", "welcome", "subscribe", "shape",
            "anchor", "playback_control", "playback_state", "status", "error", "bye",
        };

        private readonly Scanner _scanner = new Scanner();
        private readonly Reader _reader = new Reader();
        private readonly PoseMessage _pose = new PoseMessage();
        private readonly LearnerHandsMessage _learnerHands = new LearnerHandsMessage();
        private readonly ScoreMessage _score = new ScoreMessage();
        private readonly AckMessage _ack = new AckMessage();
        private readonly PingMessage _ping = new PingMessage();
        private readonly PongMessage _pong = new PongMessage();

        /// <summary>Decodes a whole array.</summary>
        /// <exception cref="ProtocolException">As the other overload.</exception>
        public Message Decode(byte[] data)
        {
            if (data == null) throw new ArgumentNullException(nameof(data));
            return Decode(data, 0, data.Length);
        }

        /// <summary>Decodes part of an array, which is not kept.</summary>
        /// <param name="data">Where the bytes are.</param>
        /// <param name="start">Where they begin.</param>
        /// <param name="count">How many they are.</param>
        /// <exception cref="ProtocolException">
        /// <c>too_large</c>: more than <see cref="Wire.MaxMessageBytes"/>. <c>unknown_type</c>: a valid map
        /// of another type. <c>malformed</c>: everything else that is no message.
        /// </exception>
        public Message Decode(byte[] data, int start, int count)
        {
            if (data == null) throw new ArgumentNullException(nameof(data));
            if (start < 0 || count < 0 || count > data.Length - start)
                throw new ArgumentOutOfRangeException(nameof(count));
            if (count > Wire.MaxMessageBytes)
            {
                throw new ProtocolException(
                    $"a message of {count} bytes is larger than {Wire.MaxMessageBytes}", ErrorCode.TooLarge);
            }
            _scanner.Check(data, start, count);
            _reader.Begin(data, start, count);
            try
            {
                Message message = _reader.Peek() == TokenKind.List ? Compact(data) : Map();
                message.Validate();
                return message;
            }
            finally
            {
                _reader.End();
            }
        }

        private PoseMessage Compact(byte[] data)
        {
            _reader.List(3, 3);
            _pose.Seq = _reader.Int();
            _pose.TimeNs = _reader.Int();
            int hands = _reader.Bin(out int bytes);
            CompactReader.Read(data, hands, bytes, _pose.Hands);
            return _pose;
        }

        private Message Map()
        {
            int type = _reader.TypeOf(Types);
            if (type < 0) throw new ProtocolException("no message has this type", ErrorCode.UnknownType);
            Message message = Empty(Types[type]);
            _reader.Record(message);
            return message;
        }

        private Message Empty(string type)
        {
            switch (type)
            {
                case "pose": return _pose;
                case "learner_hands": return _learnerHands;
                case "score": return _score;
                case "ack": return _ack;
                case "ping": return _ping;
                case "pong": return _pong;
                case "hello": return new HelloMessage();
                case "welcome": return new WelcomeMessage();
                case "subscribe": return new SubscribeMessage();
                case "shape": return new ShapeMessage();
                case "anchor": return new AnchorMessage();
                case "playback_control": return new PlaybackControlMessage();
                case "playback_state": return new PlaybackStateMessage();
                case "status": return new StatusMessage();
                case "error": return new ErrorMessage();
                case "bye": return new ByeMessage();
                default: throw new InvalidOperationException(type);
            }
        }
    }
}
