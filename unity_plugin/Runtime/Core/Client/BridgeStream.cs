using System;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;

namespace GhostHands.Core
{
    /// <summary>
    /// The bytes between this client and a bridge: TCP, and TLS where the link says so.
    /// </summary>
    /// <remarks>
    /// <c>ClientWebSocket</c> would open its own, but Mono's, and with it Unity's, asks nobody about a
    /// certificate: neither its option nor <c>ServicePointManager</c> is heard. <c>SslStream</c> asks.
    /// </remarks>
    internal static class BridgeStream
    {
        /// <summary>Connects.</summary>
        /// <exception cref="FailureException">There is no connection.</exception>
        internal static async Task<Stream> OpenAsync(RoomLink link, TlsPolicy tls, CancellationToken cancel)
        {
            TcpClient tcp = await ConnectAsync(link, cancel).ConfigureAwait(false);
            if (!link.Secure) return tcp.GetStream();
            string refusal = null;
            var secured = new SslStream(tcp.GetStream(), false, (sender, certificate, chain, errors) =>
            {
                refusal = tls.Refuse(certificate, errors);
                return refusal == null;
            });
            try
            {
                // Named, for Mono does not know what "the system's choice" is; a bridge speaks it in any case.
                using (cancel.Register(tcp.Dispose))
                {
                    await secured.AuthenticateAsClientAsync(link.Host, null, SslProtocols.Tls12, false)
                        .ConfigureAwait(false);
                }
                return secured;
            }
            catch (Exception error)
            {
                secured.Dispose();
                tcp.Dispose();
                cancel.ThrowIfCancellationRequested();
                if (refusal != null) throw new FailureException(FailureCode.Certificate, refusal);
                throw new FailureException(FailureCode.NotABridge, $"TLS failed: {Innermost(error)}");
            }
        }

        private static async Task<TcpClient> ConnectAsync(RoomLink link, CancellationToken cancel)
        {
            string reason = "the name has no address";
            foreach (IPAddress address in await AddressesAsync(link.Host, cancel).ConfigureAwait(false))
            {
                var tcp = new TcpClient(address.AddressFamily) { NoDelay = true };
                try
                {
                    using (cancel.Register(tcp.Dispose))
                    {
                        await tcp.ConnectAsync(address, link.Port).ConfigureAwait(false);
                    }
                    return tcp;
                }
                catch (Exception error)
                {
                    tcp.Dispose();
                    cancel.ThrowIfCancellationRequested();
                    reason = Innermost(error);
                }
            }
            throw new FailureException(FailureCode.Unreachable, $"no connection to {link.Authority}: {reason}");
        }

        private static async Task<IPAddress[]> AddressesAsync(string host, CancellationToken cancel)
        {
            if (IPAddress.TryParse(host, out IPAddress address)) return new[] { address };
            try
            {
                // Asking for a name cannot be stopped, but it need not be waited for.
                Task<IPAddress[]> asked = Dns.GetHostAddressesAsync(host);
                await Task.WhenAny(asked, Task.Delay(Timeout.Infinite, cancel)).ConfigureAwait(false);
                cancel.ThrowIfCancellationRequested();
                return await asked.ConfigureAwait(false);
            }
            catch (Exception error) when (error is SocketException || error is ArgumentException)
            {
                throw new FailureException(FailureCode.Unreachable, $"nobody knows the name {host}");
            }
        }

        /// <summary>What the error behind all the others says.</summary>
        internal static string Innermost(Exception error)
        {
            while (error.InnerException != null) error = error.InnerException;
            int line = error.Message.IndexOf('\n');
            return line < 0 ? error.Message : error.Message.Substring(0, line);
        }
    }
}
