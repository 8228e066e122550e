using System;
using System.Globalization;
using System.Threading;
using GhostHands.Core;
using GhostHands.Protocol;

namespace GhostHands.Client
{
    /// <summary>
    /// A client on a console, for tests: joins a room as an app in a headset would, and prints what happens,
    /// a line each. On its standard input it takes commands; it leaves when that ends.
    /// </summary>
    internal static class Program
    {
        private const string Usage =
            "usage: client.exe LINK [tls=any|trusted|FINGERPRINT] [role=watch|learn] [precision=compact|full] " +
            "[frames=90] [client=NAME] | playout | speed | verdicts\n" +
            "commands: load NAME, play, pause, hands, mesh SIDE, retry";

        private static int Main(string[] arguments)
        {
            CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
            Thread.CurrentThread.CurrentCulture = CultureInfo.InvariantCulture;
            if (arguments.Length == 1 && arguments[0] == "playout") return PlayoutTrace.Run();
            if (arguments.Length == 1 && arguments[0] == "speed") return Speed.Run();
            if (arguments.Length == 1 && arguments[0] == "verdicts") return Verdicts.Run();
            RoomLink link = null;
            string problem = Usage;
            RoomOptions options = arguments.Length == 0 ? null : Options(arguments, out problem);
            if (options == null || !RoomLink.TryParse(arguments[0], out link, out problem))
            {
                Console.WriteLine($"problem {problem}");
                return 2;
            }
            new Watcher(link, options, Rate(arguments)).Run();
            return 0;
        }

        private static RoomOptions Options(string[] arguments, out string problem)
        {
            var options = new RoomOptions { Client = "console" };
            problem = null;
            for (int i = 1; i < arguments.Length; i++)
            {
                string[] pair = arguments[i].Split(new[] { '=' }, 2);
                string value = pair[pair.Length - 1];
                TlsPolicy pinned = null;
                bool pins = pair[0] == "tls" && value != "any" && value != "trusted";
                if (pins && !TlsPolicy.TryPin(value, out pinned, out problem)) return null;
                switch (pair[0])
                {
                    case "tls": options.Tls = pinned ?? (value == "any" ? TlsPolicy.Any : TlsPolicy.Trusted); break;
                    case "role": options.Role = value == "learn" ? Role.Learn : Role.Watch; break;
                    case "precision": options.Precision = value == "full" ? Precision.Full : Precision.Compact; break;
                    case "client": options.Client = value; break;
                }
            }
            return options;
        }

        private static int Rate(string[] arguments)
        {
            string given = Array.Find(arguments, a => a.StartsWith("frames=", StringComparison.Ordinal));
            return given == null ? 0 : int.Parse(given.Substring(7));
        }
    }
}
