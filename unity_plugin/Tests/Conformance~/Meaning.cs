using System;
using System.Collections.Generic;
using System.Globalization;
using GhostHands.Protocol;

namespace GhostHands.Conformance
{
    using Map = Dictionary<string, object>;

    /// <summary>Messages as the golden files write their meaning (SPEC.md, section 13).</summary>
    internal static class Meaning
    {
        /// <summary>The meaning of a message: times as text, arrays as rows, numbers as doubles.</summary>
        internal static Map Of(Message message)
        {
            Map map = FieldsOf(message);
            map["type"] = message.Type;
            return map;
        }

        private static Map FieldsOf(Message message)
        {
            switch (message.Type)
            {
                case "hello": return Hello((HelloMessage)message);
                case "welcome": return Welcome((WelcomeMessage)message);
                case "subscribe": return Subscribe((SubscribeMessage)message);
                case "shape": return Shape((ShapeMessage)message);
                case "pose": return Pose((PoseMessage)message);
                case "ack": return new Map { { "seq", Number(((AckMessage)message).Seq) } };
                case "anchor": return Anchor((AnchorMessage)message);
                case "learner_hands": return LearnerHands((LearnerHandsMessage)message);
                case "score": return Score((ScoreMessage)message);
                case "playback_control": return Control((PlaybackControlMessage)message);
                case "playback_state": return State((PlaybackStateMessage)message);
                case "status": return Status((StatusMessage)message);
                case "ping": return new Map { { "t0_ns", Time(((PingMessage)message).T0Ns) } };
                case "pong": return Pong((PongMessage)message);
                case "error": return Error((ErrorMessage)message);
                case "bye": return new Map { { "reason", ((ByeMessage)message).Reason } };
                default: throw new InvalidOperationException(message.Type);
            }
        }

        private static Map Hello(HelloMessage m)
        {
            return new Map
            {
                { "versions", ListOf(m.Versions, v => Number(v)) },
                { "role", m.Role.ToString().ToLowerInvariant() },
                { "client", m.Client },
                { "token", m.Token },
                { "resume", m.Resume },
                { "capabilities", ListOf(m.Capabilities, c => c) },
            };
        }

        private static Map Welcome(WelcomeMessage m)
        {
            return new Map
            {
                { "version", Number(m.Version) },
                { "room", m.Room },
                { "server", m.Server },
                { "time_ns", Time(m.TimeNs) },
                { "ack_window", Number(m.AckWindow) },
                { "session", m.Session },
                { "resumed", m.Resumed },
                { "capabilities", ListOf(m.Capabilities, c => c) },
            };
        }

        private static Map Subscribe(SubscribeMessage m)
        {
            return new Map
            {
                { "max_rate_hz", m.MaxRateHz },
                { "precision", m.Precision.ToString().ToLowerInvariant() },
            };
        }

        private static Map Shape(ShapeMessage m)
        {
            return new Map
            {
                { "side", Number((int)m.Side) },
                { "betas", Rows(m.Betas, 0) },
                { "rest_joints_m", Rows(m.RestJointsM, 3) },
            };
        }

        private static Map Pose(PoseMessage m)
        {
            return new Map
            {
                { "seq", Number(m.Seq) },
                { "time_ns", Time(m.TimeNs) },
                { "hands", HandsOf(m.Hands, Hand) },
            };
        }

        private static Map Hand(HandPose h)
        {
            return new Map
            {
                { "side", Number((int)h.Side) },
                { "wrist_m", Rows(h.WristM, 0) },
                { "pose_quat", Rows(h.PoseQuat, 4) },
                { "finger_confidence", Rows(h.FingerConfidence, 0) },
            };
        }

        private static Map Anchor(AnchorMessage m)
        {
            return new Map
            {
                { "instrument", m.Instrument },
                { "size_m", Rows(m.SizeM, 0) },
                { "position_m", Rows(m.PositionM, 0) },
                { "rotation_quat", Rows(m.RotationQuat, 0) },
            };
        }

