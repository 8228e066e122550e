using System.Collections.Generic;

namespace GhostHands.Core
{
    /// <summary>
    /// The 26 joints of a headset in their two orders: XR_EXT_hand_tracking begins palm, wrist; Unity's
    /// <c>XRHandJointID</c>, minus one, begins wrist, palm. From the thumb on they are the same.
    /// </summary>
    public static class JointOrders
    {
        /// <summary>(26) names in OpenXR's order.</summary>
        public static readonly IReadOnlyList<string> OpenXRNames = new[]
        {
            "palm", "wrist",
            "thumb_metacarpal", "thumb_proximal", "thumb_distal", "thumb_tip",
            "index_metacarpal", "index_proximal", "index_intermediate", "index_distal", "index_tip",
            "middle_metacarpal", "middle_proximal", "middle_intermediate", "middle_distal", "middle_tip",
            "ring_metacarpal", "ring_proximal", "ring_intermediate", "ring_distal", "ring_tip",
            "little_metacarpal", "little_proximal", "little_intermediate", "little_distal", "little_tip",
        };

        /// <summary>(21) OpenXR's joint at each keypoint.</summary>
        public static readonly IReadOnlyList<int> OpenXROfKeypoint = new[]
        {
            1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 15, 17, 18, 19, 20, 22, 23, 24, 25,
        };

        /// <summary>OpenXR's joint for an index of Unity's, and back: only the first two change places.</summary>
        public static int Swap(int joint)
        {
            return joint < 2 ? 1 - joint : joint;
        }
    }
}
