using System;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>What came of fetching a hand's mesh.</summary>
    public sealed class HandMeshAnswer
    {
        internal HandMeshAnswer(HandMesh mesh, string code, string text)
        {
            Mesh = mesh;
            Code = code;
            Text = text;
        }

        /// <summary>The mesh; null where there is none.</summary>
        public HandMesh Mesh { get; }

        /// <summary>One of <see cref="FailureCode"/> or <see cref="ErrorCode"/>; null if nothing failed.</summary>
        public string Code { get; }

        /// <summary>What failed and what to do about it, for people; null if nothing did.</summary>
        public string Text { get; }
    }

    /// <summary>
    /// Fetches hands' meshes from the bridge of a link, with the same certificate as its WebSocket. Nobody
    /// needs a token for them.
    /// </summary>
    public static class HandMeshSource
    {
        private const int MostMs = 15000;

        /// <summary>Fetches the mesh of one hand. The task never fails: what went wrong is in its answer.</summary>
        /// <param name="link">A link to any room of the bridge.</param>
        /// <param name="tls">Which certificate it may have.</param>
        /// <param name="side">Which hand.</param>
        /// <param name="cancel">Ends it early.</param>
        public static Task<HandMeshAnswer> FetchAsync(
            RoomLink link, TlsPolicy tls, Side side, CancellationToken cancel = default(CancellationToken))
        {
            if (link == null) throw new ArgumentNullException(nameof(link));
            return Task.Run(() => AnswerAsync(link, tls ?? TlsPolicy.Trusted, side, cancel));
        }

        private static async Task<HandMeshAnswer> AnswerAsync(
            RoomLink link, TlsPolicy tls, Side side, CancellationToken cancel)
        {
            Failure failure;
            try
            {
                byte[] document = await GetAsync(link, tls, side, cancel).ConfigureAwait(false);
                if (HandMesh.TryParse(document, out HandMesh mesh, out string problem))
                    return new HandMeshAnswer(mesh, null, null);
                failure = new Failure(ErrorCode.Malformed, problem);
            }
            catch (FailureException error)
            {
                failure = error.Failure;
            }
            catch (Exception error)
            {
                failure = new Failure(FailureCode.Lost, "the connection broke: " + BridgeStream.Innermost(error));
            }
            return new HandMeshAnswer(null, failure.Code, failure.Text);
        }

        private static async Task<byte[]> GetAsync(
            RoomLink link, TlsPolicy tls, Side side, CancellationToken cancel)
        {
            using (CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancel))
            {
                limit.CancelAfter(MostMs);
                using (Stream stream = await BridgeStream.OpenAsync(link, tls, limit.Token).ConfigureAwait(false))
                using (limit.Token.Register(stream.Dispose))
                {
                    string name = side == Side.Left ? "left" : "right";
                    byte[] request = Encoding.ASCII.GetBytes(
                        $"GET /hands/{name}.msgpack HTTP/1.1\r\nHost: {link.Authority}\r\nConnection: close\r\n\r\n");
                    await stream.WriteAsync(request, 0, request.Length, limit.Token).ConfigureAwait(false);
                    await stream.FlushAsync(limit.Token).ConfigureAwait(false);
                    HttpHead head = await HttpHead.ReadAsync(stream, limit.Token).ConfigureAwait(false);
                    if (head.Status != 200) throw HttpHead.NoBridge($"it answered HTTP {head.Status}");
                    return await BodyAsync(stream, head.Number("Content-Length"), limit.Token).ConfigureAwait(false);
                }
            }
        }

        private static async Task<byte[]> BodyAsync(Stream stream, long length, CancellationToken cancel)
        {
            if (length < 0 || length > HandMesh.MaxBytes) throw HttpHead.NoBridge("its answer has no good length");
            var body = new byte[length];
            int count = 0;
            while (count < body.Length)
            {
                int more = await stream.ReadAsync(body, count, body.Length - count, cancel).ConfigureAwait(false);
                if (more == 0) throw new FailureException(FailureCode.Lost, "the connection ended in the answer");
                count += more;
            }
            return body;
        }
    }
}
