using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using GhostHands.Protocol;

namespace GhostHands.Conformance
{
    /// <summary>Damaged golden bytes: a message or a ProtocolException comes out, soon, and nothing else.</summary>
    internal static class Fuzz
    {
        private const int TrialsEach = 300;

        /// <summary>Far above what any input takes, so that a busy machine fails nothing.</summary>
        private static readonly TimeSpan LongestDecode = TimeSpan.FromSeconds(2);

        internal static void Run(string folder, Report report)
        {
            List<byte[]> seeds = Seeds(folder);
            report.Check($"fuzz: {seeds.Count * TrialsEach} damaged messages", () => Damaged(seeds));
            report.Check("fuzz: every prefix", () => Prefixes(folder));
            foreach (KeyValuePair<string, byte[]> input in Hostile())
                report.Check($"fuzz: {input.Key}", () => Decode(new MessageDecoder(), input.Value));
        }

        private static List<byte[]> Seeds(string folder)
        {
            return new[] { "messages.json", "compact.json", "rejected.json" }
                .SelectMany(name => Golden.Vectors(folder, name))
                .Where(vector => vector.ContainsKey("hex"))
                .Select(Golden.Bytes)
                .ToList();
        }

        private static string Damaged(List<byte[]> seeds)
        {
            var random = new Random(1);
            var decoder = new MessageDecoder();
            int taken = 0;
            foreach (byte[] seed in seeds)
            {
                for (int trial = 0; trial < TrialsEach; trial++)
                {
                    byte[] bytes = Damage(seed, seeds[random.Next(seeds.Count)], random);
                    string wrong = Decode(decoder, bytes);
                    if (wrong == "taken") taken++;
                    else if (wrong != null) return $"{Hex.Text(bytes)}: {wrong}";
                }
            }
            return taken > 0 ? null : "not one was taken: this tests too little";
        }

        /// <summary>Some bytes changed, put in, taken out, or another message's in their place.</summary>
        private static byte[] Damage(byte[] seed, byte[] other, Random random)
        {
            var bytes = new List<byte>(seed);
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                int at = random.Next(bytes.Count + 1);
                switch (random.Next(4))
                {
                    case 0:
                        bytes.Insert(at, (byte)random.Next(256));
                        break;
                    case 1:
                        if (at < bytes.Count) bytes.RemoveAt(at);
                        break;
                    case 2:
                        if (at < bytes.Count) bytes[at] = (byte)random.Next(256);
                        break;
                    default:
                        bytes.RemoveRange(at, bytes.Count - at);
                        bytes.AddRange(other.Skip(random.Next(other.Length + 1)));
                        break;
                }
            }
            return bytes.ToArray();
        }

        private static string Prefixes(string folder)
        {
            var decoder = new MessageDecoder();
            foreach (Dictionary<string, object> vector in Golden.Vectors(folder, "messages.json"))
            {
                byte[] bytes = Golden.Bytes(vector);
                for (int count = 0; count < bytes.Length; count++)
                {
                    try
                    {
                        decoder.Decode(bytes, 0, count);
                        return $"{vector["name"]}: {count} bytes were taken";
                    }
                    catch (ProtocolException)
                    {
                    }
                }
            }
            return null;
        }

        /// <summary>Inputs that cost a careless decoder most.</summary>
        private static IEnumerable<KeyValuePair<string, byte[]>> Hostile()
        {
            byte[] mebibyte = Enumerable.Repeat((byte)0x91, Wire.MaxMessageBytes).ToArray();
            yield return Named("a million lists in each other", mebibyte);
            yield return Named("a million maps in each other", mebibyte.Select(b => (byte)0x81).ToArray());
            yield return Named("long keys that are nearly the same", NearlyTheSame());
        }

        /// <summary>64 keys of 16,000 bytes that differ in their last two bytes only.</summary>
        private static byte[] NearlyTheSame()
        {
            var bytes = new List<byte> { 0xde, 0, 64 };
            for (int key = 0; key < 64; key++)
            {
                bytes.AddRange(new byte[] { 0xda, 16000 >> 8, 16000 & 0xff });
                bytes.AddRange(Enumerable.Repeat((byte)'a', 15998));
                bytes.Add((byte)('a' + key % 8));
                bytes.Add((byte)('a' + key / 8));
                bytes.Add(0xc0);
            }
            return bytes.ToArray();
        }

        private static KeyValuePair<string, byte[]> Named(string name, byte[] bytes)
        {
            return new KeyValuePair<string, byte[]>(name, bytes);
        }

        /// <summary>What is wrong; <c>taken</c> for a message, null for an exception of the right type.</summary>
        private static string Decode(MessageDecoder decoder, byte[] bytes)
        {
            var watch = Stopwatch.StartNew();
            string result = null;
            try
            {
                Message message = decoder.Decode(bytes);
                // What was taken can be said again.
                new MessageEncoder().Encode(message, Precision.Full);
                result = "taken";
            }
            catch (ProtocolException error)
            {
                string[] known = { ErrorCode.Malformed, ErrorCode.UnknownType, ErrorCode.TooLarge };
                if (!known.Contains(error.Code)) result = $"the code {error.Code}";
            }
            return watch.Elapsed > LongestDecode ? $"{watch.Elapsed} to decode" : result;
        }
    }
}
