using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// The learner's live feedback: scores, settled so that they can be read, as colours of fingers and as
    /// the ghost's opacity, as on the bridge's pages (bridge/web/src/stage/finger_colors.ts). Allocates nothing.
    /// </summary>
    public sealed class LiveFeedback
    {
        /// <summary>What <see cref="Closeness(Side, int)"/> gives where nothing is known.</summary>
        public const double Unknown = -1;

        /// <summary>A score that is older, milliseconds, says nothing any more.</summary>
        public const double StaleMs = 1500;

        /// <summary>Opacity of a ghost that is followed closely.</summary>
        public const double FollowedOpacity = 0.25;

        /// <summary>Opacity of one that is not.</summary>
        public const double AloneOpacity = 1;

        // Errors up to the first are as good as none, from the second on as bad as any.
        private const double GoodM = 0.008, BadM = 0.04, GoodRad = 0.12, BadRad = 0.6;

        // Fingers are compared over about this long, for a colour that flickers is not read; the ghost
        // fades more slowly still.
        private const double FingerMs = 300, OverallMs = 1500;

        private readonly double[] _shown = new double[2 * Joints.Fingers];
        private readonly double[] _target = new double[2 * Joints.Fingers];
        private double _overallTarget = Unknown;
        private double _heardMs = double.NegativeInfinity;

        /// <summary>Makes one that knows nothing yet.</summary>
        public LiveFeedback()
        {
            for (int i = 0; i < _shown.Length; i++) _shown[i] = _target[i] = Unknown;
        }

        /// <summary>0 to 100 where the bridge gives such a number; null otherwise.</summary>
        public double? Score { get; private set; }

        /// <summary>Closeness of the hands as a whole, 1 to 0; <see cref="Unknown"/> where it is not known.</summary>
        public double Overall { get; private set; } = Unknown;

        /// <summary>How opaque the ghost should be: it steps back as the learner comes near.</summary>
        public double GhostOpacity => AloneOpacity + Math.Max(0, Overall) * (FollowedOpacity - AloneOpacity);

        /// <summary>
        /// How near one's finger is to the teacher's, 1 to 0; <see cref="Unknown"/> where it is not known.
        /// </summary>
        /// <param name="side">The hand.</param>
        /// <param name="finger">0 to 4, thumb to little.</param>
        public double Closeness(Side side, int finger)
        {
            return _shown[Joints.Fingers * (int)side + finger];
        }

        /// <summary>Takes a score that came now; one's own: see <see cref="RoomConnection.Learner"/>.</summary>
        public void Take(ScoreMessage score, double nowMs)
        {
            if (score == null) throw new ArgumentNullException(nameof(score));
            _heardMs = nowMs;
            Score = score.Score;
            double sum = 0;
            int count = 0;
            for (int i = 0; i < _target.Length; i++)
            {
                HandScore hand = score.Hands.Find((Side)(i / Joints.Fingers));
                _target[i] = hand == null ? Unknown : Compare(hand, i % Joints.Fingers);
                if (_target[i] < 0) continue;
                sum += _target[i];
                count++;
            }
            _overallTarget = score.Score.HasValue ? score.Score.Value / 100 : count > 0 ? sum / count : Unknown;
        }

        /// <summary>Lets time pass.</summary>
        public void Advance(double nowMs, double elapsedMs)
        {
            bool stale = nowMs - _heardMs > StaleMs;
            if (stale) Score = null;
            for (int i = 0; i < _shown.Length; i++)
                _shown[i] = Settled(_shown[i], stale ? Unknown : _target[i], elapsedMs / FingerMs);
            Overall = Settled(Overall, stale ? Unknown : _overallTarget, elapsedMs / OverallMs);
        }

        /// <summary>The finger that is furthest off; false where none is known.</summary>
        public bool TryWorst(out Side side, out int finger)
        {
            int worst = -1;
            for (int i = 0; i < _shown.Length; i++)
            {
                if (_shown[i] >= 0 && (worst < 0 || _shown[i] < _shown[worst])) worst = i;
            }
            side = (Side)(Math.Max(0, worst) / Joints.Fingers);
            finger = Math.Max(0, worst) % Joints.Fingers;
            return worst >= 0;
        }

        private static double Settled(double now, double target, double times)
        {
            return target < 0 || now < 0 ? target : now + (1 - Math.Exp(-times)) * (target - now);
        }

        private static double Compare(HandScore hand, int finger)
        {
            if (!(hand.Confidence[finger] > 0)) return Unknown;
            return Math.Min(Part(hand.ErrorM[finger], GoodM, BadM), Part(hand.ErrorRad[finger], GoodRad, BadRad));
        }

        private static double Part(double value, double good, double bad)
        {
            return Math.Min(1, Math.Max(0, (bad - value) / (bad - good)));
        }
    }
}
