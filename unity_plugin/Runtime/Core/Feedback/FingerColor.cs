using System;

namespace GhostHands.Core
{
    /// <summary>A colour, sRGB, each part 0 to 1.</summary>
    public struct FingerColor
    {
        /// <summary>
        /// Stops from near to far: pale blue, orchid, deep magenta, as on the bridge's pages. Their lightness
        /// falls all the way, so they are told apart in grey, and by every kind of colour vision.
        /// </summary>
        private static readonly FingerColor[] Stops =
        {
            new FingerColor(0xe4 / 255f, 0xf3 / 255f, 0xff / 255f),
            new FingerColor(0xf0 / 255f, 0x7c / 255f, 0xc4 / 255f),
            new FingerColor(0xb1 / 255f, 0x00 / 255f, 0x5d / 255f),
        };

        /// <summary>Makes one.</summary>
        public FingerColor(float r, float g, float b)
        {
            R = r;
            G = g;
            B = b;
        }

        /// <summary>Red.</summary>
        public float R { get; }

        /// <summary>Green.</summary>
        public float G { get; }

        /// <summary>Blue.</summary>
        public float B { get; }

        /// <summary>The colour of a finger that is so near to the teacher's, 1 to 0.</summary>
        public static FingerColor Of(double closeness)
        {
            double far = (1 - Math.Min(1, Math.Max(0, closeness))) * (Stops.Length - 1);
            int stop = Math.Min(Stops.Length - 2, (int)Math.Floor(far));
            var t = (float)(far - stop);
            FingerColor a = Stops[stop], b = Stops[stop + 1];
            return new FingerColor(a.R + t * (b.R - a.R), a.G + t * (b.G - a.G), a.B + t * (b.B - a.B));
        }
    }
}
