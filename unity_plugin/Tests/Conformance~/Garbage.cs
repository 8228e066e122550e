using System;
using GhostHands.Protocol;

namespace GhostHands.Conformance
{
    /// <summary>What comes at the rate of poses leaves nothing for the garbage collector.</summary>
    internal static class Garbage
    {
        private const int Frames = 2000;

        internal static void Run(Report report)
        {
            PoseMessage pose = Quantising.RandomPose(new Random(5));
            var encoder = new MessageEncoder();
            byte[] compact = Hex.Copy(encoder.Encode(pose)), full = Hex.Copy(encoder.Encode(pose, Precision.Full));
            var learner = new LearnerHandsMessage { Learner = "learner-1" };
            learner.Hands.Add(Side.Left).CopyFrom(pose.Hands[0]);
            byte[] hands = Hex.Copy(encoder.Encode(learner));
            var decoder = new MessageDecoder();
            var kinematics = new HandKinematics();
            float[] rest = new float[3 * Joints.Keypoints], keypoints = new float[3 * Joints.Keypoints];
            Check(report, "compact poses", () => decoder.Decode(compact));
            Check(report, "full poses", () => decoder.Decode(full));
            Check(report, "learner's hands", () => decoder.Decode(hands));
            var score = new ScoreMessage { Learner = "learner-1", Score = 50 };
            score.Hands.Add(Side.Right);
            byte[] scored = Hex.Copy(encoder.Encode(score));
            byte[] asked = Hex.Copy(encoder.Encode(new PingMessage { T0Ns = 5 }));
            Check(report, "scores", () => decoder.Decode(scored));
            Check(report, "pings", () => decoder.Decode(asked));
            Check(report, "poses encoded", () => encoder.Encode(pose));
            Check(report, "poses encoded in full", () => encoder.Encode(pose, Precision.Full));
            Check(report, "poses through a session", Session());
            HandPose hand = pose.Hands[0];
            Check(report, "hands' keypoints", () => kinematics.Keypoints(rest, hand, keypoints));
        }

        private static void Check(Report report, string what, Action frame)
        {
            report.Check($"garbage: {Frames} {what}", () => Allocated(frame));
        }

        /// <summary>A watcher that takes a pose, acknowledges it, and hands over what it sends.</summary>
        private static Action Session()
        {
            var session = new ClientSession(new HelloMessage { Client = "test" }, () => 0);
            var encoder = new MessageEncoder();
            foreach (Message message in new Message[]
            {
                new WelcomeMessage { Room = "lesson" },
                new ShapeMessage { Side = Side.Left },
                new ShapeMessage { Side = Side.Right },
            })
            {
                byte[] bytes = Hex.Copy(encoder.Encode(message));
                session.Receive(bytes, 0, bytes.Length);
            }
            PoseMessage next = Quantising.RandomPose(new Random(9));
            byte[] buffer = null;
            return () =>
            {
                next.Seq++;
                ArraySegment<byte> bytes = encoder.Encode(next);
                var pose = (PoseMessage)session.Receive(bytes.Array, bytes.Offset, bytes.Count);
                session.Acknowledge(pose.Seq);
                while (session.TakeOutgoing(ref buffer) > 0)
                {
                }
            };
        }

        /// <summary>Bytes made in many frames, after a first one that may make what is used again.</summary>
        private static string Allocated(Action frame)
        {
            frame();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < Frames; i++) frame();
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            return bytes == 0 ? null : $"{bytes} bytes";
        }
    }
}
