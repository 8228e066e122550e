using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>The corners of an instrument, in the order in which they are touched.</summary>
    public enum Corner
    {
        /// <summary>The front left one.</summary>
        FrontLeft,

        /// <summary>The front right one.</summary>
        FrontRight,

        /// <summary>The back left one.</summary>
        BackLeft,
    }

    /// <summary>Where finding an instrument stands.</summary>
    public enum CalibrationStep
    {
        /// <summary><see cref="CalibrationFlow.Corner"/> is to be touched.</summary>
        Touch,

        /// <summary>The touches do not fit: <see cref="CalibrationFlow.Result"/> says why.</summary>
        Refused,

        /// <summary>It was found, and can be moved, kept, or touched again.</summary>
        Check,

        /// <summary>It is kept: the learner follows.</summary>
        Done,
    }

    /// <summary>
    /// Finds the instrument: three touches, a check with nudges, and then it is kept; as on the bridge's
    /// headset page (bridge/web/src/headset/calibration_flow.ts). A frame allocates nothing.
    /// </summary>
    public sealed class CalibrationFlow
    {
        private const int Corners = 3;

        private readonly TouchDetector[] _detectors = { new TouchDetector(), new TouchDetector() };
        private readonly Position[] _touches = new Position[Corners];

        /// <summary>Makes one that asks for the first corner.</summary>
        public CalibrationFlow(Instrument instrument)
        {
            Instrument = instrument ?? throw new ArgumentNullException(nameof(instrument));
        }

        /// <summary>The instrument that is looked for.</summary>
        public Instrument Instrument { get; }

        /// <summary>Where it stands.</summary>
        public CalibrationStep Step { get; private set; }

        /// <summary>How many corners were touched in this round.</summary>
        public int Touches { get; private set; }

        /// <summary>The corner to touch next.</summary>
        public Corner Corner => (Corner)Math.Min(Touches, Corners - 1);

        /// <summary>Takes the instrument's frame to the room; null until it was found.</summary>
        public Rigid? Pose { get; private set; }

        /// <summary>
        /// What the touches gave: width and residual; null for a place that was kept from the last time, or
        /// chosen without touching.
        /// </summary>
        public InstrumentCalibration? Result { get; private set; }

        /// <summary>Where a corner was touched, metres.</summary>
        public Position TouchAt(int corner)
        {
            return _touches[corner];
        }

        /// <summary>How long the fingertip has been still, 0 to 1 of what it takes.</summary>
        public double Progress(double nowMs)
        {
            return Math.Max(_detectors[0].Progress(nowMs), _detectors[1].Progress(nowMs));
        }

        /// <summary>Takes where a hand is; while no corner is asked for it does nothing.</summary>
        /// <param name="side">The learner's hand.</param>
        /// <param name="nowMs">Any monotonic clock.</param>
        /// <param name="hand">The hand.</param>
        /// <param name="busy">It does something else: it pokes a button, say.</param>
        /// <returns>Whether it has touched a corner just now.</returns>
        public bool Take(Side side, double nowMs, HeadsetHand hand, bool busy = false)
        {
            if (hand == null) throw new ArgumentNullException(nameof(hand));
            if (Step != CalibrationStep.Touch) return false;
            TouchDetector detector = _detectors[(int)side];
            if (busy || !hand.Tracked || !TouchDetector.Points(hand.JointsM))
            {
                detector.Interrupt();
                return false;
            }
            Position place;
            if (!detector.Add(nowMs, hand.Tip, out place)) return false;
            Touch(place, hand.TipRadiusM);
            return true;
        }

        /// <summary>Takes a touch of the corner that is asked for.</summary>
        public void Touch(Position place, double tipRadiusM)
        {
            if (Step != CalibrationStep.Touch) return;
            _touches[Touches++] = place;
            if (Touches < Corners) return;
            InstrumentCalibration found = InstrumentCalibration.From(
                _touches[0], _touches[1], _touches[2], Instrument.WidthM, Instrument.DepthM, tipRadiusM);
            Result = found;
            bool good = found.Problem == CalibrationProblem.None;
            if (good) Pose = found.Pose;
            Step = good ? CalibrationStep.Check : CalibrationStep.Refused;
        }

        /// <summary>Takes a place without touching: one that was kept, or one in the air.</summary>
        public void Propose(Rigid pose)
        {
            Pose = pose;
            Result = null;
            Step = CalibrationStep.Check;
        }

        /// <summary>Touches anew, from the first corner.</summary>
        public void Again()
        {
            Touches = 0;
            Result = null;
            Step = CalibrationStep.Touch;
            _detectors[0].Reset();
            _detectors[1].Reset();
        }

        /// <summary>Moves what was found, while it is checked: see <see cref="InstrumentCalibration.Nudge"/>.</summary>
        public void Nudge(double xM, double yM, double zM, double turnRad)
        {
            if (Step == CalibrationStep.Check && Pose.HasValue)
                Pose = InstrumentCalibration.Nudge(Pose.Value, Instrument.WidthM, xM, yM, zM, turnRad);
        }

        /// <summary>Moves what was kept, as a headset's own anchor says.</summary>
        public void Follow(Rigid pose)
        {
            if (Step == CalibrationStep.Check || Step == CalibrationStep.Done) Pose = pose;
        }

        /// <summary>Keeps what was found.</summary>
        public void Keep()
        {
            if (Step == CalibrationStep.Check) Step = CalibrationStep.Done;
        }
    }
}
