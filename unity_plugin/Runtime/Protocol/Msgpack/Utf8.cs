using System;
using System.Text;

namespace GhostHands.Protocol
{
    /// <summary>UTF-8 as RFC 3629 has it: no surrogates, nothing longer than needed.</summary>
    internal static class Utf8
    {
        private static readonly UTF8Encoding Strict = new UTF8Encoding(false, true);

        /// <summary>Whether bytes are valid; makes nothing.</summary>
        internal static bool IsValid(byte[] data, int start, int count)
        {
            int at = start, end = start + count;
            while (at < end)
            {
                byte first = data[at++];
                if (first < 0x80) continue;
                int more = first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
                if (more < 0 || more > end - at) return false;
                byte second = data[at];
                if (first == 0xe0 && second < 0xa0) return false; // longer than needed
                if (first == 0xed && second > 0x9f) return false; // a surrogate
                if (first == 0xf0 && second < 0x90) return false; // longer than needed
                if (first == 0xf4 && second > 0x8f) return false; // past U+10FFFF
                for (; more > 0; more--)
                {
                    if ((data[at++] & 0xc0) != 0x80) return false;
                }
            }
            return true;
        }

        /// <summary>The text in valid bytes.</summary>
        internal static string Text(byte[] data, int start, int count)
        {
            return Strict.GetString(data, start, count);
        }

        /// <summary>Whether text is ASCII and the same as bytes; makes nothing.</summary>
        internal static bool Same(string text, byte[] data, int start, int count)
        {
            if (text.Length != count) return false;
            for (int i = 0; i < count; i++)
            {
                if (data[start + i] != text[i] || text[i] >= 0x80) return false;
            }
            return true;
        }

        /// <summary>Bytes that text takes; <c>malformed</c> for a lone surrogate.</summary>
        internal static int ByteCount(string name, string text)
        {
            try
            {
                return Strict.GetByteCount(text);
            }
            catch (ArgumentException)
            {
                throw new ProtocolException($"{name} is not valid Unicode");
            }
        }

        /// <summary>Writes text that <see cref="ByteCount"/> has taken.</summary>
        internal static void Write(string text, byte[] target, int at)
        {
            Strict.GetBytes(text, 0, text.Length, target, at);
        }

        /// <summary>As much of a text as fits into some bytes of UTF-8.</summary>
        internal static string Shortened(string text, int maxBytes)
        {
            int bytes = 0;
            for (int i = 0; i < text.Length; i++)
            {
                bool pair = char.IsHighSurrogate(text[i]) && i + 1 < text.Length;
                bytes += pair ? 4 : text[i] < 0x80 ? 1 : text[i] < 0x800 ? 2 : 3;
                if (bytes > maxBytes) return text.Substring(0, i);
                if (pair) i++;
            }
            return text;
        }
    }
}
