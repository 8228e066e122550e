using System;

namespace GhostHands.Protocol
{
    /// <summary>Where a client's connection is.</summary>
    public enum SessionState
    {
        /// <summary>The hello is sent, the welcome has not come.</summary>
        ExpectWelcome,

        /// <summary>Messages flow.</summary>
        Open,

        /// <summary>It is over; what still comes is ignored.</summary>
        Closed,
    }

    /// <summary>
    /// A client's end of one connection, without the socket: bytes in, bytes out (SPEC.md, sections 3, 6
    /// and 7). Its hello waits to be sent from the start. The owner of the socket hands each WebSocket
    /// message to <see cref="Receive"/>; after any call it sends what <see cref="TakeOutgoing"/> gives, and
    /// once the state is Closed it closes the socket with <see cref="CloseCode"/>. One thread at a time.
    /// </summary>
    public sealed class ClientSession
    {
        /// <summary>Close code of a connection that nobody broke.</summary>
        public const int CloseNormal = 1000;

        private const int MaxPings = 32;

        private readonly Func<long> _clockNs;
        private readonly MessageDecoder _decoder = new MessageDecoder();
        private readonly MessageEncoder _encoder = new MessageEncoder();
        private readonly Outbox _outbox = new Outbox();
        private readonly PoseOrder _order = new PoseOrder();
        private readonly AckMessage _ack = new AckMessage();
        private readonly PingMessage _ping = new PingMessage();
        private readonly PongMessage _pong = new PongMessage();

        /// <summary>Pings that were not answered yet, -1 where there is none.</summary>
        private readonly long[] _pings = new long[MaxPings];
        private int _nextPing;
        private int _taken;

        /// <summary>Begins a connection.</summary>
        /// <param name="hello">What to say first.</param>
        /// <param name="clockNs">A monotonic clock of any origin, nanoseconds, 0 or more.</param>
        /// <exception cref="ProtocolException"><c>malformed</c>: a field of the hello is out of its limits.</exception>
        public ClientSession(HelloMessage hello, Func<long> clockNs)
        {
            if (hello == null) throw new ArgumentNullException(nameof(hello));
            if (clockNs == null) throw new ArgumentNullException(nameof(clockNs));
            _clockNs = clockNs;
            Role = hello.Role;
            for (int i = 0; i < MaxPings; i++) _pings[i] = -1;
            Send(hello);
        }

        /// <summary>What the client is in the room.</summary>
        public Role Role { get; }

        /// <summary>Where the connection is.</summary>
        public SessionState State { get; private set; } = SessionState.ExpectWelcome;

        /// <summary>How to close the socket once <see cref="State"/> is Closed; 0 where it closed by itself.</summary>
        public int CloseCode { get; private set; }

        /// <summary>The bridge's answer, once it came; null before.</summary>
        public WelcomeMessage Welcome { get; private set; }

        /// <summary>The error that was received, or sent; null if none was.</summary>
        public ErrorMessage Error { get; private set; }

        /// <summary>Bytes that wait to be taken by <see cref="TakeOutgoing"/>.</summary>
        public int PendingBytes => _outbox.Pending;

        /// <summary>The bridge's clock, from the pongs to <see cref="Ping"/>.</summary>
        public ClockSync Clock { get; } = new ClockSync();

        /// <summary>
        /// Takes one binary WebSocket message. A peer's fault never throws: it queues an <c>error</c>, and
        /// the connection is Closed. For a text message call <see cref="Refuse"/> with <c>malformed</c>.
        /// </summary>
        /// <returns>
        /// What concerns the application, or null. Poses, learners' hands and scores are overwritten by the
        /// next of their type, as <see cref="MessageDecoder"/> says.
        /// </returns>
        public Message Receive(byte[] data, int start, int count)
        {
            if (State == SessionState.Closed) return null;
            try
            {
                return Handle(_decoder.Decode(data, start, count));
            }
            catch (ProtocolException error)
            {
                Refuse(error.Code, error.Message);
                return null;
            }
        }

        /// <summary>Moves the oldest message that waits to be sent into a buffer.</summary>
        /// <param name="buffer">Filled from its front; replaced by a larger one if need be, and may be null.</param>
        /// <returns>The message's length in bytes, or 0 if none waits.</returns>
        public int TakeOutgoing(ref byte[] buffer)
        {
            return _outbox.Take(ref buffer);
        }

        /// <summary>Queues a message; ignored once Closed.</summary>
        /// <exception cref="ProtocolException"><c>malformed</c>: a field is out of its limits.</exception>
        public void Send(Message message, Precision precision = Precision.Compact)
        {
            if (State != SessionState.Closed) _outbox.Put(_encoder.Encode(message, precision));
        }

