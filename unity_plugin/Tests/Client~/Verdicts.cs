using System;
using System.Diagnostics;
using System.Threading;
using GhostHands.Core;

namespace GhostHands.Client
{
    /// <summary>
    /// For each link on standard input one line: the first event that says that something failed. So many
    /// peers can be asked after without a process for each.
    /// </summary>
    internal static class Verdicts
    {
        private const int MostMs = 15000;

        internal static int Run()
        {
            for (string line = Console.ReadLine(); line != null; line = Console.ReadLine())
            {
                RoomLink link;
                string problem;
                Console.WriteLine(RoomLink.TryParse(line, out link, out problem) ? Ask(link) : problem);
            }
            return 0;
        }

        private static string Ask(RoomLink link)
        {
            var time = Stopwatch.StartNew();
            using (var connection = new RoomConnection(link, null, null))
            {
                connection.Open();
                while (time.ElapsedMilliseconds < MostMs)
                {
                    RoomEvent taken;
                    while (connection.TryTake(out taken))
                    {
                        if (taken.Code != null) return $"{taken.State} {taken.Code} {taken.RetryInMs} {taken.Text}";
                    }
                    Thread.Sleep(1);
                }
            }
            return "nothing failed";
        }
    }
}