        private static Map LearnerHands(LearnerHandsMessage m)
        {
            return new Map
            {
                { "seq", Number(m.Seq) },
                { "time_ns", Time(m.TimeNs) },
                { "learner", m.Learner },
                { "hands", HandsOf(m.Hands, Hand) },
                { "openxr", HandsOf(m.OpenXR, OpenXR) },
            };
        }

        private static Map OpenXR(OpenXRHand h)
        {
            return new Map
            {
                { "side", Number((int)h.Side) },
                { "joints_m", Rows(h.JointsM, 3) },
                { "joint_quat", Rows(h.JointQuat, 4) },
            };
        }

        private static Map Score(ScoreMessage m)
        {
            return new Map
            {
                { "time_ns", Time(m.TimeNs) },
                { "learner", m.Learner },
                { "score", m.Score },
                { "hands", HandsOf(m.Hands, Scored) },
                { "position_s", m.PositionS },
            };
        }

        private static Map Scored(HandScore h)
        {
            return new Map
            {
                { "side", Number((int)h.Side) },
                { "error_m", Rows(h.ErrorM, 0) },
                { "error_rad", Rows(h.ErrorRad, 0) },
                { "confidence", Rows(h.Confidence, 0) },
            };
        }

        private static Map Control(PlaybackControlMessage m)
        {
            return new Map
            {
                { "command", m.Command.ToString().ToLowerInvariant() },
                { "recording", m.Recording },
                { "position_s", m.PositionS },
                { "rate", m.Rate },
                { "loop_s", Loop(m.LoopS) },
            };
        }

        private static Map State(PlaybackStateMessage m)
        {
            return new Map
            {
                { "time_ns", Time(m.TimeNs) },
                { "recording", m.Recording },
                { "duration_s", m.DurationS },
                { "position_s", m.PositionS },
                { "playing", m.Playing },
                { "rate", m.Rate },
                { "loop_s", Loop(m.LoopS) },
                { "recordings", ListOf(m.Recordings, r => r) },
                { "problem", m.Problem },
            };
        }

        private static Map Status(StatusMessage m)
        {
            return new Map
            {
                { "views", ListOf(m.Views, View) },
                { "pose_rate_hz", m.PoseRateHz },
                { "latency_ms", m.LatencyMs },
                { "recording", m.Recording },
            };
        }

        private static Map View(ViewStatus v)
        {
            return new Map
            {
                { "view", v.View },
                { "live", v.Live },
                { "rate_hz", v.RateHz },
                { "width", Number(v.Width) },
                { "height", Number(v.Height) },
                { "dropped", Number(v.Dropped) },
                { "hands", Number(v.Hands) },
            };
        }

        private static Map Pong(PongMessage m)
        {
            return new Map { { "t0_ns", Time(m.T0Ns) }, { "t1_ns", Time(m.T1Ns) }, { "t2_ns", Time(m.T2Ns) } };
        }

        private static Map Error(ErrorMessage m)
        {
            return new Map { { "code", m.Code }, { "message", m.Text } };
        }

        private static object Loop(LoopRange? loop)
        {
            return loop.HasValue ? new List<object> { loop.Value.BeginS, loop.Value.EndS } : null;
        }

        private static double Number(long value)
        {
            return value;
        }

        private static string Time(long value)
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        private static List<object> ListOf<T>(T[] items, Func<T, object> meaning)
        {
            var list = new List<object>();
            foreach (T item in items) list.Add(meaning(item));
            return list;
        }

        private static List<object> HandsOf<T>(Hands<T> hands, Func<T, object> meaning) where T : HandRecord
        {
            var list = new List<object>();
            for (int i = 0; i < hands.Count; i++) list.Add(meaning(hands[i]));
            return list;
        }

        /// <summary>An array as a list of rows, or as one row where the width is 0.</summary>
        private static List<object> Rows(float[] values, int width)
        {
            var list = new List<object>();
            for (int i = 0; i < values.Length; i++)
            {
                if (width > 0 && i % width == 0) list.Add(new List<object>());
                List<object> row = width > 0 ? (List<object>)list[list.Count - 1] : list;
                row.Add((double)values[i]);
            }
            return list;
        }
    }
}
