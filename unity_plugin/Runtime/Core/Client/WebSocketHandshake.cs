using System;
using System.IO;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>Asks a bridge for a room's WebSocket (RFC 6455, section 4.1).</summary>
    internal static class WebSocketHandshake
    {
        private const string AcceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
        private const int BufferBytes = 16 * 1024;
        private const int MostRetryS = 600;

        /// <summary>Turns an open stream into a WebSocket.</summary>
        /// <exception cref="FailureException">The bridge does not grant it.</exception>
        internal static async Task<WebSocket> AskAsync(Stream stream, RoomLink link, CancellationToken cancel)
        {
            string key = NewKey();
            byte[] request = Encoding.ASCII.GetBytes(
                $"GET /ws/{link.Room} HTTP/1.1\r\nHost: {link.Authority}\r\nConnection: Upgrade\r\n" +
                $"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n" +
                $"Sec-WebSocket-Protocol: {Wire.Subprotocol}\r\n\r\n");
            await stream.WriteAsync(request, 0, request.Length, cancel).ConfigureAwait(false);
            await stream.FlushAsync(cancel).ConfigureAwait(false);
            Check(await HttpHead.ReadAsync(stream, cancel).ConfigureAwait(false), key);
            return WebSocket.CreateClientWebSocket(
                stream, Wire.Subprotocol, BufferBytes, BufferBytes, Timeout.InfiniteTimeSpan, false,
                WebSocket.CreateClientBuffer(BufferBytes, BufferBytes));
        }

        /// <summary>Whether an answer grants the WebSocket that was asked for.</summary>
        /// <exception cref="FailureException">It does not.</exception>
        internal static void Check(HttpHead head, string key)
        {
            if (head.Status == 429)
            {
                long seconds = Math.Min(Math.Max(head.Number("Retry-After"), 0), MostRetryS);
                throw new FailureException(
                    new Failure(ErrorCode.RateLimited, "too many attempts in a short time", (int)(1000 * seconds)));
            }
            if (head.Status == 503) throw new FailureException(FailureCode.Lost, "the bridge is busy (HTTP 503)");
            if (head.Status != 101) throw HttpHead.NoBridge($"it answered HTTP {head.Status}");
            if (head["Sec-WebSocket-Accept"] != AcceptOf(key)) throw HttpHead.NoBridge("its handshake is wrong");
            if (head["Sec-WebSocket-Protocol"] != Wire.Subprotocol)
                throw HttpHead.NoBridge($"it does not speak {Wire.Subprotocol}");
            if (head["Sec-WebSocket-Extensions"] != null)
                throw HttpHead.NoBridge("it wants an extension that was not offered");
        }

        internal static string AcceptOf(string key)
        {
            using (SHA1 sha = SHA1.Create())
            {
                return Convert.ToBase64String(sha.ComputeHash(Encoding.ASCII.GetBytes(key + AcceptSuffix)));
            }
        }

        private static string NewKey()
        {
            var bytes = new byte[16];
            using (RandomNumberGenerator random = RandomNumberGenerator.Create()) random.GetBytes(bytes);
            return Convert.ToBase64String(bytes);
        }
    }
}
