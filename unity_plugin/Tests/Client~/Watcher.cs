using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Threading;
using GhostHands.Core;
using GhostHands.Protocol;

namespace GhostHands.Client
{
    /// <summary>The main thread of the console's client, as an engine's would be.</summary>
    internal sealed class Watcher
    {
        private const int PollMs = 3, FarewellMs = 5000;

        private readonly RoomLink _link;
        private readonly RoomOptions _options;
        private readonly RoomConnection _connection;
        private readonly Tap _tap = new Tap();
        private readonly int _frames;
        private readonly ConcurrentQueue<string> _commands = new ConcurrentQueue<string>();
        private readonly HandRig[] _rigs = { new HandRig(Side.Left), new HandRig(Side.Right) };
        private readonly LearnerHandsEncoder _learner = new LearnerHandsEncoder();
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private long _frame;
        private long _sent;

        internal Watcher(RoomLink link, RoomOptions options, int frames)
        {
            _link = link;
            _options = options;
            _connection = new RoomConnection(link, options, _tap);
            _frames = frames;
        }

        internal void Run()
        {
            var reading = new Thread(Read) { IsBackground = true };
            reading.Start();
            _connection.Open();
            bool left = false;
            long leftMs = 0;
            while (true)
            {
                Drain();
                string command;
                while (_commands.TryDequeue(out command))
                {
                    if (command != null) Obey(command.Split(' '));
                    else
                    {
                        _connection.Dispose();
                        left = true;
                        leftMs = _clock.ElapsedMilliseconds;
                    }
                }
                if (left && _connection.State == ConnectionState.Closed) break;
                if (left && _clock.ElapsedMilliseconds - leftMs > FarewellMs)
                {
                    Console.WriteLine("problem it does not close");
                    break;
                }
                if (_frames > 0) Draw();
                Thread.Sleep(PollMs);
            }
            Drain();
            Console.WriteLine($"end {_connection.Dropped} {_connection.DroppedEvents}");
        }

        private void Read()
        {
            for (string line = Console.ReadLine(); line != null; line = Console.ReadLine()) _commands.Enqueue(line);
            _commands.Enqueue(null);
        }

        /// <summary>Prints what came: a pose's shape is among the events before it.</summary>
        private void Drain()
        {
            int poses = _tap.Poses.Count;
            RoomEvent taken;
            while (_connection.TryTake(out taken)) Print(taken);
            PoseMessage pose;
            for (; poses > 0 && _tap.Poses.TryDequeue(out pose); poses--) Print(pose);
        }

        private void Print(RoomEvent taken)
        {
            var shape = taken.Message as ShapeMessage;
            if (shape != null) _rigs[(int)shape.Side].SetShape(shape.RestJointsM);
            string what = taken.Kind == RoomEventKind.Message ? taken.Message.Type : taken.State.ToString();
            var state = taken.Message as PlaybackStateMessage;
            if (state != null) what += $" {state.Recording} {state.Playing}";
            var score = taken.Message as ScoreMessage;
            if (score != null) what += $" {score.Learner == _connection.Learner} {score.Hands.Count}";
            string text = taken.Code == null ? "" : $" {taken.Code} {taken.RetryInMs} {taken.Text}";
            Console.WriteLine($"{taken.Kind.ToString().ToLowerInvariant()} {what}{text}");
        }

        private void Print(PoseMessage pose)
        {
            for (int i = 0; i < pose.Hands.Count; i++)
            {
                HandRig rig = _rigs[(int)pose.Hands[i].Side];
                if (!rig.Pose(pose.Hands[i])) continue;
                var line = new StringBuilder($"pose {pose.Seq} {(int)rig.Side}");
                foreach (float value in rig.KeypointsM) line.Append(' ').Append(value.ToString("R"));
                foreach (float value in rig.JointsM) line.Append(' ').Append(value.ToString("R"));
                Console.WriteLine(line);
            }
        }

        private void Draw()
        {
            long now;
            long due = _clock.ElapsedMilliseconds * _frames / 1000;
            if (due <= _frame || !_connection.TryBridgeNowNs(out now)) return;
            _frame = due;
            _tap.Playout.Advance(now);
            PlayedHand hand = _tap.Playout.Find(Side.Right);
            string place = hand == null ? "- 0" : $"{hand.Pose.WristM[0]:R} {hand.Presence:R}";
            Console.WriteLine($"frame {_clock.ElapsedMilliseconds} {place} {_tap.Playout.DelayMs:R}");
        }

        private void Obey(string[] command)
        {
            switch (command[0])
            {
                case "load":
                    Control(new PlaybackControlMessage { Command = PlaybackCommand.Load, Recording = command[1] });
                    break;
                case "play": Control(new PlaybackControlMessage { Command = PlaybackCommand.Play }); break;
                case "pause": Control(new PlaybackControlMessage { Command = PlaybackCommand.Pause }); break;
                case "wrong": Control(new PlaybackControlMessage { Command = PlaybackCommand.Rate, Rate = 99 }); break;
                case "hands": Hands(); break;
                case "mesh": Mesh(command[1] == "left" ? Side.Left : Side.Right); break;
                case "retry": _connection.RetryNow(); break;
            }
        }

        private void Mesh(Side side)
        {
            HandMeshAnswer answer = HandMeshSource.FetchAsync(_link, _options.Tls, side).Result;
            HandMesh mesh = answer.Mesh;
            string what = mesh == null ? $"{answer.Code} {answer.Text}" : $"{mesh.Side} {mesh.VertexCount}";
            Console.WriteLine($"mesh {what}");
        }

        private void Control(PlaybackControlMessage message)
        {
            Console.WriteLine($"sent {_connection.Send(message)}");
        }

        /// <summary>Sends hands that lie where the teacher's lay last, as Unity would track them.</summary>
        private void Hands()
        {
            long now;
            _connection.TryBridgeNowNs(out now);
            _learner.Begin();
            foreach (HandRig rig in _rigs)
            {
                for (int unity = 0; rig.HasShape && unity < Joints.OpenXRCount; unity++)
                {
                    int joint = JointOrders.Swap(unity), at = 4 * joint;
                    var turn = new Rotation(
                        rig.JointQuat[at], rig.JointQuat[at + 1], rig.JointQuat[at + 2], rig.JointQuat[at + 3]);
                    _learner.Set(
                        rig.Side, unity, Coordinates.OpenXRToUnity(rig.Joint(joint)), Coordinates.OpenXRToUnity(turn));
                }
            }
            Console.WriteLine($"sent {_connection.Send(_learner.End(_sent++, now))}");
        }
    }
}
