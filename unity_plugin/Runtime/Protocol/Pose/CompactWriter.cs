using System;

namespace GhostHands.Protocol
{
    /// <summary>Hands into the bytes of a compact pose.</summary>
    internal sealed class CompactWriter
    {
        private readonly Quantiser _quantiser = new Quantiser();
        private byte[] _data;
        private int _at;
        private ulong _window;
        private int _bits;

        /// <summary>Whether all wrists are near enough to be written so.</summary>
        internal static bool Fits(Hands<HandPose> hands)
        {
            for (int i = 0; i < hands.Count; i++)
            {
                foreach (float value in hands[i].WristM)
                {
                    if (Math.Abs(value) > CompactLayout.MaxWristM) return false;
                }
            }
            return true;
        }

        /// <summary>Fills 71 bytes with a hand.</summary>
        internal void Write(HandPose hand, byte[] target, int at)
        {
            _data = target;
            _at = at;
            _window = 0;
            _bits = 0;
            Put((int)hand.Side, 1);
            Put(0, 1);
            foreach (float value in hand.WristM)
                Put((int)Math.Round(value / CompactLayout.StepM) + CompactLayout.WristZero, CompactLayout.WristBits);
            foreach (float value in hand.FingerConfidence)
                Put((int)Math.Round(value * (double)CompactLayout.MaxConfidence), CompactLayout.ConfidenceBits);
            _quantiser.Round(hand);
            for (int joint = 0; joint < Joints.Count; joint++)
            {
                Put(_quantiser.Largest[joint], CompactLayout.LargestBits);
                for (int k = 0; k < 3; k++) Put(_quantiser.Levels[3 * joint + k], CompactLayout.Bits(joint));
            }
            _data = null;
        }

        /// <summary>Appends bits, lowest first; the 568 of a hand are whole bytes.</summary>
        private void Put(int value, int count)
        {
            _window |= (ulong)value << _bits;
            for (_bits += count; _bits >= 8; _bits -= 8)
            {
                _data[_at++] = (byte)_window;
                _window >>= 8;
            }
        }
    }
}
