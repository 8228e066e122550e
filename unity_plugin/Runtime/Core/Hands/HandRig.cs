using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// One hand's skeleton: with its shape and a pose, the 21 keypoints, the 26 joints that a headset would
    /// track, and the 16 bones of a skinned mesh (SPEC.md, sections 8 and 15).
    /// All are in the stage; <see cref="Coordinates"/> takes them to Unity. A frame allocates nothing.
    /// </summary>
    public sealed class HandRig
    {
        private const int Palm = 0, Wrist = 1, MiddleMetacarpal = 11, MiddleProximal = 12, Knuckle = 5;

        // Of index, middle, ring and little: part of the way to the knuckle, then up and to the thumb in
        // lengths of the palm.
        private static readonly double[] MetacarpalAt =
            { 0.38, -0.06, 0.11, 0.36, -0.06, 0.03, 0.39, -0.04, -0.08, 0.44, -0.04, -0.08 };

        private readonly double[] _rest = new double[3 * Joints.Keypoints];

        /// <summary>(26 * 4) each joint's frame at rest, and which of the 16 joints turns it.</summary>
        private readonly double[] _frames = new double[4 * Joints.OpenXRCount];
        private readonly int[] _carriers = new int[Joints.OpenXRCount];

        /// <summary>(4 * 3) metacarpals of index to little, at rest.</summary>
        private readonly double[] _metacarpals = new double[12];

        private readonly double[] _turns = new double[4 * Joints.Count];
        private readonly double[] _points = new double[3 * Joints.Keypoints];
        private readonly double[] _scratch = new double[4];

        /// <summary>Makes the skeleton of one hand; it needs a shape before it can be posed.</summary>
        public HandRig(Side side)
        {
            Side = side;
        }

        /// <summary>Which hand, as on the person.</summary>
        public Side Side { get; }

        /// <summary>A shape was given.</summary>
        public bool HasShape { get; private set; }

        /// <summary>(21 * 3) keypoints of the last pose, metres.</summary>
        public float[] KeypointsM { get; } = new float[3 * Joints.Keypoints];

        /// <summary>(26 * 3) joints of the last pose in OpenXR's order, metres.</summary>
        public float[] JointsM { get; } = new float[3 * Joints.OpenXRCount];

        /// <summary>(26 * 4) their orientations, xyzw, w >= 0: -z along the bone, +y out of the hand's back.</summary>
        public float[] JointQuat { get; } = new float[4 * Joints.OpenXRCount];

        /// <summary>
        /// (16 * 4) rotations of a skinned mesh's bones, xyzw, w >= 0, in the order of <see cref="Joints.Names"/>.
        /// Each bone is at the joint's keypoint and has no rotation at rest.
        /// </summary>
        public float[] BoneQuat { get; } = new float[4 * Joints.Count];

        /// <summary>Takes the shape of the hand.</summary>
        /// <param name="restJointsM">(21 * 3) rest keypoints, metres, as a shape message has them.</param>
        /// <returns>False where these are no bones: another length, not finite, or two joints in one place.</returns>
        public bool SetShape(float[] restJointsM)
        {
            HasShape = false;
            if (restJointsM == null || restJointsM.Length != _rest.Length) return false;
            for (int i = 0; i < _rest.Length; i++) _rest[i] = restJointsM[i];
            PlaceMetacarpals();
            SetFrames();
            foreach (double value in _frames)
            {
                if (double.IsNaN(value) || double.IsInfinity(value)) return false;
            }
            HasShape = true;
            return true;
        }

        /// <summary>Poses the hand; false without a shape.</summary>
        public bool Pose(HandPose hand)
        {
            if (hand == null) throw new ArgumentNullException(nameof(hand));
            if (!HasShape) return false;
            for (int joint = 0; joint < Joints.Count; joint++)
            {
                Quaternions.Unit(hand.PoseQuat, 4 * joint, _turns, 4 * joint);
                int parent = HandTables.Parents[joint];
                if (parent >= 0) Quaternions.Multiply(_turns, 4 * parent, _turns, 4 * joint, _turns, 4 * joint);
                Put(_turns, 4 * joint, BoneQuat, 4 * joint);
            }
            PlaceKeypoints(hand);
            PlaceJoints();
            for (int joint = 0; joint < Joints.OpenXRCount; joint++)
            {
                Quaternions.Multiply(_turns, 4 * _carriers[joint], _frames, 4 * joint, _scratch, 0);
                Put(_scratch, 0, JointQuat, 4 * joint);
            }
            return true;
        }

        /// <summary>Where a joint is, metres.</summary>
        /// <param name="joint">0 to 25, OpenXR's order.</param>
        public Position Joint(int joint)
        {
            return new Position(JointsM[3 * joint], JointsM[3 * joint + 1], JointsM[3 * joint + 2]);
        }

        /// <summary>Where a bone of a skinned mesh is, metres.</summary>
        /// <param name="bone">0 to 15, in the order of <see cref="Joints.Names"/>.</param>
        public Position Bone(int bone)
        {
            int at = 3 * HandTables.KeypointOfJoint[bone];
            return new Position(KeypointsM[at], KeypointsM[at + 1], KeypointsM[at + 2]);
        }

        private void PlaceKeypoints(HandPose hand)
        {
            for (int axis = 0; axis < 3; axis++) _points[axis] = hand.WristM[axis];
            for (int keypoint = 1; keypoint < Joints.Keypoints; keypoint++)
            {
                int joint = HandTables.KeypointParentJoint[keypoint];
                int to = 3 * keypoint, from = 3 * HandTables.KeypointOfJoint[joint];
                double x = _rest[to] - _rest[from], y = _rest[to + 1] - _rest[from + 1];
                double z = _rest[to + 2] - _rest[from + 2];
                Quaternions.Turn(_turns, 4 * joint, x, y, z, _scratch, 0);
                for (int axis = 0; axis < 3; axis++) _points[to + axis] = _points[from + axis] + _scratch[axis];
            }
            for (int i = 0; i < _points.Length; i++) KeypointsM[i] = (float)_points[i];
        }

        private void PlaceJoints()
        {
            for (int keypoint = 0; keypoint < Joints.Keypoints; keypoint++)
            {
                int joint = HandTables.OpenXROfKeypoint[keypoint];
                for (int axis = 0; axis < 3; axis++) JointsM[3 * joint + axis] = KeypointsM[3 * keypoint + axis];
            }
            for (int finger = 0; finger < 4; finger++)
            {
                int at = 3 * finger, joint = 6 + 5 * finger;
                Quaternions.Turn(
                    _turns, 0, _metacarpals[at], _metacarpals[at + 1], _metacarpals[at + 2], _scratch, 0);
                for (int axis = 0; axis < 3; axis++)
                    JointsM[3 * joint + axis] = (float)(_points[axis] + _scratch[axis]);
            }
            for (int axis = 0; axis < 3; axis++)
            {
                float one = JointsM[3 * MiddleMetacarpal + axis], other = JointsM[3 * MiddleProximal + axis];
                JointsM[3 * Palm + axis] = (float)((one + (double)other) / 2);
            }
        }

        private void PlaceMetacarpals()
        {
            const int middle = 3 * 9;
            double palmM = Math.Sqrt(
                _rest[middle] * _rest[middle] + _rest[middle + 1] * _rest[middle + 1] +
                _rest[middle + 2] * _rest[middle + 2]);
            for (int finger = 0; finger < 4; finger++)
            {
                int at = 3 * finger, knuckle = 3 * (Knuckle + 4 * finger);
                _metacarpals[at] = MetacarpalAt[at] * _rest[knuckle];
                _metacarpals[at + 1] = MetacarpalAt[at] * _rest[knuckle + 1] + MetacarpalAt[at + 1] * palmM;
                _metacarpals[at + 2] = MetacarpalAt[at] * _rest[knuckle + 2] + MetacarpalAt[at + 2] * palmM;
            }
        }

        private void SetFrames()
        {
            double outward = Side == Side.Right ? 1 : -1;
            BoneFrame.Write(-outward, 0, 0, 0, 1, 0, _frames, 4 * Wrist);
            _carriers[Wrist] = 0;
            for (int joint = 1; joint < Joints.Count; joint++)
            {
                int keypoint = HandTables.KeypointOfJoint[joint], here = HandTables.OpenXROfKeypoint[keypoint];
                int from = 3 * keypoint;
                double x = _rest[from + 3] - _rest[from], y = _rest[from + 4] - _rest[from + 1];
                double z = _rest[from + 5] - _rest[from + 2];
                // A thumb's nail looks up, back to the wrist and away from the fingers.
                bool thumb = keypoint < Knuckle;
                BoneFrame.Write(x, y, z, thumb ? outward : 0, 1, thumb ? 1 : 0, _frames, 4 * here);
                _carriers[here] = joint;
                if (joint % 3 == 0) Same(here, here + 1); // a tip turns with its last joint
            }
            for (int finger = 0; finger < 4; finger++)
            {
                int at = 3 * finger, knuckle = 3 * (Knuckle + 4 * finger), here = 6 + 5 * finger;
                double x = _rest[knuckle] - _metacarpals[at], y = _rest[knuckle + 1] - _metacarpals[at + 1];
                double z = _rest[knuckle + 2] - _metacarpals[at + 2];
                BoneFrame.Write(x, y, z, 0, 1, 0, _frames, 4 * here);
                _carriers[here] = 0;
            }
            Same(MiddleMetacarpal, Palm);
        }

        private void Same(int joint, int other)
        {
            Array.Copy(_frames, 4 * joint, _frames, 4 * other, 4);
            _carriers[other] = _carriers[joint];
        }

        private static void Put(double[] source, int from, float[] target, int at)
        {
            double sign = source[from + 3] < 0 ? -1 : 1;
            for (int k = 0; k < 4; k++) target[at + k] = (float)(sign * source[from + k]);
        }
    }
}
