using System;
using System.Collections.Generic;
using System.IO;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>
    /// What tests share with other implementations: golden vectors, and documents of a bridge. They are
    /// beside the package in its repository, and not in the package: where they are says the environment.
    /// </summary>
    internal static class Vectors
    {
        /// <summary>A file's path; ignores the test where there are no such files, as in Unity.</summary>
        internal static string Path(string variable, string file)
        {
            string folder = Environment.GetEnvironmentVariable(variable);
            if (string.IsNullOrEmpty(folder)) Assert.Ignore($"{variable} is not set: tests/unity sets it");
            return System.IO.Path.Combine(folder, file);
        }

        internal static Dictionary<string, object> Golden(string file)
        {
            return (Dictionary<string, object>)Json.Parse(File.ReadAllText(Path("GHOSTHANDS_GOLDEN", file)));
        }

        internal static List<object> List(object value, string key)
        {
            return (List<object>)((Dictionary<string, object>)value)[key];
        }

        internal static double Number(object value, string key)
        {
            return (double)((Dictionary<string, object>)value)[key];
        }

        /// <summary>All numbers of nested lists, in order.</summary>
        internal static float[] Floats(object nested)
        {
            var numbers = new List<float>();
            Add(nested, numbers);
            return numbers.ToArray();
        }

        /// <summary>A hand that has not moved: in its place, nothing turned.</summary>
        internal static HandPose Hand(PoseMessage pose, Side side, float x, float y = 0f, float z = 0f)
        {
            HandPose hand = pose.Hands.Add(side);
            hand.WristM[0] = x;
            hand.WristM[1] = y;
            hand.WristM[2] = z;
            for (int i = 0; i < hand.PoseQuat.Length; i++) hand.PoseQuat[i] = i % 4 == 3 ? 1f : 0f;
            for (int i = 0; i < hand.FingerConfidence.Length; i++) hand.FingerConfidence[i] = 1f;
            return hand;
        }

        /// <summary>Two hands, turned anyhow.</summary>
        internal static PoseMessage Random(int seed)
        {
            var random = new Random(seed);
            var pose = new PoseMessage { Seq = 1, TimeNs = 5000000000 };
            foreach (Side side in new[] { Side.Left, Side.Right })
            {
                HandPose hand = Hand(pose, side, (float)random.NextDouble(), (float)random.NextDouble(), -0.4f);
                for (int joint = 0; joint < Joints.Count; joint++) Turn(hand, joint, random);
            }
            return pose;
        }

        private static void Turn(HandPose hand, int joint, Random random)
        {
            double x = random.NextDouble() - 0.5, y = random.NextDouble() - 0.5, z = random.NextDouble() - 0.5;
            double w = random.NextDouble() + 0.2, scale = 1 / Math.Sqrt(x * x + y * y + z * z + w * w);
            hand.PoseQuat[4 * joint] = (float)(x * scale);
            hand.PoseQuat[4 * joint + 1] = (float)(y * scale);
            hand.PoseQuat[4 * joint + 2] = (float)(z * scale);
            hand.PoseQuat[4 * joint + 3] = (float)(w * scale);
        }

        private static void Add(object nested, List<float> numbers)
        {
            var list = nested as List<object>;
            if (list == null)
            {
                numbers.Add((float)(double)nested);
                return;
            }
            foreach (object item in list) Add(item, numbers);
        }
    }
}
