using System;
using System.Collections.Generic;
using GhostHands.Protocol;

namespace GhostHands.Conformance
{
    /// <summary>Compact poses as they are written here: how far fingertips move, how large they are.</summary>
    internal static class Quantising
    {
        private const int Poses = 2000;
        private const double AllowedMm = 0.3;

        internal static void Run(string folder, Report report)
        {
            float[][] rest = RestJoints(folder);
            var random = new Random(2);
            List<PoseMessage> poses = GoldenPoses(folder);
            report.Check(
                $"quantising: fingertips of {poses.Count} golden poses within {AllowedMm} mm",
                () => Written(poses, rest));
            var made = new List<PoseMessage>();
            for (int i = 0; i < Poses; i++) made.Add(RandomPose(random));
            report.Check($"quantising: fingertips of {Poses} poses within {AllowedMm} mm", () => Written(made, rest));
            report.Check("quantising: a wrist too far off is sent in full", FarWrist);
        }

        /// <summary>By side, rest keypoints of plain hands.</summary>
        private static float[][] RestJoints(string folder)
        {
            var hands = new List<float[]>();
            foreach (object item in (List<object>)Golden.File(folder, "geometry.json")["kinematics"])
            {
                var rest = new List<float>();
                foreach (object row in (List<object>)((Dictionary<string, object>)item)["rest_joints_m"])
                {
                    foreach (object value in (List<object>)row) rest.Add((float)(double)value);
                }
                hands.Add(rest.ToArray());
            }
            return hands.ToArray();
        }

        private static List<PoseMessage> GoldenPoses(string folder)
        {
            var poses = new List<PoseMessage>();
            foreach (string file in new[] { "messages.json", "compact.json" })
            {
                foreach (Dictionary<string, object> vector in Golden.Vectors(folder, file))
                {
                    var pose = new MessageDecoder().Decode(Golden.Bytes(vector)) as PoseMessage;
                    if (pose != null) poses.Add(pose);
                }
            }
            return poses;
        }

        /// <summary>Both hands in a pose of one's own making.</summary>
        internal static PoseMessage RandomPose(Random random)
        {
            var pose = new PoseMessage { Seq = 7, TimeNs = 1234567890123456789L };
            for (int side = 0; side < 2; side++)
            {
                HandPose hand = pose.Hands.Add((Side)side);
                for (int i = 0; i < 3; i++) hand.WristM[i] = (float)(2 * random.NextDouble() - 1);
                for (int i = 0; i < 5; i++) hand.FingerConfidence[i] = (float)random.NextDouble();
                for (int joint = 0; joint < Joints.Count; joint++) Turn(random, hand.PoseQuat, 4 * joint);
            }
            return pose;
        }

        private static void Turn(Random random, float[] quat, int at)
        {
            var q = new double[4];
            double square;
            do
            {
                square = 0;
                for (int k = 0; k < 4; k++)
                {
                    q[k] = 2 * random.NextDouble() - 1;
                    square += q[k] * q[k];
                }
            }
            while (square < 0.01 || square > 1);
            double scale = (q[3] < 0 ? -1 : 1) / Math.Sqrt(square);
            for (int k = 0; k < 4; k++) quat[at + k] = (float)(scale * q[k]);
        }

        /// <summary>Writes poses as compact ones, reads them again, and compares.</summary>
        private static string Written(List<PoseMessage> poses, float[][] rest)
        {
            var encoder = new MessageEncoder();
            var decoder = new MessageDecoder();
            double worst = 0;
            foreach (PoseMessage pose in poses)
            {
                ArraySegment<byte> bytes = encoder.Encode(pose);
                bool large = pose.Seq > uint.MaxValue;
                if (bytes.Count > (large ? 164 : 160)) return $"{bytes.Count} bytes";
                var back = (PoseMessage)decoder.Decode(bytes.Array, bytes.Offset, bytes.Count);
                if (back.Seq != pose.Seq || back.TimeNs != pose.TimeNs || back.Hands.Count != pose.Hands.Count)
                    return $"pose {pose.Seq} is another";
                for (int i = 0; i < pose.Hands.Count; i++)
                {
                    HandPose meant = pose.Hands[i], sent = back.Hands[i];
                    if (meant.Side != sent.Side) return $"pose {pose.Seq} has another hand";
                    for (int finger = 0; finger < Joints.Fingers; finger++)
                    {
                        if (Math.Abs(meant.FingerConfidence[finger] - sent.FingerConfidence[finger]) > 0.5 / 7 + 1e-6)
                            return $"pose {pose.Seq} has another confidence";
                    }
                    worst = Math.Max(worst, FingertipMm(rest[(int)meant.Side], meant, sent));
                }
            }
            return worst <= AllowedMm ? null : $"{worst:f3} mm";
        }

        /// <summary>How far the worst fingertip of one hand is from the other's.</summary>
        private static double FingertipMm(float[] rest, HandPose one, HandPose other)
        {
            var kinematics = new HandKinematics();
            float[] a = new float[3 * Joints.Keypoints], b = new float[3 * Joints.Keypoints];
            kinematics.Keypoints(rest, one, a);
            kinematics.Keypoints(rest, other, b);
            double worst = 0;
            foreach (int tip in Joints.Fingertips)
            {
                double square = 0;
                for (int axis = 0; axis < 3; axis++) square += Math.Pow(a[3 * tip + axis] - b[3 * tip + axis], 2);
                worst = Math.Max(worst, 1e3 * Math.Sqrt(square));
            }
            return worst;
        }

        private static string FarWrist()
        {
            PoseMessage pose = RandomPose(new Random(3));
            pose.Hands[1].WristM[2] = -26.3f;
            ArraySegment<byte> bytes = new MessageEncoder().Encode(pose);
            var back = (PoseMessage)new MessageDecoder().Decode(bytes.Array, bytes.Offset, bytes.Count);
            return Compare.Difference(Meaning.Of(back), Meaning.Of(pose), 0);
        }
    }
}
