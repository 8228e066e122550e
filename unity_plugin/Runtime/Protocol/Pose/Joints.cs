using System.Collections.Generic;

namespace GhostHands.Protocol
{
    /// <summary>
    /// Names and orders of joints and keypoints (SPEC.md, section 8). 16 joints carry rotations, in
    /// MANO's order: note that little comes before ring. 21 keypoints carry positions.
    /// </summary>
    public static class Joints
    {
        /// <summary>Joints that carry rotations.</summary>
        public const int Count = 16;

        /// <summary>Keypoints that carry positions.</summary>
        public const int Keypoints = 21;

        /// <summary>Shape values of the hand model.</summary>
        public const int Betas = 10;

        /// <summary>Fingers, thumb to little.</summary>
        public const int Fingers = 5;

        /// <summary>Joints of XR_EXT_hand_tracking.</summary>
        public const int OpenXRCount = 26;

        /// <summary>(16) names of the joints.</summary>
        public static readonly IReadOnlyList<string> Names = new[]
        {
            "wrist", "index1", "index2", "index3", "middle1", "middle2", "middle3", "little1", "little2",
            "little3", "ring1", "ring2", "ring3", "thumb1", "thumb2", "thumb3",
        };

        /// <summary>(21) names of the keypoints, each finger from base to tip.</summary>
        public static readonly IReadOnlyList<string> KeypointNames = new[]
        {
            "wrist", "thumb1", "thumb2", "thumb3", "thumb4", "index1", "index2", "index3", "index4",
            "middle1", "middle2", "middle3", "middle4", "ring1", "ring2", "ring3", "ring4", "little1",
            "little2", "little3", "little4",
        };

        /// <summary>(16) the parent of each joint, -1 for the wrist.</summary>
        public static readonly IReadOnlyList<int> Parents =
            new[] { -1, 0, 1, 2, 0, 4, 5, 0, 7, 8, 0, 10, 11, 0, 13, 14 };

        /// <summary>(16) the keypoint at which each joint lies.</summary>
        public static readonly IReadOnlyList<int> KeypointOfJoint =
            new[] { 0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3 };

        /// <summary>(21) the joint in whose frame each keypoint is fixed.</summary>
        public static readonly IReadOnlyList<int> KeypointParentJoint =
            new[] { 0, 0, 13, 14, 15, 0, 1, 2, 3, 0, 4, 5, 6, 0, 10, 11, 12, 0, 7, 8, 9 };

        /// <summary>(5) the keypoint of each fingertip, thumb to little.</summary>
        public static readonly IReadOnlyList<int> Fingertips = new[] { 4, 8, 12, 16, 20 };
    }
}
