using System;
using System.Collections.Generic;
using GhostHands.Protocol;

namespace GhostHands.Conformance
{
    /// <summary>A client's session against messages of a made-up bridge, and the clock it measures.</summary>
    internal static class Sessions
    {
        private const long Ms = 1000000;

        internal static void Run(Report report)
        {
            report.Check("session: hello, then welcome", Greeting);
            Refused(report, "a version that was not offered", ErrorCode.UnsupportedVersion, Welcome(2));
            Refused(report, "a pose before the welcome", ErrorCode.Unexpected, new PoseMessage());
            Refused(report, "a second welcome", ErrorCode.Unexpected, Welcome(), Welcome());
            Refused(report, "what only clients send", ErrorCode.Unexpected, Welcome(), new SubscribeMessage());
            Refused(report, "a pose before its shape", ErrorCode.Unexpected, Welcome(), Pose(1));
            Refused(report, "seq must rise", ErrorCode.Unexpected, Welcome(), Empty(1), Empty(1));
            report.Check("session: what each role may receive", Roles);
            report.Check("session: acknowledges half a window", Acknowledging);
            report.Check("session: pings are answered, pongs measured", Clocks);
            report.Check("session: a pong that contradicts itself", Contradiction);
            report.Check("session: bye, and nothing moves once closed", Bye);
            report.Check("session: the peer's error ends it", PeersError);
            report.Check("session: garbage ends it and never throws", Garbage);
            report.Check("clock: the fastest of the recent counts", Fastest);
            report.Check("clock: the edges of 64 bits", Edges);
        }

        private static WelcomeMessage Welcome(int version = Wire.Version)
        {
            return new WelcomeMessage { Room = "lesson", Version = version };
        }

        private static PoseMessage Empty(long seq)
        {
            return new PoseMessage { Seq = seq };
        }

        private static PoseMessage Pose(long seq)
        {
            PoseMessage pose = Quantising.RandomPose(new Random(7));
            pose.Seq = seq;
            return pose;
        }

        private static Message Give(ClientSession session, Message message)
        {
            byte[] bytes = Hex.Copy(new MessageEncoder().Encode(message));
            return session.Receive(bytes, 0, bytes.Length);
        }

        private static List<Message> Sent(ClientSession session)
        {
            var messages = new List<Message>();
            byte[] buffer = null;
            for (int n = session.TakeOutgoing(ref buffer); n > 0; n = session.TakeOutgoing(ref buffer))
                messages.Add(new MessageDecoder().Decode(buffer, 0, n));
            return messages;
        }

        private static ClientSession Open(Func<long> clockNs = null)
        {
            var session = new ClientSession(new HelloMessage { Client = "test" }, clockNs ?? (() => 0));
            Give(session, Welcome());
            Sent(session);
            return session;
        }

        private static string Expect(bool holds, string what)
        {
            return holds ? null : "not so: " + what;
        }

        private static string Greeting()
        {
            var hello = new HelloMessage { Role = Role.Learn, Client = "test", Token = "t", Resume = "r" };
            var session = new ClientSession(hello, () => 0);
            List<Message> sent = Sent(session);
            if (sent.Count != 1 || ((HelloMessage)sent[0]).Resume != "r") return "no hello";
            if (session.State != SessionState.ExpectWelcome) return "open too early";
            Message welcome = Give(session, Welcome());
            return Expect(welcome == session.Welcome && session.State == SessionState.Open, "open");
        }

        private static void Refused(Report report, string name, string code, params Message[] messages)
        {
            report.Check($"session: {name}", () => Refused(code, messages));
        }

        private static string Refused(string code, Message[] messages)
        {
            int closeCode = ErrorCode.CloseCode(code);
            var session = new ClientSession(new HelloMessage { Client = "test" }, () => 0);
            foreach (Message message in messages)
            {
                if (session.State == SessionState.Closed) return $"closed before {message.Type}";
                Give(session, message);
            }
            if (session.State != SessionState.Closed || session.CloseCode != closeCode)
                return $"{session.State}, closed with {session.CloseCode}";
            List<Message> sent = Sent(session);
            var error = sent[sent.Count - 1] as ErrorMessage;
            return Expect(error != null && error.Code == code && session.Error.Code == code, code);
        }

        private static string Roles()
        {
            Message[] messages =
            {
                new StatusMessage(), new ShapeMessage(), new PoseMessage(), new LearnerHandsMessage(),
                new ScoreMessage(), new PlaybackStateMessage(), new AnchorMessage { Instrument = "rectangle" },
            };
            foreach (Role role in new[] { Role.Watch, Role.Learn, Role.Play })
            {
                foreach (Message message in messages)
                {
                    var session = new ClientSession(new HelloMessage { Role = role }, () => 0);
                    Give(session, Welcome());
                    bool taken = Give(session, message) != null;
                    if (taken != (role != Role.Play)) return $"{role}: {message.Type}";
                    if (taken != (session.State == SessionState.Open)) return $"{role}: {session.State}";
                }
            }
            return null;
        }

