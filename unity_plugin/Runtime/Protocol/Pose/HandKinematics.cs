using System;

namespace GhostHands.Protocol
{
    /// <summary>
    /// From pose to keypoints (SPEC.md, section 8). Holds its scratch space, so that a frame makes
    /// nothing; one for each thread.
    /// </summary>
    public sealed class HandKinematics
    {
        private readonly double[] _turns = new double[4 * Joints.Count];
        private readonly double[] _points = new double[3 * Joints.Keypoints];
        private readonly double[] _arm = new double[3];

        /// <summary>Positions of the 21 keypoints of a posed hand.</summary>
        /// <param name="restJointsM">(21 * 3) rest keypoints of the hand's shape, metres.</param>
        /// <param name="hand">The hand's pose.</param>
        /// <param name="keypointsM">(21 * 3) filled with positions in the stage, metres.</param>
        /// <exception cref="ArgumentException">An array has another length.</exception>
        public void Keypoints(float[] restJointsM, HandPose hand, float[] keypointsM)
        {
            if (restJointsM.Length != _points.Length || keypointsM.Length != _points.Length)
                throw new ArgumentException($"keypoints need arrays of {_points.Length} numbers");
            for (int joint = 0; joint < Joints.Count; joint++)
            {
                Quaternions.Unit(hand.PoseQuat, 4 * joint, _turns, 4 * joint);
                int parent = Joints.Parents[joint];
                if (parent >= 0) Quaternions.Multiply(_turns, 4 * parent, _turns, 4 * joint, _turns, 4 * joint);
            }
            for (int axis = 0; axis < 3; axis++) _points[axis] = hand.WristM[axis];
            for (int keypoint = 1; keypoint < Joints.Keypoints; keypoint++)
            {
                // Keypoints run from the wrist outwards: the one before is in its place already.
                int joint = Joints.KeypointParentJoint[keypoint];
                int to = 3 * keypoint, from = 3 * Joints.KeypointOfJoint[joint];
                double x = restJointsM[to] - (double)restJointsM[from];
                double y = restJointsM[to + 1] - (double)restJointsM[from + 1];
                double z = restJointsM[to + 2] - (double)restJointsM[from + 2];
                Quaternions.Turn(_turns, 4 * joint, x, y, z, _arm, 0);
                for (int axis = 0; axis < 3; axis++) _points[to + axis] = _points[from + axis] + _arm[axis];
            }
            for (int i = 0; i < _points.Length; i++) keypointsM[i] = (float)_points[i];
        }
    }
}
