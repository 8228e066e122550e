using System;
using GhostHands.Protocol;

namespace GhostHands.Conformance
{
    /// <summary>Checks the package's protocol against the golden vectors, outside Unity.</summary>
    internal static class Program
    {
        private static int Main(string[] arguments)
        {
            if (arguments.Length == 2 && arguments[0] == "check")
            {
                var report = new Report();
                Golden.Run(arguments[1], report);
                Geometry.Run(arguments[1], report);
                Fuzz.Run(arguments[1], report);
                Quantising.Run(arguments[1], report);
                Sessions.Run(report);
                Garbage.Run(report);
                return report.Failures == 0 ? 0 : 1;
            }
            if (arguments.Length == 1 && arguments[0] == "verdicts") return Verdicts();
            if (arguments.Length == 1 && arguments[0] == "talk") return Talk.Run();
            if (arguments.Length == 1 && arguments[0] == "speed") return Speed.Run();
            Console.Error.WriteLine("usage: conformance.exe check GOLDEN_FOLDER | verdicts | talk | speed");
            return 2;
        }

        /// <summary>
        /// For each line of hex on standard input, one line: the error's code, or the message's bytes in
        /// full, a space, and in compact form. So another implementation can be asked the same.
        /// </summary>
        private static int Verdicts()
        {
            var decoder = new MessageDecoder();
            var encoder = new MessageEncoder();
            for (string line = Console.ReadLine(); line != null; line = Console.ReadLine())
            {
                try
                {
                    Message message = decoder.Decode(Hex.Bytes(line));
                    string full = Hex.Text(Hex.Copy(encoder.Encode(message, Precision.Full)));
                    Console.WriteLine($"{full} {Hex.Text(Hex.Copy(encoder.Encode(message)))}");
                }
                catch (ProtocolException error)
                {
                    Console.WriteLine(error.Code);
                }
            }
            return 0;
        }
    }
}
