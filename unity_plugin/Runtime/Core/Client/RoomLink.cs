using System;

namespace GhostHands.Core
{
    /// <summary>
    /// Where a room is, out of the link that a bridge prints or shows as a QR code:
    /// <c>https://192.168.1.5:8443/viewer?room=lesson#token=...</c>. Links of its other pages, and
    /// addresses of WebSockets (<c>wss://192.168.1.5:8443/ws/lesson</c>), do as well.
    /// </summary>
    public sealed class RoomLink
    {
        private const int MaxLength = 4096;
        private const int MaxTokenBytes = 512;

        private RoomLink(string host, int port, bool secure, string room, string token)
        {
            Host = host;
            Port = port;
            Secure = secure;
            Room = room;
            Token = token;
        }

        /// <summary>The bridge's name or address; an IPv6 address without its brackets.</summary>
        public string Host { get; }

        /// <summary>Its port.</summary>
        public int Port { get; }

        /// <summary>Whether it speaks TLS.</summary>
        public bool Secure { get; }

        /// <summary>The room's name.</summary>
        public string Room { get; }

        /// <summary>What lets in; null where the link has none. A secret: do not show or log it.</summary>
        public string Token { get; }

        /// <summary>Reads a link.</summary>
        /// <param name="text">What was typed, scanned or pasted; spaces around it do no harm.</param>
        /// <param name="link">The link; null where it is none.</param>
        /// <param name="problem">Why it is none and what to do, for people; null where it is one.</param>
        public static bool TryParse(string text, out RoomLink link, out string problem)
        {
            link = null;
            problem = null;
            text = (text ?? "").Trim();
            if (text.Length == 0) problem = "the link is empty: scan or paste the one that the bridge shows";
            else if (text.Length > MaxLength) problem = "this is too long for a link to a room";
            if (problem != null) return false;
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri uri) || !IsSecure(uri.Scheme).HasValue)
            {
                problem = "a link to a room begins with https:// or wss://, as the bridge shows it";
                return false;
            }
            if (uri.DnsSafeHost.Length == 0) problem = "the link has no host";
            else if (uri.UserInfo.Length > 0) problem = "a link to a room has no user name or password in it";
            else if (uri.Port <= 0) problem = "the link has no port";
            if (problem != null) return false;
            string room = RoomOf(uri);
            if (room == null)
            {
                problem = "the link names no room: it ends in ?room=NAME, as the bridge shows it";
                return false;
            }
            if (!IsName(room))
            {
                problem = "the room's name in the link must be 1 to 32 lower-case letters, digits and dashes";
                return false;
            }
            string token = Parameter(uri.Fragment, '#', "token");
            if (token != null && (token.Length == 0 || token.Length > MaxTokenBytes || !IsPrintable(token)))
            {
                problem = "the token in the link is damaged: scan or copy the whole link again";
                return false;
            }
            link = new RoomLink(uri.DnsSafeHost, uri.Port, IsSecure(uri.Scheme).Value, room, token);
            return true;
        }

        /// <summary>The link to a room of a bridge whose address is known; <see cref="TryParse"/> reads it.</summary>
        /// <param name="host">Name or address.</param>
        /// <param name="port">Port, 8443 unless the bridge was told another.</param>
        /// <param name="secure">Whether the bridge speaks TLS.</param>
        /// <param name="room">The room's name.</param>
        /// <param name="token">What lets in; null or empty for none.</param>
        public static string Text(string host, int port, bool secure, string room, string token)
        {
            string name = (host ?? "").Trim();
            if (name.IndexOf(':') >= 0 && name[0] != '[') name = $"[{name}]";
            string scheme = secure ? "https" : "http", key = Uri.EscapeDataString((token ?? "").Trim());
            string link = $"{scheme}://{name}:{port}/viewer?room={Uri.EscapeDataString((room ?? "").Trim())}";
            return key.Length == 0 ? link : $"{link}#token={key}";
        }

        /// <summary>The room's WebSocket, without the token.</summary>
        public override string ToString()
        {
            return $"{(Secure ? "wss" : "ws")}://{Authority}/ws/{Room}";
        }

        internal string Authority => $"{(Host.IndexOf(':') >= 0 ? $"[{Host}]" : Host)}:{Port}";

        private static bool? IsSecure(string scheme)
        {
            switch (scheme)
            {
                case "https":
                case "wss":
                    return true;
                case "http":
                case "ws":
                    return false;
                default:
                    return null;
            }
        }

        /// <summary>The room that a page's query or a WebSocket's path names; null where none does.</summary>
        private static string RoomOf(Uri uri)
        {
            const string socket = "/ws/";
            string path = uri.AbsolutePath;
            if (path.StartsWith(socket, StringComparison.Ordinal)) return path.Substring(socket.Length);
            return Parameter(uri.Query, '?', "room");
        }

        /// <summary>The value of one of <c>name=value&amp;name=value</c>; null where it is not there.</summary>
        private static string Parameter(string text, char mark, string name)
        {
            foreach (string pair in text.TrimStart(mark).Split('&'))
            {
                int equals = pair.IndexOf('=');
                if (equals < 0 || pair.Substring(0, equals) != name) continue;
                return Uri.UnescapeDataString(pair.Substring(equals + 1));
            }
            return null;
        }

        private static bool IsName(string name)
        {
            if (name.Length < 1 || name.Length > 32 || name[0] == '-') return false;
            foreach (char c in name)
            {
                if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
            }
            return true;
        }

        private static bool IsPrintable(string text)
        {
            foreach (char c in text)
            {
                if (c <= ' ' || c > '~') return false;
            }
            return true;
        }
    }
}
