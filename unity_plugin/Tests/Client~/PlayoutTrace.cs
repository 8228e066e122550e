using System;
using System.Text;
using GhostHands.Core;
using GhostHands.Protocol;

namespace GhostHands.Client
{
    /// <summary>
    /// Plays a trace from standard input, so that another implementation can be asked the same. Lines are
    /// <c>push TIME_MS NOW_MS X Y Z QX QY QZ QW</c>, a pose that arrives: its right wrist, and the turn of its
    /// index finger; and <c>draw NOW_MS</c>, a frame, answered by <c>DELAY PRESENCE X Y Z QX QY QZ QW</c>, or
    /// by <c>-</c> where there is no hand.
    /// </summary>
    internal static class PlayoutTrace
    {
        private const int Index = 4;

        internal static int Run()
        {
            var playout = new PlayoutBuffer();
            var pose = new PoseMessage();
            for (string line = Console.ReadLine(); line != null; line = Console.ReadLine())
            {
                string[] words = line.Split(' ');
                if (words[0] == "push")
                {
                    Read(words, pose);
                    playout.Push(double.Parse(words[1]), pose.Hands, double.Parse(words[2]));
                    continue;
                }
                playout.Advance(double.Parse(words[1]));
                PlayedHand hand = playout.Find(Side.Right);
                Console.WriteLine(hand == null ? "-" : Shown(hand, playout.DelayMs));
            }
            return 0;
        }

        private static void Read(string[] words, PoseMessage pose)
        {
            pose.Hands.Clear();
            HandPose hand = pose.Hands.Add(Side.Right);
            for (int i = 0; i < hand.PoseQuat.Length; i++) hand.PoseQuat[i] = i % 4 == 3 ? 1f : 0f;
            for (int axis = 0; axis < 3; axis++) hand.WristM[axis] = (float)double.Parse(words[3 + axis]);
            for (int k = 0; k < 4; k++) hand.PoseQuat[Index + k] = (float)double.Parse(words[6 + k]);
        }

        private static string Shown(PlayedHand hand, double delayMs)
        {
            var line = new StringBuilder($"{delayMs:R} {hand.Presence:R}");
            foreach (float value in hand.Pose.WristM) line.Append(' ').Append(value.ToString("R"));
            for (int k = 0; k < 4; k++) line.Append(' ').Append(hand.Pose.PoseQuat[Index + k].ToString("R"));
            return line.ToString();
        }
    }
}
