using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>Where a connection puts poses, on the thread that receives them: a playout buffer.</summary>
    public interface IPoseSink
    {
        /// <summary>Takes a pose; the connection's next one overwrites it.</summary>
        /// <param name="pose">The pose.</param>
        /// <param name="arrivedNs">When it arrived, on the bridge's clock, nanoseconds.</param>
        void Push(PoseMessage pose, long arrivedNs);
    }
}
