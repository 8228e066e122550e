using System.Collections.Concurrent;
using GhostHands.Core;
using GhostHands.Protocol;

namespace GhostHands.Client
{
    /// <summary>Poses as they arrive: into playout, and copies for the console.</summary>
    internal sealed class Tap : IPoseSink
    {
        internal PlayoutBuffer Playout { get; } = new PlayoutBuffer();

        internal ConcurrentQueue<PoseMessage> Poses { get; } = new ConcurrentQueue<PoseMessage>();

        public void Push(PoseMessage pose, long arrivedNs)
        {
            Playout.Push(pose, arrivedNs);
            var copy = new PoseMessage();
            copy.CopyFrom(pose);
            Poses.Enqueue(copy);
        }
    }
}