        private static string Acknowledging()
        {
            ClientSession session = Open();
            Give(session, new ShapeMessage { Side = Side.Left });
            Give(session, new ShapeMessage { Side = Side.Right });
            var acked = new List<long>();
            for (long seq = 1; seq <= 12; seq++)
            {
                var pose = (PoseMessage)Give(session, Pose(seq));
                session.Acknowledge(pose.Seq);
                foreach (Message message in Sent(session)) acked.Add(((AckMessage)message).Seq);
            }
            string told = string.Join(" ", acked);
            return Expect(told == "5 10", $"5 10, but {told}");
        }

        private static string Clocks()
        {
            long now = 1000 * Ms;
            ClientSession session = Open(() => now);
            session.Ping();
            long t0 = ((PingMessage)Sent(session)[0]).T0Ns;
            now += 10 * Ms;
            Message taken = Give(session, new PongMessage { T0Ns = t0, T1Ns = 7 * Ms, T2Ns = 8 * Ms });
            if (taken != null) return "a pong came out";
            // The way took 9 ms in all: the other clock was at 7.5 ms when this one was at 1005 ms.
            ClockSync clock = session.Clock;
            if (clock.OffsetNs != 7500000 - 1005 * Ms || clock.RttNs != 9 * Ms) return $"{clock.OffsetNs}";
            Give(session, new PongMessage { T0Ns = t0, T1Ns = 7 * Ms, T2Ns = 9 * Ms });
            if (clock.RttNs != 9 * Ms) return "a ping was answered twice";
            Give(session, new PingMessage { T0Ns = 42 });
            var pong = (PongMessage)Sent(session)[0];
            bool echoes = pong.T0Ns == 42 && pong.T1Ns == now && pong.T2Ns == now;
            return Expect(echoes && session.State == SessionState.Open, "a pong");
        }

        private static string Contradiction()
        {
            ClientSession session = Open(() => 5);
            session.Ping();
            Give(session, new PongMessage { T0Ns = 5, T1Ns = 1, T2Ns = 100 });
            return Expect(session.Error != null && session.Error.Code == "malformed", "malformed");
        }

        private static string Bye()
        {
            ClientSession session = Open();
            session.Bye("enough");
            if (session.State != SessionState.Closed || session.CloseCode != 1000) return "not closed";
            if (((ByeMessage)Sent(session)[0]).Reason != "enough") return "no bye";
            session.Send(new PingMessage());
            session.Refuse(ErrorCode.Internal, "x");
            session.Acknowledge(1);
            session.Ping();
            Message late = Give(session, new StatusMessage());
            session.Lost();
            return Expect(late == null && Sent(session).Count == 0 && session.CloseCode == 1000, "silence");
        }

        private static string PeersError()
        {
            var session = new ClientSession(new HelloMessage { Client = "test" }, () => 0);
            Sent(session);
            var error = (ErrorMessage)Give(session, new ErrorMessage { Code = "unauthorised", Text = "no token" });
            return Expect(
                session.Error == error && session.State == SessionState.Closed && Sent(session).Count == 0, "closed");
        }

        private static string Garbage()
        {
            var random = new Random(8);
            for (int i = 0; i < 2000; i++)
            {
                ClientSession session = Open();
                var bytes = new byte[random.Next(40)];
                random.NextBytes(bytes);
                session.Receive(bytes, 0, bytes.Length);
                if (session.State == SessionState.Closed && Sent(session).Count != 1) return Hex.Text(bytes);
            }
            return null;
        }

        private static string Fastest()
        {
            var clock = new ClockSync();
            if (clock.Ready || clock.OffsetNs != 0) return "ready too early";
            Exchange(clock, 0, 500, 10 * Ms, 0);
            Exchange(clock, 1000 * Ms, 500, 1000, 1000);
            for (long k = 2; k < 10; k++) Exchange(clock, 1000 * Ms * k, 500, 10 * Ms, 0);
            if (clock.OffsetNs != 500 || clock.RttNs != 2000) return $"{clock.OffsetNs}";
            for (long k = 10; k < 75; k++) Exchange(clock, 1000 * Ms * k, 900 + k, Ms, Ms);
            // The fastest is forgotten; of equal ones the newest counts.
            return Expect(clock.OffsetNs == 974 && clock.ToRemoteNs(clock.ToLocalNs(5)) == 5, $"{clock.OffsetNs}");
        }

        private static void Exchange(ClockSync clock, long atNs, long offsetNs, long outNs, long backNs)
        {
            long t1 = atNs + outNs + offsetNs;
            clock.Add(atNs, t1, t1, t1 - offsetNs + backNs);
        }

        private static string Edges()
        {
            var clock = new ClockSync();
            if (!clock.Add(0, long.MaxValue, long.MaxValue, 1)) return "not taken";
            if (clock.OffsetNs != long.MaxValue - 1) return $"{clock.OffsetNs}";
            if (!clock.Add(5, 2, 2, 5) || clock.OffsetNs != -3) return $"{clock.OffsetNs}";
            var odd = new ClockSync();
            if (!odd.Add(0, 3, 3, 2) || odd.OffsetNs != 2) return $"{odd.OffsetNs}";
            bool taken = clock.Add(5, 1, 1, 4) || clock.Add(5, 2, 1, 9) || clock.Add(5, 1, 9, 9);
            taken |= clock.Add(-1, 1, 1, 1);
            return Expect(!taken, "contradictions are not taken");
        }
    }
}
