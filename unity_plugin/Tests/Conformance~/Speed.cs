using System;
using System.Diagnostics;
using GhostHands.Protocol;

namespace GhostHands.Conformance
{
    /// <summary>How long messages of two hands take here; for people, tested nowhere.</summary>
    internal static class Speed
    {
        private const int Rounds = 20, Frames = 2000;

        internal static int Run()
        {
            PoseMessage pose = Quantising.RandomPose(new Random(6));
            var encoder = new MessageEncoder();
            byte[] compact = Hex.Copy(encoder.Encode(pose)), full = Hex.Copy(encoder.Encode(pose, Precision.Full));
            var decoder = new MessageDecoder();
            var kinematics = new HandKinematics();
            float[] rest = new float[3 * Joints.Keypoints], keypoints = new float[3 * Joints.Keypoints];
            Time($"decode compact, {compact.Length} bytes", () => decoder.Decode(compact));
            Time($"decode full, {full.Length} bytes", () => decoder.Decode(full));
            Time("encode compact", () => encoder.Encode(pose));
            Time("encode full", () => encoder.Encode(pose, Precision.Full));
            Time("keypoints of two hands", () =>
            {
                kinematics.Keypoints(rest, pose.Hands[0], keypoints);
                kinematics.Keypoints(rest, pose.Hands[1], keypoints);
            });
            return 0;
        }

        private static void Time(string what, Action frame)
        {
            for (int i = 0; i < Frames; i++) frame();
            var times = new double[Rounds];
            for (int round = 0; round < Rounds; round++)
            {
                var watch = Stopwatch.StartNew();
                for (int i = 0; i < Frames; i++) frame();
                times[round] = 1e6 * watch.Elapsed.TotalSeconds / Frames;
            }
            Array.Sort(times);
            Console.WriteLine($"{what}: median {times[Rounds / 2]:f2} us");
        }
    }
}
