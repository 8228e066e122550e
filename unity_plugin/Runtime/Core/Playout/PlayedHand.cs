using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>One hand at one instant, between the poses that were sent.</summary>
    public sealed class PlayedHand
    {
        /// <summary>Where it is, in the stage; <see cref="HandRecord.Side"/> says which it is.</summary>
        public HandPose Pose { get; } = new HandPose();

        /// <summary>Mean of its fingers' confidences, 0 to 1.</summary>
        public double Confidence { get; internal set; }

        /// <summary>1 while poses come; falls to 0, where it is absent, once they stay away.</summary>
        public double Presence { get; internal set; }
    }
}
