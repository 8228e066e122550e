using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>Why three touches are refused.</summary>
    public enum CalibrationProblem
    {
        /// <summary>They are not.</summary>
        None,

        /// <summary>Two touches are so near to each other that they span no plane.</summary>
        TooNear,

        /// <summary>Left and right, or front and back, were touched the other way round.</summary>
        UpsideDown,

        /// <summary>The corners do not lie level.</summary>
        Tilted,

        /// <summary>The front corners are further apart, or nearer, than the instrument is wide.</summary>
        Width,

        /// <summary>The touches do not fit the instrument's corners.</summary>
        Residual,
    }

    /// <summary>
    /// Where an instrument stands, from three of its corners that an index fingertip touched: front left,
    /// front right, back left (SPEC.md, section 16). In a right-handed frame with y up: points of Unity come
    /// in by <see cref="Coordinates.UnityToOpenXR(Position)"/>.
    /// </summary>
    public struct InstrumentCalibration
    {
        /// <summary>Touches nearer to each other than this, metres, span no plane worth having.</summary>
        public const double LeastSpanM = 0.05;

        /// <summary>An instrument's top is level within this, radians: 20 degrees.</summary>
        public const double MaxTiltRad = 20 * Math.PI / 180;

        /// <summary>The width may be off by this part of it.</summary>
        public const double WidthTolerance = 0.03;

        /// <summary>The width may be off by this much in any case, metres.</summary>
        public const double LeastWidthToleranceM = 0.015;

        /// <summary>Touches that fit worse than this, metres, are refused.</summary>
        public const double MaxResidualM = 0.015;

        private InstrumentCalibration(Rigid pose, double widthM, double residualM, CalibrationProblem problem)
        {
            Pose = pose;
            MeasuredWidthM = widthM;
            ResidualM = residualM;
            Problem = problem;
        }

        /// <summary>Takes the instrument's frame (from its front left corner, z to the player) to the room.</summary>
        public Rigid Pose { get; }

        /// <summary>Between the two front touches, metres.</summary>
        public double MeasuredWidthM { get; }

        /// <summary>Root mean square distance of the touches from the corners of the instrument, metres.</summary>
        public double ResidualM { get; }

        /// <summary>Why it is refused.</summary>
        public CalibrationProblem Problem { get; }

        /// <summary>Calculates it.</summary>
        /// <param name="frontLeft">Where the front left corner was touched, metres.</param>
        /// <param name="frontRight">The front right corner.</param>
        /// <param name="backLeft">The back left corner.</param>
        /// <param name="widthM">The instrument's width along its front edge, metres.</param>
        /// <param name="depthM">Its depth, metres.</param>
        /// <param name="tipRadiusM">From the fingertip's tracked point to its skin: touches lie above by it.</param>
        public static InstrumentCalibration From(
            Position frontLeft, Position frontRight, Position backLeft, double widthM, double depthM,
            double tipRadiusM = 0)
        {
            Vector left = new Vector(frontLeft), right = new Vector(frontRight), back = new Vector(backLeft);
            Vector along = right - left;
            double measuredM = along.Length;
            Vector x = (1 / (measuredM > 0 ? measuredM : 1)) * along;
            Vector across = back - left - Vector.Dot(back - left, x) * x;
            double acrossM = across.Length;
            if (!(measuredM >= LeastSpanM && acrossM >= LeastSpanM))
            {
                var nowhere = new Rigid(frontLeft, Rigid.Identity.Rotation);
                return new InstrumentCalibration(
                    nowhere, measuredM, double.PositiveInfinity, CalibrationProblem.TooNear);
            }
            Vector z = (-1 / acrossM) * across;
            Vector y = Vector.Cross(z, x);
            Vector corner = 0.5 * (left + right) - (widthM / 2) * x - tipRadiusM * y;
            var pose = new Rigid(corner.Position, Turn(x, y, z));
            double squares = 0;
            squares += Square(left - (corner + tipRadiusM * y));
            squares += Square(right - (corner + widthM * x + tipRadiusM * y));
            squares += Square(back - (corner + tipRadiusM * y - depthM * z));
            double residualM = Math.Sqrt(squares / 3);
            CalibrationProblem problem = Judge(y.Y, measuredM, widthM, residualM);
            return new InstrumentCalibration(pose, measuredM, residualM, problem);
        }

        /// <summary>
        /// A pose moved by a step along the instrument's own axes, metres, and turned about the middle of its
        /// front; a positive turn brings the right end away from the player.
        /// </summary>
        public static Rigid Nudge(
            Rigid pose, double widthM, double xM = 0, double yM = 0, double zM = 0, double turnRad = 0)
        {
            var turn = new Rotation(0f, (float)Math.Sin(turnRad / 2), 0f, (float)Math.Cos(turnRad / 2));
            var middle = new Vector(widthM / 2, 0, 0);
            Vector turned = new Rigid(Rigid.Identity.Position, turn).Apply(middle);
            return pose.After(new Rigid((middle - turned + new Vector(xM, yM, zM)).Position, turn));
        }

        private static CalibrationProblem Judge(double level, double measuredM, double widthM, double residualM)
        {
            if (level < -Math.Cos(MaxTiltRad)) return CalibrationProblem.UpsideDown;
            if (!(level >= Math.Cos(MaxTiltRad))) return CalibrationProblem.Tilted;
            double toleranceM = Math.Max(WidthTolerance * widthM, LeastWidthToleranceM);
            if (!(Math.Abs(measuredM - widthM) <= toleranceM)) return CalibrationProblem.Width;
            return residualM <= MaxResidualM ? CalibrationProblem.None : CalibrationProblem.Residual;
        }

        private static Rotation Turn(Vector x, Vector y, Vector z)
        {
            var q = new double[4];
            BoneFrame.FromAxes(x.X, x.Y, x.Z, y.X, y.Y, y.Z, z.X, z.Y, z.Z, q, 0);
            return new Rotation((float)q[0], (float)q[1], (float)q[2], (float)q[3]);
        }

        private static double Square(Vector v)
        {
            return Vector.Dot(v, v);
        }
    }
}
