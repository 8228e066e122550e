using System;

namespace GhostHands.Protocol
{
    /// <summary>
    /// Rotations in few bits: smallest three, rounded so that errors do not add up along a finger, as
    /// bridge/protocol/quantise.py does. Of the eight ways to round a joint's rotation up or down, the
    /// one is taken that brings the end of its bone nearest to where it belongs although the joints
    /// before it were rounded. Readers need not know.
    /// </summary>
    internal sealed class Quantiser
    {
        private const int Ways = 8;
        private const double Sqrt2 = 1.41421356237309504880;

        // An adult's right hand, millimetres: wrist to knuckles, then the phalanges, fingers in joint
        // order. Only the choice between roundings rests on it, so it need not be the hand that is sent.
        private static readonly double[] ToKnuckles =
            { -90, -4, 22, -91, 0, 0, -80, -4, -36, -86, 0, -18, -27, -9, 22 };

        private static readonly double[] Phalanges =
        {
            -39, 0, 4, -23, 0, 2, -24, 0, 2,
            -44, 0, -5, -27, 0, -3, -23, 0, -3,
            -26, 0, -9, -14, 0, -5, -16, 0, -6,
            -38, 0, -10, -24, 0, -6, -24, 0, -6,
            -30, -15, 24, -24, -8, 14, -23, -6, 12,
        };

        private readonly double[] _pose = new double[4 * Joints.Count];
        private readonly double[] _target = new double[4];
        private readonly int[] _ways = new int[3 * Ways];
        private readonly double[] _turned = new double[4 * Ways];
        private readonly bool[] _none = new bool[Ways];
        private readonly double[] _belongs = new double[3 * Joints.Fingers];
        private readonly double[] _missed = new double[3 * Ways];
        private readonly double[] _knucklesMissed = new double[3 * Joints.Fingers * Ways];
        private readonly double[] _miss = new double[3];
        private readonly double[] _meant = new double[4];
        private readonly double[] _sent = new double[4];
        private readonly double[] _wristSent = new double[4];
        private readonly double[] _point = new double[3];

        /// <summary>(16) which component is largest, xyzw.</summary>
        internal int[] Largest { get; } = new int[Joints.Count];

        /// <summary>(16 * 3) levels of the others.</summary>
        internal int[] Levels { get; } = new int[3 * Joints.Count];

        /// <summary>Fills <see cref="Largest"/> and <see cref="Levels"/> for a hand.</summary>
        internal void Round(HandPose hand)
        {
            for (int i = 0; i < _pose.Length; i++) _pose[i] = hand.PoseQuat[i];
            double mirror = hand.Side == Side.Left ? -1.0 : 1.0;
            int wrist = RoundWrist(mirror);
            for (int finger = 0; finger < Joints.Fingers; finger++)
            {
                Array.Copy(_knucklesMissed, 3 * (wrist * Joints.Fingers + finger), _miss, 0, 3);
                RoundFinger(finger, mirror);
            }
        }

        private int RoundWrist(double mirror)
        {
            Array.Copy(_pose, 0, _target, 0, 4);
            FindWays(0, null);
            for (int finger = 0; finger < Joints.Fingers; finger++)
                TurnKnuckle(_pose, 0, finger, mirror, _belongs, 3 * finger);
            int best = 0;
            double least = double.PositiveInfinity;
            for (int way = 0; way < Ways; way++)
            {
                double worst = 0;
                for (int finger = 0; finger < Joints.Fingers; finger++)
                {
                    int at = 3 * (way * Joints.Fingers + finger);
                    TurnKnuckle(_turned, 4 * way, finger, mirror, _knucklesMissed, at);
                    for (int axis = 0; axis < 3; axis++) _knucklesMissed[at + axis] -= _belongs[3 * finger + axis];
                    worst = Math.Max(worst, Square(_knucklesMissed, at));
                }
                if (_none[way] || worst >= least) continue;
                least = worst;
                best = way;
            }
            Take(0, best, _wristSent);
            return best;
        }

        private void RoundFinger(int finger, double mirror)
        {
            Array.Copy(_pose, 0, _meant, 0, 4);
            Array.Copy(_wristSent, 0, _sent, 0, 4);
            for (int level = 0; level < 3; level++)
            {
                int joint = 1 + 3 * finger + level, bone = 3 * (3 * finger + level);
                double x = mirror * Phalanges[bone], y = Phalanges[bone + 1], z = Phalanges[bone + 2];
                Quaternions.Multiply(_meant, 0, _pose, 4 * joint, _meant, 0);
                // What brings this joint to where it is meant to point, from where its parent really points.
                Quaternions.Against(_sent, 0, _meant, 0, _target, 0);
                FindWays(joint, _sent);
                Quaternions.Turn(_meant, 0, x, y, z, _belongs, 0);
                int best = 0;
                double least = double.PositiveInfinity;
                for (int way = 0; way < Ways; way++)
                {
                    Quaternions.Turn(_turned, 4 * way, x, y, z, _point, 0);
                    for (int axis = 0; axis < 3; axis++)
                        _missed[3 * way + axis] = _point[axis] - _belongs[axis] + _miss[axis];
                    double error = Square(_missed, 3 * way);
                    if (_none[way] || error >= least) continue;
                    least = error;
                    best = way;
                }
                Array.Copy(_missed, 3 * best, _miss, 0, 3);
                Take(joint, best, _sent);
            }
        }

        /// <summary>The eight ways to round <see cref="_target"/>, and each with the parent in front of it.</summary>
        private void FindWays(int joint, double[] parent)
        {
            int half = CompactLayout.Half(joint), largest = 0;
            for (int k = 1; k < 4; k++)
            {
                if (Math.Abs(_target[k]) > Math.Abs(_target[largest])) largest = k;
            }
            Largest[joint] = largest;
            double sign = _target[largest] < 0 ? -1.0 : 1.0;
            for (int way = 0; way < Ways; way++)
            {
                double square = 1.0;
                for (int k = 0, other = 0; k < 4; k++)
                {
                    if (k == largest) continue;
                    int level = (int)Math.Floor((sign * _target[k] * Sqrt2 + 1.0) * half) + (way >> (2 - other) & 1);
                    level = Math.Min(Math.Max(level, 0), 2 * half);
                    double value = (level / (double)half - 1.0) * CompactLayout.SqrtHalf;
                    square -= value * value;
                    _ways[3 * way + other++] = level;
                    _turned[4 * way + k] = value;
                }
                _none[way] = square < 0;
                _turned[4 * way + largest] = Math.Sqrt(Math.Abs(square));
                if (parent != null) Quaternions.Multiply(parent, 0, _turned, 4 * way, _turned, 4 * way);
            }
        }

        private void Take(int joint, int way, double[] sent)
        {
            Array.Copy(_ways, 3 * way, Levels, 3 * joint, 3);
            Array.Copy(_turned, 4 * way, sent, 0, 4);
        }

        private static void TurnKnuckle(double[] q, int i, int finger, double mirror, double[] target, int at)
        {
            int k = 3 * finger;
            Quaternions.Turn(q, i, mirror * ToKnuckles[k], ToKnuckles[k + 1], ToKnuckles[k + 2], target, at);
        }

        private static double Square(double[] v, int at)
        {
            return v[at] * v[at] + v[at + 1] * v[at + 1] + v[at + 2] * v[at + 2];
        }
    }
}
