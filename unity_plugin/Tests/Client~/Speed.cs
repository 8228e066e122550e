using System;
using System.Diagnostics;
using GhostHands.Core;
using GhostHands.Protocol;

namespace GhostHands.Client
{
    /// <summary>
    /// What a frame costs: medians of rounds in microseconds, and bytes that 10,000 frames allocate. Lines of
    /// name and number.
    /// </summary>
    internal static class Speed
    {
        private const int Rounds = 31, Repeats = 1000, SteadyFrames = 10000;

        internal static int Run()
        {
            PoseMessage pose = TwoHands();
            byte[] bytes = Copy(new MessageEncoder().Encode(pose));
            byte[] full = Copy(new MessageEncoder().Encode(pose, Precision.Full));
            var decoder = new MessageDecoder();
            HandRig[] rigs = { new HandRig(Side.Left), new HandRig(Side.Right) };
            foreach (HandRig rig in rigs) rig.SetShape(Rest(rig.Side));
            Time("decode_compact_us", () => decoder.Decode(bytes));
            Time("decode_full_us", () => decoder.Decode(full));
            Time("joints_of_two_hands_us", () => Pose(rigs, pose));
            Time("decode_and_joints_us", () => Pose(rigs, (PoseMessage)decoder.Decode(bytes)));
            var playout = new PlayoutBuffer();
            double nowMs = 0;
            Time("push_us", () => playout.Push(nowMs += 1000.0 / 30, pose.Hands, nowMs + 40));
            Time("advance_us", () => playout.Advance(nowMs += 1e-4));
            Action frame = () =>
            {
                // 90 frames a second, of which every third finds a new pose.
                if ((long)(nowMs * 0.09) % 3 == 0)
                {
                    var came = (PoseMessage)decoder.Decode(bytes);
                    playout.Push(nowMs - 40, came.Hands, nowMs);
                }
                playout.Advance(nowMs);
                for (int side = 0; side < 2; side++)
                {
                    PlayedHand hand = playout.Find((Side)side);
                    if (hand != null) rigs[side].Pose(hand.Pose);
                }
                nowMs += 1000.0 / 90;
            };
            Time("frame_us", frame);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < SteadyFrames; i++) frame();
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Console.WriteLine($"allocated_bytes_in_{SteadyFrames}_frames {allocated}");
            return 0;
        }

        private static void Pose(HandRig[] rigs, PoseMessage pose)
        {
            rigs[0].Pose(pose.Hands[0]);
            rigs[1].Pose(pose.Hands[1]);
        }

        private static void Time(string what, Action action)
        {
            for (int i = 0; i < Repeats; i++) action();
            var times = new double[Rounds];
            for (int round = 0; round < Rounds; round++)
            {
                var watch = Stopwatch.StartNew();
                for (int i = 0; i < Repeats; i++) action();
                times[round] = 1e6 * watch.Elapsed.TotalSeconds / Repeats;
            }
            Array.Sort(times);
            double range = times[3 * Rounds / 4] - times[Rounds / 4];
            Console.WriteLine($"{what} {times[Rounds / 2]:F3} {range:F3}");
        }

        private static PoseMessage TwoHands()
        {
            var random = new Random(6);
            var pose = new PoseMessage { Seq = 100000, TimeNs = 1000000000000000 };
            for (int side = 0; side < 2; side++)
            {
                HandPose hand = pose.Hands.Add((Side)side);
                hand.WristM[0] = side * 0.3f - 0.15f;
                for (int at = 0; at < hand.PoseQuat.Length; at += 4)
                {
                    double x = random.NextDouble() - 0.5, y = random.NextDouble() - 0.5, z = random.NextDouble() - 0.5;
                    double scale = 1 / Math.Sqrt(x * x + y * y + z * z + 1);
                    hand.PoseQuat[at] = (float)(x * scale);
                    hand.PoseQuat[at + 1] = (float)(y * scale);
                    hand.PoseQuat[at + 2] = (float)(z * scale);
                    hand.PoseQuat[at + 3] = (float)scale;
                }
            }
            return pose;
        }

        /// <summary>Straight fingers, spread.</summary>
        private static float[] Rest(Side side)
        {
            var rest = new float[3 * Joints.Keypoints];
            for (int keypoint = 1; keypoint < Joints.Keypoints; keypoint++)
            {
                int finger = (keypoint - 1) / 4, along = (keypoint - 1) % 4;
                rest[3 * keypoint] = (side == Side.Right ? -1 : 1) * (0.05f + 0.025f * along);
                rest[3 * keypoint + 2] = 0.02f * (2 - finger);
            }
            return rest;
        }

        private static byte[] Copy(ArraySegment<byte> bytes)
        {
            var copy = new byte[bytes.Count];
            Buffer.BlockCopy(bytes.Array, bytes.Offset, copy, 0, copy.Length);
            return copy;
        }
    }
}
