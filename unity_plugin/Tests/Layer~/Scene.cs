using System;
using System.IO;
using EngineStub;
using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;

namespace GhostHands.LayerTests
{
    /// <summary>The components of the sample's scene, in the engine's stub.</summary>
    internal sealed class Scene
    {
        private double _nowMs = 1000;
        private long _pushed;

        internal Scene(string link = "", bool mirrored = false)
        {
            // Inactive while it is put together, as what is loaded from a file is.
            var root = new GameObject("Root");
            root.SetActive(false);
            Connection = Part<BridgeConnection>(root, "Connection");
            Hands = Part<LearnerHands>(root, "Hands");
            Instrument = Part<InstrumentAnchor>(root, "Instrument");
            Left = Part<GhostHand>(root, "Left");
            Right = Part<GhostHand>(root, "Right");
            Player = Part<LessonPlayer>(root, "Player");
            Stage = Part<GhostStage>(root, "Stage");
            Loop.Set(Connection, "connectOnEnable", link.Length > 0);
            Connection.Settings.link = link;
            Loop.Set(Hands, "connection", Connection);
            Loop.Set(Instrument, "hands", Hands);
            Loop.Set(Left, "side", Side.Left);
            Loop.Set(Player, "connection", Connection);
            Loop.Set(Stage, "connection", Connection);
            Loop.Set(Stage, "instrument", Instrument);
            Loop.Set(Stage, "leftHand", Left);
            Loop.Set(Stage, "rightHand", Right);
            Loop.Set(Stage, "learner", Hands);
            Loop.Set(Stage, "mirrored", mirrored);
            root.SetActive(true);
        }

        internal BridgeConnection Connection { get; }

        internal LearnerHands Hands { get; }

        internal InstrumentAnchor Instrument { get; }

        internal GhostHand Left { get; }

        internal GhostHand Right { get; }

        internal LessonPlayer Player { get; }

        internal GhostStage Stage { get; }

        /// <summary>A file of the hand model, as a bridge serves it.</summary>
        internal static byte[] HandFile(string name)
        {
            string folder = Environment.GetEnvironmentVariable("GHOSTHANDS_HANDS");
            return File.ReadAllBytes(Path.Combine(folder, name));
        }

        internal static HandMesh HandModel(string side)
        {
            HandMesh mesh;
            string problem;
            if (!HandMesh.TryParse(HandFile(side + ".msgpack"), out mesh, out problem)) throw new Exception(problem);
            return mesh;
        }

        /// <summary>Frames of 11 ms, a pose every third.</summary>
        internal void Play(HandPose hand, int frames)
        {
            for (int i = 0; i < frames; i++)
            {
                _nowMs += 11;
                if (hand != null && i % 3 == 0) Push(hand);
                Connection.Playout.Advance(_nowMs);
                Loop.Frame(0.011);
            }
        }

        /// <summary>Gives the shape of a hand model of which a file says how it is posed.</summary>
        internal void Shape(Side side, float[] betas, float[] rest)
        {
            var shape = new ShapeMessage { Side = side };
            betas.CopyTo(shape.Betas, 0);
            rest.CopyTo(shape.RestJointsM, 0);
            Stage.Stage.Take(shape);
        }

        private void Push(HandPose hand)
        {
            Hands<HandPose> hands = new PoseMessage { Seq = _pushed++ }.Hands;
            hands.Add(hand.Side).CopyFrom(hand);
            Connection.Playout.Push(_nowMs, hands, _nowMs + 5);
        }

        private static T Part<T>(GameObject root, string name) where T : Component
        {
            var part = new GameObject(name);
            part.transform.SetParent(root.transform, false);
            return part.AddComponent<T>();
        }
    }
}
