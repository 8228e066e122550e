using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// One of the learner's own hands as a headset tracks it, in the room: 26 joints in OpenXR's order and
    /// right-handed frame. It is filled as Unity gives joints, and read by what finds touches or sends hands.
    /// </summary>
    public sealed class HeadsetHand
    {
        /// <summary>The index fingertip, OpenXR's order.</summary>
        public const int IndexTip = 10;

        /// <summary>The hand is seen; otherwise its joints are old.</summary>
        public bool Tracked { get; set; }

        /// <summary>From the index fingertip's tracked point to its skin, metres; 0 where it is not known.</summary>
        public double TipRadiusM { get; set; }

        /// <summary>(26 * 3) metres.</summary>
        public float[] JointsM { get; } = new float[3 * Joints.OpenXRCount];

        /// <summary>(26 * 4) xyzw.</summary>
        public float[] JointQuat { get; } = new float[4 * Joints.OpenXRCount];

        /// <summary>Where the index fingertip is, metres.</summary>
        public Position Tip => Joint(IndexTip);

        /// <summary>Where a joint is, metres.</summary>
        /// <param name="joint">0 to 25, OpenXR's order.</param>
        public Position Joint(int joint)
        {
            return new Position(JointsM[3 * joint], JointsM[3 * joint + 1], JointsM[3 * joint + 2]);
        }

        /// <summary>Takes one joint.</summary>
        /// <param name="unityJoint">0 to 25: <c>XRHandJointID</c> minus one; wrist, palm, thumb, ...</param>
        /// <param name="position">In Unity's frame, metres.</param>
        /// <param name="rotation">In Unity's frame.</param>
        public void Set(int unityJoint, Position position, Rotation rotation)
        {
            if (unityJoint < 0 || unityJoint >= Joints.OpenXRCount)
                throw new ArgumentOutOfRangeException(nameof(unityJoint));
            int joint = JointOrders.Swap(unityJoint);
            Position p = Coordinates.UnityToOpenXR(position);
            Rotation q = Coordinates.UnityToOpenXR(rotation);
            JointsM[3 * joint] = p.X;
            JointsM[3 * joint + 1] = p.Y;
            JointsM[3 * joint + 2] = p.Z;
            JointQuat[4 * joint] = q.X;
            JointQuat[4 * joint + 1] = q.Y;
            JointQuat[4 * joint + 2] = q.Z;
            JointQuat[4 * joint + 3] = q.W;
        }

        /// <summary>Gives all joints to an encoder, if the hand is tracked.</summary>
        public void AddTo(LearnerHandsEncoder encoder, Side side)
        {
            if (encoder == null) throw new ArgumentNullException(nameof(encoder));
            if (!Tracked) return;
            for (int joint = 0; joint < Joints.OpenXRCount; joint++)
            {
                var q = new Rotation(
                    JointQuat[4 * joint], JointQuat[4 * joint + 1], JointQuat[4 * joint + 2], JointQuat[4 * joint + 3]);
                encoder.Set(
                    side, JointOrders.Swap(joint), Coordinates.OpenXRToUnity(Joint(joint)),
                    Coordinates.OpenXRToUnity(q));
            }
        }
    }
}
