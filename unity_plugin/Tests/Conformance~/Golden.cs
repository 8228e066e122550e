using System;
using System.Collections.Generic;
using System.IO;
using GhostHands.Protocol;
using GhostHands.Tests;

namespace GhostHands.Conformance
{
    using Map = Dictionary<string, object>;

    /// <summary>The golden vectors that have bytes: messages, compact poses, rejected inputs.</summary>
    internal static class Golden
    {
        /// <summary>A file of the golden folder.</summary>
        internal static Map File(string folder, string name)
        {
            return (Map)Json.Parse(System.IO.File.ReadAllText(Path.Combine(folder, name)));
        }

        /// <summary>The vectors of a file.</summary>
        internal static IEnumerable<Map> Vectors(string folder, string name)
        {
            foreach (object vector in (List<object>)File(folder, name)["vectors"]) yield return (Map)vector;
        }

        /// <summary>The bytes of a vector.</summary>
        internal static byte[] Bytes(Map vector)
        {
            object hex;
            if (vector.TryGetValue("hex", out hex)) return Hex.Bytes((string)hex);
            var repeat = (Map)vector["repeat"];
            byte[] part = Hex.Bytes((string)repeat["hex"]);
            var bytes = new byte[part.Length * (int)(double)repeat["count"]];
            for (int i = 0; i < bytes.Length; i++) bytes[i] = part[i % part.Length];
            return bytes;
        }

        internal static void Run(string folder, Report report)
        {
            foreach (Map vector in Vectors(folder, "messages.json"))
                report.Check($"messages.json: {vector["name"]}", () => Message(vector));
            foreach (Map vector in Vectors(folder, "compact.json"))
                report.Check($"compact.json: {vector["name"]}", () => Compact(vector));
            foreach (Map vector in Vectors(folder, "rejected.json"))
                report.Check($"rejected.json: {vector["name"]}", () => Rejected(vector));
        }

        /// <summary>Bytes to meaning; meaning to the same bytes where canonical, else to its meaning again.</summary>
        private static string Message(Map vector)
        {
            byte[] bytes = Bytes(vector);
            Message message = Decode(bytes);
            string difference = Compare.Difference(Meaning.Of(message), vector["message"], 0);
            if (difference != null) return difference;
            byte[] again = Hex.Copy(new MessageEncoder().Encode(message, Precision.Full));
            if ((bool)vector["canonical"])
                return Hex.Text(again) == Hex.Text(bytes) ? null : $"encodes to {Hex.Text(again)}";
            return Compare.Difference(Meaning.Of(Decode(again)), vector["message"], 0);
        }

        private static string Compact(Map vector)
        {
            return Compare.Difference(Meaning.Of(Decode(Bytes(vector))), vector["message"], 1e-6);
        }

        private static string Rejected(Map vector)
        {
            try
            {
                Message message = Decode(Bytes(vector));
                return $"was taken as {message.Type}";
            }
            catch (ProtocolException error)
            {
                return error.Code == (string)vector["code"] ? null : $"{error.Code} ({error.Message})";
            }
        }

        /// <summary>Decodes from the middle of a larger array, as sockets hand over their buffers.</summary>
        private static Message Decode(byte[] bytes)
        {
            var padded = new byte[bytes.Length + 7];
            for (int i = 0; i < padded.Length; i++) padded[i] = 0xc1;
            Array.Copy(bytes, 0, padded, 3, bytes.Length);
            return new MessageDecoder().Decode(padded, 3, bytes.Length);
        }
    }
}
