using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// A learner's own hands, as Unity's hand tracking gives them, to the message that a bridge scores:
    /// 26 joints in OpenXR's order, in the stage. A frame allocates nothing.
    /// </summary>
    public sealed class LearnerHandsEncoder
    {
        private readonly LearnerHandsMessage _message = new LearnerHandsMessage();
        private readonly bool[] _tracked = new bool[2];
        private readonly OpenXRHand[] _hands = { new OpenXRHand(), new OpenXRHand() };
        private LessonFrame _frame = new LessonFrame(Rigid.Identity, Rigid.Identity);

        /// <summary>
        /// How the lesson is shown: joints go the way back, from the room to the stage. What is shown mirrored
        /// is mirrored back, so that it is compared with the hand that it follows.
        /// </summary>
        public LessonFrame Frame
        {
            get => _frame;
            set => _frame = value ?? throw new ArgumentNullException(nameof(value));
        }

        /// <summary>Begins a frame: no hand is tracked.</summary>
        public void Begin()
        {
            _tracked[0] = _tracked[1] = false;
        }

        /// <summary>One joint of a tracked hand; give all 26 of a hand, or none.</summary>
        /// <param name="side">The learner's hand.</param>
        /// <param name="unityJoint">0 to 25: <c>XRHandJointID</c> minus one; wrist, palm, thumb, ...</param>
        /// <param name="position">In the room, in Unity's frame, metres.</param>
        /// <param name="rotation">In the room, in Unity's frame.</param>
        public void Set(Side side, int unityJoint, Position position, Rotation rotation)
        {
            if (unityJoint < 0 || unityJoint >= Joints.OpenXRCount)
                throw new ArgumentOutOfRangeException(nameof(unityJoint));
            OpenXRHand hand = _hands[(int)side];
            int joint = JointOrders.Swap(unityJoint);
            Position p = _frame.ToStage(Coordinates.UnityToOpenXR(position));
            Rotation q = _frame.ToStage(Coordinates.UnityToOpenXR(rotation));
            hand.JointsM[3 * joint] = p.X;
            hand.JointsM[3 * joint + 1] = p.Y;
            hand.JointsM[3 * joint + 2] = p.Z;
            hand.JointQuat[4 * joint] = q.X;
            hand.JointQuat[4 * joint + 1] = q.Y;
            hand.JointQuat[4 * joint + 2] = q.Z;
            hand.JointQuat[4 * joint + 3] = q.W;
            _tracked[(int)side] = true;
        }

        /// <summary>Ends a frame.</summary>
        /// <param name="seq">Rises with each message.</param>
        /// <param name="timeNs">When the hands were there, on the bridge's clock.</param>
        /// <returns>The message for <see cref="RoomConnection.Send"/>; the next frame overwrites it.</returns>
        public LearnerHandsMessage End(long seq, long timeNs)
        {
            _message.Seq = seq;
            _message.TimeNs = timeNs;
            _message.Hands.Clear();
            _message.OpenXR.Clear();
            for (int side = 0; side < 2; side++)
            {
                int tracked = _frame.Mirrored ? 1 - side : side;
                if (!_tracked[tracked]) continue;
                OpenXRHand hand = _message.OpenXR.Add((Side)side);
                hand.CopyFrom(_hands[tracked]);
                hand.Side = (Side)side;
            }
            return _message;
        }
    }
}
