using System;
using System.IO;
using System.Net.WebSockets;
using System.Threading;
using System.Threading.Tasks;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// One WebSocket, from connecting to its end. Three tasks share it: one receives, one sends what the
    /// session has, one watches the time. The session is locked around each use.
    /// </summary>
    internal sealed class RoomAttempt
    {
        private const int ConnectMs = 10000;
        private const int FarewellMs = 500;
        private const int FirstBytes = 16 * 1024;

        /// <summary>What waits unsent may be the answers to what came, and no more.</summary>
        private const int MaxPendingBytes = 256 * 1024;

        private readonly RoomLink _link;
        private readonly TlsPolicy _tls;
        private readonly Action<Message> _take;
        private readonly SemaphoreSlim _unsent = new SemaphoreSlim(1);
        private readonly Pulse _pulse = new Pulse(Clocks.NowMs());
        private readonly CancellationTokenSource _over = new CancellationTokenSource();
        private WebSocket _socket;
        private byte[] _outgoing;

        /// <summary>Prepares one.</summary>
        /// <param name="link">Where to.</param>
        /// <param name="tls">Which certificate is good.</param>
        /// <param name="session">A new session.</param>
        /// <param name="take">
        /// Gets each message of the session, while the session is locked; null for those that are its own affair.
        /// </param>
        internal RoomAttempt(RoomLink link, TlsPolicy tls, ClientSession session, Action<Message> take)
        {
            _link = link;
            _tls = tls;
            Session = session;
            _take = take;
        }

        /// <summary>Lock it around each use.</summary>
        internal ClientSession Session { get; }

        /// <summary>Something was given to the session to send.</summary>
        internal void Wake()
        {
            if (_unsent.CurrentCount == 0) _unsent.Release();
        }

        /// <summary>Connects, and runs until the connection is over.</summary>
        /// <param name="stop">Ends it: with a bye, if there is time.</param>
        /// <returns>Why it is over.</returns>
        internal async Task<Failure> RunAsync(CancellationToken stop)
        {
            try
            {
                Stream stream = await ConnectAsync(stop).ConfigureAwait(false);
                using (stream)
                using (_socket)
                {
                    return await TalkAsync(stop).ConfigureAwait(false);
                }
            }
            catch (FailureException error)
            {
                return error.Failure;
            }
            catch (Exception error)
            {
                return new Failure(FailureCode.Lost, "the connection broke: " + BridgeStream.Innermost(error));
            }
            finally
            {
                lock (Session) Session.Lost();
                _over.Cancel();
            }
        }

        private async Task<Stream> ConnectAsync(CancellationToken stop)
        {
            using (CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                limit.CancelAfter(ConnectMs);
                Stream stream = null;
                try
                {
                    stream = await BridgeStream.OpenAsync(_link, _tls, limit.Token).ConfigureAwait(false);
                    // A stream of TLS does not hear a token: the end of the stream is what it hears.
                    using (limit.Token.Register(stream.Dispose))
                    {
                        _socket = await WebSocketHandshake.AskAsync(stream, _link, limit.Token).ConfigureAwait(false);
                    }
                    return stream;
                }
                catch (Exception)
                {
                    stream?.Dispose();
                    if (!stop.IsCancellationRequested && limit.IsCancellationRequested)
                    {
                        throw new FailureException(
                            FailureCode.Unreachable, $"{_link.Authority} did not answer within {ConnectMs / 1000} s");
                    }
                    throw;
                }
            }
        }

        private async Task<Failure> TalkAsync(CancellationToken stop)
        {
            Task<Failure> receiving = Task.Run(ReceiveAsync);
            Task sending = Task.Run(SendAsync);
            Task<Failure> watching = Task.Run(() => WatchAsync(stop));
            await Task.WhenAny(receiving, sending, watching).ConfigureAwait(false);
            _over.Cancel();
            if (stop.IsCancellationRequested)
            {
                lock (Session) Session.Bye("");
            }
            bool stuck = await Within(FarewellMs, sending).ConfigureAwait(false);
            if (!stuck) stuck = await Within(FarewellMs, FarewellAsync()).ConfigureAwait(false);
            _socket.Abort();
            Failure watched = await watching.ConfigureAwait(false);
            Failure received = await receiving.ConfigureAwait(false);
            lock (Session)
            {
                ErrorMessage error = Session.Error;
                if (error != null) return new Failure(error.Code, error.Text);
            }
            return watched.Code != null ? watched : received;
        }

        private async Task<Failure> ReceiveAsync()
        {
            var buffer = new byte[FirstBytes];
            int count = 0;
            try
            {
                while (true)
                {
                    if (count == buffer.Length)
                        Array.Resize(ref buffer, Math.Min(2 * count, Wire.MaxMessageBytes + 1));
                    var free = new ArraySegment<byte>(buffer, count, buffer.Length - count);
                    WebSocketReceiveResult got = await _socket.ReceiveAsync(free, CancellationToken.None)
                        .ConfigureAwait(false);
                    if (got.MessageType == WebSocketMessageType.Close) return Closed();
                    count += got.Count;
                    bool open = Take(buffer, count, got);
                    Wake();
                    if (!open) return Closed();
                    if (got.EndOfMessage) count = 0;
                }
            }
            catch (Exception error)
            {
                return new Failure(FailureCode.Lost, "the connection broke: " + BridgeStream.Innermost(error));
            }
        }

        /// <summary>Hands what came to the session; false once that is over.</summary>
        private bool Take(byte[] buffer, int count, WebSocketReceiveResult got)
        {
            lock (Session)
            {
                _pulse.Heard(Clocks.NowMs());
                if (got.MessageType == WebSocketMessageType.Text)
                    Session.Refuse(ErrorCode.Malformed, "the bridge sent text where only binary messages are allowed");
                else if (count > Wire.MaxMessageBytes)
                    Session.Refuse(ErrorCode.TooLarge, $"the bridge sent more than {Wire.MaxMessageBytes} bytes");
                else if (got.EndOfMessage)
                {
                    Message message = Session.Receive(buffer, 0, count);
                    if (message is WelcomeMessage) _pulse.Opened(Clocks.NowMs());
                    _take(message);
                }
                return Session.State != SessionState.Closed;
            }
        }

        private Failure Closed()
        {
            int code = (int)(_socket.CloseStatus ?? 0);
            string said = _socket.CloseStatusDescription;
            string reason = string.IsNullOrEmpty(said) ? "the bridge ended the connection" : said;
            return new Failure(CloseRules.CodeOf(code), reason);
        }

        private async Task SendAsync()
        {
            try
            {
                while (!_over.IsCancellationRequested)
                {
                    await _unsent.WaitAsync(_over.Token).ConfigureAwait(false);
                    await FlushAsync().ConfigureAwait(false);
                }
            }
            catch (Exception)
            {
                // The receiving task sees the same connection break, and says so.
            }
        }

        private async Task FlushAsync()
        {
            while (true)
            {
                int count;
                lock (Session) count = Session.TakeOutgoing(ref _outgoing);
                if (count == 0) return;
                var message = new ArraySegment<byte>(_outgoing, 0, count);
                await _socket.SendAsync(message, WebSocketMessageType.Binary, true, CancellationToken.None)
                    .ConfigureAwait(false);
            }
        }

        private async Task<Failure> WatchAsync(CancellationToken stop)
        {
            try
            {
                using (CancellationTokenSource either =
                    CancellationTokenSource.CreateLinkedTokenSource(stop, _over.Token))
                {
                    while (true)
                    {
                        int waitMs;
                        lock (Session)
                        {
                            long nowMs = Clocks.NowMs();
                            if (_pulse.IsSilent(nowMs))
                                return new Failure(FailureCode.Silent, "the bridge does not answer");
                            if (Session.PendingBytes > MaxPendingBytes)
                                return new Failure(FailureCode.Lost, "the network stands still");
                            if (_pulse.TakePing(nowMs)) Session.Ping();
                            waitMs = _pulse.WaitMs(nowMs);
                        }
                        Wake();
                        await Task.Delay(waitMs, either.Token).ConfigureAwait(false);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                return default(Failure);
            }
        }

        /// <summary>Sends what is left, an error or a bye, and closes as the session says.</summary>
        private async Task FarewellAsync()
        {
            try
            {
                await FlushAsync().ConfigureAwait(false);
                int code;
                lock (Session) code = Session.CloseCode == 0 ? ClientSession.CloseNormal : Session.CloseCode;
                await _socket.CloseOutputAsync((WebSocketCloseStatus)code, "", CancellationToken.None)
                    .ConfigureAwait(false);
            }
            catch (Exception)
            {
                // A connection that broke needs no farewell.
            }
        }

        /// <summary>Waits for a task, but not for long; true if it goes on.</summary>
        private static async Task<bool> Within(int milliseconds, Task task)
        {
            return await Task.WhenAny(task, Task.Delay(milliseconds)).ConfigureAwait(false) != task;
        }
    }
}
