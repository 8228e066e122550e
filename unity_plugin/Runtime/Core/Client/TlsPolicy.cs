using System;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace GhostHands.Core
{
    /// <summary>
    /// Which certificate a bridge may have. A bridge makes its own, which no authority has signed, so
    /// a headset is told its fingerprint once; or, on a network of one's own, to take any.
    /// </summary>
    public sealed class TlsPolicy
    {
        private const int FingerprintHex = 64;

        private readonly string _fingerprint;
        private readonly bool _any;

        private TlsPolicy(string fingerprint, bool any)
        {
            _fingerprint = fingerprint;
            _any = any;
        }

        /// <summary>Certificates that the device trusts, for a bridge with one from an authority.</summary>
        public static TlsPolicy Trusted { get; } = new TlsPolicy(null, false);

        /// <summary>
        /// Any certificate. Whoever sits between headset and bridge can then read along and change what
        /// comes: for a network of one's own.
        /// </summary>
        public static TlsPolicy Any { get; } = new TlsPolicy(null, true);

        /// <summary>The one certificate with a SHA-256 fingerprint.</summary>
        /// <param name="fingerprint">64 hex digits; colons, spaces and case do not matter.</param>
        /// <param name="policy">The policy; null where the text is no fingerprint.</param>
        /// <param name="problem">What is wrong with the text, for people; null where nothing is.</param>
        public static bool TryPin(string fingerprint, out TlsPolicy policy, out string problem)
        {
            policy = null;
            problem = null;
            var hex = new StringBuilder();
            foreach (char c in fingerprint ?? "")
            {
                if (Uri.IsHexDigit(c)) hex.Append(char.ToUpperInvariant(c));
                else if (c != ':' && c != ' ') problem = "a fingerprint has hex digits and colons only";
            }
            if (problem == null && hex.Length != FingerprintHex)
                problem = $"a SHA-256 fingerprint has {FingerprintHex} hex digits, not {hex.Length}";
            if (problem != null) return false;
            policy = new TlsPolicy(hex.ToString(), false);
            return true;
        }

        /// <summary>The SHA-256 fingerprint of a certificate: 64 hex digits in upper case.</summary>
        public static string FingerprintOf(X509Certificate certificate)
        {
            if (certificate == null) throw new ArgumentNullException(nameof(certificate));
            using (SHA256 sha = SHA256.Create())
            {
                return BitConverter.ToString(sha.ComputeHash(certificate.GetRawCertData())).Replace("-", "");
            }
        }

        /// <summary>Whether a bridge may have this certificate; if not, why and what to do.</summary>
        internal string Refuse(X509Certificate certificate, SslPolicyErrors errors)
        {
            if (certificate == null) return "the bridge showed no certificate";
            if (_any) return null;
            if (_fingerprint == null)
            {
                return errors == SslPolicyErrors.None ? null :
                    "this device does not trust the bridge's certificate: give its fingerprint " +
                    $"({FingerprintOf(certificate)}, if the bridge shows the same)";
            }
            return FingerprintOf(certificate) == _fingerprint ? null :
                "the bridge has another certificate than the one expected: somebody may be in between, or " +
                "it made itself a new one; compare its fingerprint and give it anew";
        }
    }
}
