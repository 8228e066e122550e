using System;
using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;

namespace GhostHands
{
    /// <summary>Which certificate a bridge may have.</summary>
    public enum CertificateCheck
    {
        /// <summary>The one with the given fingerprint: for the certificate that a bridge makes itself.</summary>
        Fingerprint,

        /// <summary>One that the device trusts: for a bridge with a certificate from an authority.</summary>
        Trusted,

        /// <summary>Any. Whoever is in between can read along: for a network of one's own.</summary>
        Any,
    }

    /// <summary>Where a room is and how to join it, as it is set in the inspector.</summary>
    [Serializable]
    public sealed class ConnectionSettings
    {
        /// <summary>The link that the bridge prints, or that its QR code holds. Where it is empty, the parts below.</summary>
        [Tooltip("The link that the bridge prints, or that its QR code holds. Leave it empty to give the parts below.")]
        public string link = "";

        /// <summary>The bridge's name or address.</summary>
        public string host = "";

        /// <summary>The bridge's port.</summary>
        public int port = 8443;

        /// <summary>The bridge speaks TLS.</summary>
        public bool secure = true;

        /// <summary>The room's name.</summary>
        public string room = "lesson";

        /// <summary>What lets in; empty for none. A secret: whoever has the scene has it.</summary>
        [Tooltip("A secret: whoever has the scene or the app has it. Better have it scanned or typed in the app.")]
        public string token = "";

        /// <summary>Which certificate the bridge may have.</summary>
        public CertificateCheck certificate = CertificateCheck.Fingerprint;

        /// <summary>SHA-256 of the bridge's certificate; colons, spaces and case do not matter.</summary>
        public string fingerprint = "";

        /// <summary>Learners send their own hands and are scored; watchers do not.</summary>
        public Role role = Role.Learn;

        /// <summary>At most this many poses a second; 0 for all.</summary>
        [Min(0)] public float maxRateHz;

        /// <summary>Reads the settings.</summary>
        /// <param name="found">Where the room is; null where that is not said.</param>
        /// <param name="options">How to join it; null with <paramref name="found"/>.</param>
        /// <param name="problem">What is wrong, for people; null where nothing is.</param>
        public bool TryRead(out RoomLink found, out RoomOptions options, out string problem)
        {
            options = null;
            string text = string.IsNullOrEmpty(link?.Trim()) ? RoomLink.Text(host, port, secure, room, token) : link;
            if (!RoomLink.TryParse(text, out found, out problem)) return false;
            TlsPolicy tls = certificate == CertificateCheck.Any ? TlsPolicy.Any : TlsPolicy.Trusted;
            // Without a fingerprint the refusal tells the one that the bridge showed, to be compared.
            bool pinned = certificate == CertificateCheck.Fingerprint && !string.IsNullOrEmpty(fingerprint?.Trim());
            if (pinned && !TlsPolicy.TryPin(fingerprint, out tls, out problem))
            {
                found = null;
                return false;
            }
            options = new RoomOptions { Role = role, Tls = tls };
            if (maxRateHz > 0) options.MaxRateHz = Math.Max(0.01, maxRateHz);
            return true;
        }
    }
}
