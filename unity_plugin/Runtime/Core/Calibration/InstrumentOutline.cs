using System;
using System.Collections.Generic;

namespace GhostHands.Core
{
    /// <summary>
    /// Lines to draw over a real instrument: its edge and, of a keyboard, its keys. In the instrument's frame as
    /// Unity has it, from the front left corner: x to the right, y up, z away from the player; metres.
    /// </summary>
    public sealed class InstrumentOutline
    {
        /// <summary>Lines lie this far above the keys, metres, so that they do not flicker on a drawn surface.</summary>
        public const float AboveM = 0.002f;

        // As bridge/web/src/stage/keyboard_layout.ts: how far black keys reach from the back, how wide their
        // tops are, and how far their middles are aside of the gap after C, D, F, G and A.
        private const double BlackReachM = 0.09, BlackWidthM = 0.01;
        private const int MiddleC = 28;
        private static readonly double[] AsideM = { -0.0023, 0.0023, double.NaN, -0.0034, 0, 0.0034, double.NaN };

        private readonly List<float> _points = new List<float>();

        private InstrumentOutline()
        {
        }

        /// <summary>(N * 3) ends of lines, two to a line.</summary>
        public float[] PointsM => _points.ToArray();

        /// <summary>Draws an instrument.</summary>
        public static InstrumentOutline Of(Instrument instrument)
        {
            if (instrument == null) throw new ArgumentNullException(nameof(instrument));
            var outline = new InstrumentOutline();
            outline.Rectangle(0, instrument.WidthM, 0, instrument.DepthM);
            if (instrument.MiddleCM.HasValue) outline.Keys(instrument);
            return outline;
        }

        private void Keys(Instrument instrument)
        {
            int whites = (int)Math.Round(instrument.WidthM / Instrument.KeyPitchM);
            int lowest = MiddleC - (int)Math.Round(instrument.MiddleCM.Value / Instrument.KeyPitchM);
            double depthM = instrument.DepthM, frontM = depthM - BlackReachM;
            for (int white = 0; white < whites - 1; white++)
            {
                double rightM = (white + 1) * Instrument.KeyPitchM, asideM = AsideM[(lowest + white) % 7];
                bool black = !double.IsNaN(asideM);
                Line(rightM, 0, rightM, black ? frontM : depthM);
                if (!black) continue;
                double middleM = rightM + asideM;
                Rectangle(middleM - BlackWidthM / 2, middleM + BlackWidthM / 2, frontM, depthM);
            }
        }

        private void Rectangle(double leftM, double rightM, double frontM, double backM)
        {
            Line(leftM, frontM, rightM, frontM);
            Line(rightM, frontM, rightM, backM);
            Line(rightM, backM, leftM, backM);
            Line(leftM, backM, leftM, frontM);
        }

        private void Line(double fromX, double fromZ, double toX, double toZ)
        {
            _points.AddRange(new[] { (float)fromX, AboveM, (float)fromZ, (float)toX, AboveM, (float)toZ });
        }
    }
}
