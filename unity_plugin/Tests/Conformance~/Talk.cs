using System;
using System.Globalization;
using GhostHands.Protocol;

namespace GhostHands.Conformance
{
    /// <summary>
    /// A watcher driven line by line, so that another implementation's bridge can talk to it: <c>in HEX</c>
    /// hands it a WebSocket message, <c>clock NS</c> sets its clock, <c>ping</c> and <c>bye</c> are what they
    /// say. After each line come <c>out HEX</c> for what it sends, <c>got TYPE</c> for what it took, and
    /// <c>state STATE OFFSET_NS</c>.
    /// </summary>
    internal static class Talk
    {
        internal static int Run()
        {
            long now = 0;
            var session = new ClientSession(new HelloMessage { Client = "conformance" }, () => now);
            byte[] buffer = null;
            for (string line = "start"; line != null; line = Console.ReadLine())
            {
                string[] words = line.Split(' ');
                if (words[0] == "in") Take(session, Hex.Bytes(words[1]));
                else if (words[0] == "clock") now = long.Parse(words[1], CultureInfo.InvariantCulture);
                else if (words[0] == "ping") session.Ping();
                else if (words[0] == "bye") session.Bye("enough");
                for (int n = session.TakeOutgoing(ref buffer); n > 0; n = session.TakeOutgoing(ref buffer))
                    Console.WriteLine("out " + Hex.Text(Hex.Copy(new ArraySegment<byte>(buffer, 0, n))));
                Console.WriteLine($"state {session.State} {session.Clock.OffsetNs}");
            }
            return 0;
        }

        private static void Take(ClientSession session, byte[] bytes)
        {
            Message message = session.Receive(bytes, 0, bytes.Length);
            if (message == null) return;
            Console.WriteLine("got " + message.Type);
            if (message is WelcomeMessage) session.Send(new SubscribeMessage());
            var pose = message as PoseMessage;
            if (pose != null) session.Acknowledge(pose.Seq);
        }
    }
}
