using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace GhostHands.Core
{
    /// <summary>Status and headers of an HTTP/1.1 answer, and nothing past them.</summary>
    internal sealed class HttpHead
    {
        private const int MaxBytes = 16 * 1024;

        private readonly Dictionary<string, string> _headers;

        private HttpHead(int status, Dictionary<string, string> headers)
        {
            Status = status;
            _headers = headers;
        }

        internal int Status { get; }

        /// <summary>A header's value; null where it is not there.</summary>
        internal string this[string name] => _headers.TryGetValue(name, out string value) ? value : null;

        /// <summary>Reads a head byte by byte, so that what follows it stays in the stream.</summary>
        /// <exception cref="FailureException">What came is no head of HTTP.</exception>
        internal static async Task<HttpHead> ReadAsync(Stream stream, CancellationToken cancel)
        {
            var text = new StringBuilder();
            var one = new byte[1];
            int ending = 0;
            while (ending < 4)
            {
                int count = await stream.ReadAsync(one, 0, 1, cancel).ConfigureAwait(false);
                if (count == 0) throw new FailureException(FailureCode.Lost, "the connection ended in the handshake");
                if (text.Length == MaxBytes) throw NoBridge("its answer has no end");
                ending = one[0] == "\r\n\r\n"[ending] ? ending + 1 : one[0] == '\r' ? 1 : 0;
                text.Append((char)one[0]);
            }
            return Parse(text.ToString());
        }

        /// <summary>Reads the text of a head.</summary>
        /// <exception cref="FailureException">It is none.</exception>
        internal static HttpHead Parse(string text)
        {
            string[] lines = text.Split(new[] { "\r\n" }, StringSplitOptions.None);
            string[] first = lines[0].Split(new[] { ' ' }, 3);
            bool good = first.Length >= 2 && first[0].StartsWith("HTTP/1.", StringComparison.Ordinal);
            int status = 0;
            good = good && int.TryParse(first[1], NumberStyles.None, CultureInfo.InvariantCulture, out status);
            if (!good) throw NoBridge("it does not speak HTTP");
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            for (int i = 1; i < lines.Length; i++)
            {
                int colon = lines[i].IndexOf(':');
                if (colon > 0) headers[lines[i].Substring(0, colon).Trim()] = lines[i].Substring(colon + 1).Trim();
            }
            return new HttpHead(status, headers);
        }

        /// <summary>A header that is a number of at least 0; -1 where it is none.</summary>
        internal long Number(string name)
        {
            string value = this[name];
            bool good = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
            return good ? number : -1;
        }

        internal static FailureException NoBridge(string why)
        {
            return new FailureException(FailureCode.NotABridge, $"what answers is no GhostHands bridge: {why}");
        }
    }
}
