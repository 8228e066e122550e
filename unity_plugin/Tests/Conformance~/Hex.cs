using System;
using System.Text;

namespace GhostHands.Conformance
{
    /// <summary>Bytes as text.</summary>
    internal static class Hex
    {
        internal static byte[] Bytes(string hex)
        {
            var bytes = new byte[hex.Length / 2];
            for (int i = 0; i < bytes.Length; i++) bytes[i] = Convert.ToByte(hex.Substring(2 * i, 2), 16);
            return bytes;
        }

        internal static string Text(byte[] bytes)
        {
            var text = new StringBuilder(2 * bytes.Length);
            foreach (byte b in bytes) text.Append(b.ToString("x2"));
            return text.ToString();
        }

        /// <summary>A copy that lasts.</summary>
        internal static byte[] Copy(ArraySegment<byte> segment)
        {
            var bytes = new byte[segment.Count];
            Array.Copy(segment.Array, segment.Offset, bytes, 0, segment.Count);
            return bytes;
        }
    }
}
