using System;

namespace GhostHands.Protocol
{
    /// <summary>Hands out of the bytes of a compact pose.</summary>
    internal struct CompactReader
    {
        private readonly byte[] _data;
        private int _at;
        private ulong _window;
        private int _bits;

        private CompactReader(byte[] data, int at)
        {
            _data = data;
            _at = at;
            _window = 0;
            _bits = 0;
        }

        /// <summary>Reads all hands.</summary>
        /// <exception cref="ProtocolException"><c>malformed</c>: the bytes are no hands.</exception>
        internal static void Read(byte[] data, int start, int count, Hands<HandPose> hands)
        {
            if (count % CompactLayout.HandBytes != 0 || count > 2 * CompactLayout.HandBytes)
            {
                throw new ProtocolException(
                    $"none to two hands have {CompactLayout.HandBytes} bytes each, not {count} in all");
            }
            hands.Clear();
            for (int at = start; at < start + count; at += CompactLayout.HandBytes)
                new CompactReader(data, at).Hand(hands);
        }

        private void Hand(Hands<HandPose> hands)
        {
            HandPose hand = hands.Add((Side)Take(1));
            if (Take(1) != 0) throw new ProtocolException("a hand's second bit is reserved, and must be 0");
            for (int axis = 0; axis < 3; axis++)
            {
                int steps = Take(CompactLayout.WristBits) - CompactLayout.WristZero;
                hand.WristM[axis] = (float)(steps * CompactLayout.StepM);
            }
            for (int finger = 0; finger < Joints.Fingers; finger++)
            {
                int level = Take(CompactLayout.ConfidenceBits);
                hand.FingerConfidence[finger] = (float)(level / (double)CompactLayout.MaxConfidence);
            }
            for (int joint = 0; joint < Joints.Count; joint++) Rotation(joint, hand.PoseQuat);
        }

        /// <summary>Smallest three: which component is largest, then the levels of the others.</summary>
        private void Rotation(int joint, float[] poseQuat)
        {
            int bits = CompactLayout.Bits(joint), half = CompactLayout.Half(joint);
            int largest = Take(CompactLayout.LargestBits), at = 4 * joint;
            double square = 1.0;
            bool negate = false;
            for (int k = 0; k < 4; k++)
            {
                if (k == largest) continue;
                int level = Take(bits);
                if (level > 2 * half) throw new ProtocolException("a rotation has a level that does not exist");
                double value = (level / (double)half - 1.0) * CompactLayout.SqrtHalf;
                square -= value * value;
                negate = k == 3 && level < half;
                poseQuat[at + k] = (float)value;
            }
            if (square < 0.0) throw new ProtocolException("a rotation is longer than 1");
            poseQuat[at + largest] = (float)Math.Sqrt(square);
            if (!negate) return;
            for (int k = 0; k < 4; k++) poseQuat[at + k] = -poseQuat[at + k];
        }

        /// <summary>The next bits, lowest first.</summary>
        private int Take(int count)
        {
            for (; _bits < count; _bits += 8) _window |= (ulong)_data[_at++] << _bits;
            int value = (int)(_window & ((1UL << count) - 1));
            _window >>= count;
            _bits -= count;
            return value;
        }
    }
}