        /// <summary>
        /// This pose was taken for use. The bridge is told when half the window was: it sends on meanwhile.
        /// </summary>
        /// <param name="seq">The pose's number.</param>
        public void Acknowledge(long seq)
        {
            int window = Welcome == null ? Wire.DefaultAckWindow : Welcome.AckWindow;
            if (2 * ++_taken < window) return;
            _taken = 0;
            _ack.Seq = seq;
            Send(_ack);
        }

        /// <summary>
        /// Asks for the bridge's clock; ignored unless Open. Five at the start, 100 ms apart, and one every
        /// two seconds are enough.
        /// </summary>
        public void Ping()
        {
            if (State != SessionState.Open) return;
            long now = _clockNs();
            if (Array.IndexOf(_pings, now) < 0)
            {
                _pings[_nextPing] = now; // in place of the oldest, which is not waited for any more
                _nextPing = (_nextPing + 1) % MaxPings;
            }
            _ping.T0Ns = now;
            Send(_ping);
        }

        /// <summary>Ends the connection deliberately.</summary>
        /// <param name="reason">For people; what is past 1024 bytes is cut off.</param>
        /// <exception cref="ProtocolException"><c>malformed</c>: the reason is not valid Unicode.</exception>
        public void Bye(string reason)
        {
            Send(new ByeMessage { Reason = Utf8.Shortened(reason, Wire.MaxReasonBytes) });
            End(CloseNormal);
        }

        /// <summary>Ends the connection with an error.</summary>
        /// <param name="code">One of <see cref="ErrorCode"/>.</param>
        /// <param name="message">For people.</param>
        public void Refuse(string code, string message)
        {
            if (State == SessionState.Closed) return;
            Error = new ErrorMessage { Code = code, Text = Utf8.Shortened(message, Wire.MaxReasonBytes) };
            Send(Error);
            End(ErrorCode.CloseCode(code));
        }

        /// <summary>The socket has closed; nothing can be sent any more.</summary>
        public void Lost()
        {
            State = SessionState.Closed;
            _outbox.Clear();
        }

        private void End(int closeCode)
        {
            if (State == SessionState.Closed) return;
            State = SessionState.Closed;
            CloseCode = closeCode;
        }

        private Message Handle(Message message)
        {
            if (message is ErrorMessage || message is ByeMessage)
            {
                Error = message as ErrorMessage;
                End(CloseNormal);
                return message;
            }
            return State == SessionState.Open ? HandleOpen(message) : HandleWelcome(message);
        }

        private Message HandleWelcome(Message message)
        {
            var welcome = message as WelcomeMessage;
            if (welcome == null) throw Unexpected(message);
            if (welcome.Version != Wire.Version)
            {
                throw new ProtocolException(
                    $"the bridge chose version {welcome.Version}, which was not offered", ErrorCode.UnsupportedVersion);
            }
            Welcome = welcome;
            State = SessionState.Open;
            return welcome;
        }

        private Message HandleOpen(Message message)
        {
            switch (message.Type)
            {
                case "ping":
                    Answer((PingMessage)message);
                    return null;
                case "pong":
                    TakePong((PongMessage)message);
                    return null;
            }
            if (Role == Role.Play) throw Unexpected(message);
            switch (message.Type)
            {
                case "shape":
                    _order.Note((ShapeMessage)message);
                    return message;
                case "pose":
                    _order.Check((PoseMessage)message);
                    return message;
                case "status":
                case "anchor":
                case "learner_hands":
                case "score":
                case "playback_state":
                    return message;
                default:
                    throw Unexpected(message);
            }
        }

        private void Answer(PingMessage ping)
        {
            long now = _clockNs();
            _pong.T0Ns = ping.T0Ns;
            _pong.T1Ns = now;
            _pong.T2Ns = Math.Max(now, _clockNs());
            Send(_pong);
        }

        private void TakePong(PongMessage pong)
        {
            int index = Array.IndexOf(_pings, pong.T0Ns);
            if (index < 0) return; // older than the pings remembered
            _pings[index] = -1;
            if (!Clock.Add(pong.T0Ns, pong.T1Ns, pong.T2Ns, _clockNs()))
                throw new ProtocolException("pong: its times contradict each other");
        }

        private ProtocolException Unexpected(Message message)
        {
            string place = State == SessionState.Open ? $"role {Role}" : "before the welcome";
            return new ProtocolException($"{message.Type} is not allowed here ({place})", ErrorCode.Unexpected);
        }
    }
}
