using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// A fingertip that presses a flat button: it comes from in front, as on the bridge's headset page. Points are
    /// in the button's own frame: its face is at z = 0, and z grows towards the person. Allocates nothing.
    /// </summary>
    public sealed class PokeDetector
    {
        /// <summary>A press starts at least this far in front, metres.</summary>
        public const double FrontM = 0.012;

        /// <summary>It ends where the fingertip touches: within this of the face, metres.</summary>
        public const double PressedM = 0.002;

        /// <summary>Further behind than this, metres, it was no press.</summary>
        public const double BehindM = 0.06;

        /// <summary>Nearer than this, metres, it is about to press.</summary>
        public const double HoverM = 0.08;

        /// <summary>Tracking that flickers at the face presses once; nobody pokes faster, milliseconds.</summary>
        public const double RestMs = 60;

        private double _restUntilMs = double.NegativeInfinity;
        private readonly bool[] _armed = new bool[2];

        /// <summary>A finger is over the button, or in it.</summary>
        public bool Hovered { get; private set; }

        /// <summary>Takes where fingertips are; begin with <see cref="Begin"/> each frame.</summary>
        /// <param name="nowMs">Any monotonic clock.</param>
        /// <param name="side">Whose fingertip.</param>
        /// <param name="tracked">Whether it is seen.</param>
        /// <param name="tip">Where it is, in the button's frame.</param>
        /// <param name="halfWidthM">Half the button's width, metres.</param>
        /// <param name="halfHeightM">Half its height, metres.</param>
        /// <returns>Whether it has pressed just now.</returns>
        public bool Take(
            double nowMs, Side side, bool tracked, Position tip, double halfWidthM, double halfHeightM)
        {
            bool over = tracked && Math.Abs(tip.X) <= halfWidthM && Math.Abs(tip.Y) <= halfHeightM &&
                tip.Z < HoverM && tip.Z > -BehindM;
            bool pressed = over && _armed[(int)side] && tip.Z <= PressedM && nowMs >= _restUntilMs;
            if (!over || pressed) _armed[(int)side] = false;
            else if (tip.Z > FrontM) _armed[(int)side] = true;
            if (pressed) _restUntilMs = nowMs + RestMs;
            Hovered |= over;
            return pressed;
        }

        /// <summary>Begins a frame.</summary>
        public void Begin()
        {
            Hovered = false;
        }
    }
}
