using System;
using System.Threading;
using System.Threading.Tasks;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// A watcher's or learner's connection to a room, kept up: it reconnects until it is closed. Poses go
    /// to a sink as they arrive; everything else becomes an event that the app's thread takes. May be
    /// used from any thread, but events are taken by one. It throws nothing: what fails is an event.
    /// </summary>
    /// <remarks>WebGL has no sockets and no threads: there the bridge's own pages do this.</remarks>
    public sealed class RoomConnection : IDisposable
    {
        private const int MaxEvents = 256;

        /// <summary>With so much unsent a network stands still, and what is added only comes too late.</summary>
        private const int MaxUnsentBytes = 32 * 1024;

        private readonly RoomLink _link;
        private readonly RoomOptions _options;
        private readonly IPoseSink _poses;
        private readonly EventQueue _events = new EventQueue(MaxEvents);
        private readonly CancellationTokenSource _closing = new CancellationTokenSource();
        private readonly SemaphoreSlim _retryNow = new SemaphoreSlim(0);
        private readonly Backoff _backoff;
        private readonly object _gate = new object();
        private RoomAttempt _attempt;
        private Task _running;
        private volatile int _state = (int)ConnectionState.Closed;
        private volatile string _resume;
        private volatile string _learner;
        private long _dropped;
        private long _offsetNs;
        private long _roundTripNs = -1;

        /// <summary>Makes a connection, closed as yet.</summary>
        /// <param name="link">Where the room is.</param>
        /// <param name="options">How to join it; what changes in them later has no effect.</param>
        /// <param name="poses">Takes the poses, on another thread; null for none.</param>
        public RoomConnection(RoomLink link, RoomOptions options, IPoseSink poses)
        {
            _link = link ?? throw new ArgumentNullException(nameof(link));
            _options = (options ?? new RoomOptions()).Copy();
            _poses = poses;
            _backoff = new Backoff(new Random().NextDouble);
        }

        /// <summary>Where the connection stands.</summary>
        public ConnectionState State => (ConnectionState)_state;

        /// <summary>Messages that <see cref="Send"/> did not send.</summary>
        public long Dropped => Interlocked.Read(ref _dropped);

        /// <summary>Events that nobody took in time.</summary>
        public long DroppedEvents => _events.Dropped;

        /// <summary>What the bridge calls this client, if it is a learner; null before it is welcome.</summary>
        public string Learner => _learner;

        /// <summary>This device's monotonic clock, nanoseconds.</summary>
        public static long LocalNowNs => Clocks.NowNs();

        /// <summary>The bridge's clock now, nanoseconds.</summary>
        /// <returns>False while it is not known.</returns>
        public bool TryBridgeNowNs(out long nowNs)
        {
            nowNs = Clocks.NowNs() + Interlocked.Read(ref _offsetNs);
            return RoundTripNs >= 0;
        }

        /// <summary>The shortest recent round trip to the bridge, nanoseconds; -1 while it is not known.</summary>
        public long RoundTripNs => Interlocked.Read(ref _roundTripNs);

        /// <summary>Connects, now and again after every loss. A connection is opened once.</summary>
        public void Open()
        {
            lock (_gate)
            {
                if (_running != null || _closing.IsCancellationRequested) return;
                SetState(ConnectionState.Connecting, default(Failure), 0);
                // Not on the caller's context: Unity's main thread shall neither wait nor be waited for.
                _running = Task.Run(KeepUpAsync);
            }
        }

        /// <summary>Cuts a wait short; an attempt that is under way goes on.</summary>
        public void RetryNow()
        {
            if (_retryNow.CurrentCount == 0) _retryNow.Release();
        }

        /// <summary>Takes the oldest event; it holds until the next is taken.</summary>
        /// <returns>False where there is none.</returns>
        public bool TryTake(out RoomEvent taken)
        {
            return _events.TryTake(out taken);
        }

        /// <summary>
        /// Sends a message now, or not at all: hands and commands that come late do harm. What cannot be
        /// sent is dropped and counted; what may not be sent becomes an event, too.
        /// </summary>
        /// <returns>Whether it is on its way.</returns>
        public bool Send(Message message)
        {
            RoomAttempt attempt = Volatile.Read(ref _attempt);
            bool sent = attempt != null && message != null && State == ConnectionState.Open;
            if (sent) sent = TrySend(attempt, message);
            if (sent) attempt.Wake();
            else Interlocked.Increment(ref _dropped);
            return sent;
        }

        /// <summary>Ends the connection for good, soon and without waiting.</summary>
        public void Dispose()
        {
            lock (_gate)
            {
                if (_closing.IsCancellationRequested) return;
                _closing.Cancel();
                if (_running == null || _running.IsCompleted) SetState(ConnectionState.Closed, default(Failure), 0);
            }
        }

        private bool TrySend(RoomAttempt attempt, Message message)
        {
            bool may = message is PlaybackControlMessage ||
                (message is LearnerHandsMessage && _options.Role == Role.Learn);
            try
            {
                if (!may) throw new ProtocolException($"{message.Type} is not for a {_options.Role} to send");
                lock (attempt.Session)
                {
                    bool free = attempt.Session.State == SessionState.Open &&
                        attempt.Session.PendingBytes <= MaxUnsentBytes;
                    if (free) attempt.Session.Send(message);
                    return free;
                }
            }
            catch (ProtocolException error)
            {
                _events.Put(RoomEventKind.Problem, State, FailureCode.NotSent, error.Message, 0);
                return false;
            }
        }

        private async Task KeepUpAsync()
        {
            try
            {
                while (!_closing.IsCancellationRequested)
                {
                    Failure failure = await AttemptAsync().ConfigureAwait(false);
                    if (_closing.IsCancellationRequested) break;
                    int waitMs = Next(failure);
                    if (waitMs < 0) return;
                    while (_retryNow.Wait(0))
                    {
                        // Asked for while it was connected.
                    }
                    await _retryNow.WaitAsync(waitMs, _closing.Token).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException)
            {
                // Closed while it waited.
            }
            SetState(ConnectionState.Closed, default(Failure), 0);
        }

        private async Task<Failure> AttemptAsync()
        {
            try
            {
                var hello = new HelloMessage
                {
                    Client = _options.Client, Role = _options.Role, Token = _link.Token, Resume = _resume,
                };
                var session = new ClientSession(hello, Clocks.NowNs);
                var attempt = new RoomAttempt(_link, _options.Tls, session, message => Take(session, message));
                Volatile.Write(ref _attempt, attempt);
                return await attempt.RunAsync(_closing.Token).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                // Options that make no valid hello, or a fault of this package's own.
                return new Failure(ErrorCode.Internal, BridgeStream.Innermost(error));
            }
            finally
            {
                Volatile.Write(ref _attempt, null);
            }
        }

        /// <summary>Says how it goes on; returns how long to wait, or -1 to give up.</summary>
        private int Next(Failure failure)
        {
            switch (CloseRules.After(failure.Code))
            {
                case NextStep.GiveUp:
                    SetState(ConnectionState.Refused, failure, 0);
                    return -1;
                case NextStep.WaitForRoom:
                    SetState(ConnectionState.WaitingForRoom, failure, CloseRules.RoomRetryMs);
                    return CloseRules.RoomRetryMs;
                default:
                    int leastMs = CloseRules.After(failure.Code) == NextStep.RetryLater ? CloseRules.RateRetryMs : 0;
                    int waitMs = Math.Max(_backoff.Next(), Math.Max(leastMs, failure.RetryAfterMs));
                    SetState(ConnectionState.Reconnecting, failure, waitMs);
                    return waitMs;
            }
        }

        /// <summary>Takes a message of the attempt's session, which is locked, or null for one of its own.</summary>
        private void Take(ClientSession session, Message message)
        {
            if (session.Clock.Ready)
            {
                Interlocked.Exchange(ref _offsetNs, session.Clock.OffsetNs);
                Interlocked.Exchange(ref _roundTripNs, session.Clock.RttNs);
            }
            if (message == null) return;
            var pose = message as PoseMessage;
            if (pose != null)
            {
                TakePose(session, pose);
                return;
            }
            var welcome = message as WelcomeMessage;
            if (welcome == null)
            {
                bool ends = message is ErrorMessage || message is ByeMessage; // the attempt's end tells of it
                if (!ends) _events.PutMessage(RoomEventKind.Message, State, message);
                return;
            }
            _backoff.Reset();
            _resume = welcome.Session;
            _learner = LearnerName.Of(welcome.Session);
            Interlocked.Exchange(ref _roundTripNs, -1); // another bridge may answer, with another clock
            if (!welcome.Resumed)
            {
                session.Send(new SubscribeMessage { MaxRateHz = _options.MaxRateHz, Precision = _options.Precision });
            }
            _state = (int)ConnectionState.Open;
            _events.PutMessage(RoomEventKind.State, ConnectionState.Open, welcome);
        }

        private void TakePose(ClientSession session, PoseMessage pose)
        {
            session.Acknowledge(pose.Seq);
            // Without the bridge's clock nobody could tell when to show it; the first ping settles that.
            if (session.Clock.Ready) _poses?.Push(pose, session.Clock.ToRemoteNs(Clocks.NowNs()));
        }

        private void SetState(ConnectionState state, Failure failure, int retryInMs)
        {
            _state = (int)state;
            string text = failure.Code == null ? null : failure.Text;
            _events.Put(RoomEventKind.State, state, failure.Code, text, retryInMs);
        }
    }
}
