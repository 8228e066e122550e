using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// The lesson waits for its learner: it is paused when it is too far ahead of where the learner plays, and
    /// goes on once they have caught up. The bridge follows the learner (<see cref="ScoreMessage.PositionS"/>)
    /// while it is paused, too; of who holds still it does not know where they are, so they are where they were last.
    /// What a person pauses stays paused. Decides only: somebody sends the commands.
    /// </summary>
    /// <remarks>A room has one player: whoever else watches the room waits, too.</remarks>
    public sealed class WaitMode
    {
        /// <summary>Further ahead than this, seconds, it waits.</summary>
        public const double AheadS = 1.0;

        /// <summary>Less ahead than this, seconds, it goes on.</summary>
        public const double CaughtUpS = 0.25;

        /// <summary>A command that did nothing for so long, milliseconds, may be given again.</summary>
        public const double AnswerMs = 1500;

        /// <summary>Who starts the lesson by hand while it waits has it play for so long, milliseconds.</summary>
        public const double GraceMs = 3000;

        private bool _enabled;
        private bool _wasPlaying;
        private double _learnerS = double.NaN;
        private double _aheadS = double.NaN;
        private double _quietUntilMs = double.NegativeInfinity;
        private PlaybackCommand? _asked;

        /// <summary>Whether it waits at all; at first not.</summary>
        public bool Enabled
        {
            get => _enabled;
            set
            {
                _enabled = value;
                Reset();
            }
        }

        /// <summary>The lesson is paused because the learner is behind.</summary>
        public bool Waiting { get; private set; }

        /// <summary>How far the lesson is ahead of the learner, seconds; NaN where that is not known.</summary>
        public double LeadS => _aheadS;

        /// <summary>Takes one's own score.</summary>
        public void Take(ScoreMessage score, PlaybackStateMessage state)
        {
            if (score == null || state?.Recording == null) return;
            if (score.PositionS.HasValue) _learnerS = score.PositionS.Value;
            _aheadS = LessonPosition.At(state, score.TimeNs) - _learnerS;
        }

        /// <summary>Begins anew: another lesson, a seek, a lost connection.</summary>
        public void Reset()
        {
            Waiting = false;
            _asked = null;
            _quietUntilMs = double.NegativeInfinity;
            Forget();
        }

        /// <summary>Decides; call it each frame, or at each score.</summary>
        /// <param name="playing">What the bridge said last.</param>
        /// <param name="nowMs">Any monotonic clock.</param>
        /// <returns>A command to send now; null for none.</returns>
        public PlaybackCommand? Advance(bool playing, double nowMs)
        {
            if (!Enabled) return null;
            Listen(playing, nowMs);
            if (nowMs < _quietUntilMs) return null;
            // Comparisons with NaN are false: of a learner who is not known nobody waits, nor goes on.
            if (playing && _aheadS > AheadS) return Ask(PlaybackCommand.Pause, nowMs);
            if (!playing && Waiting && _aheadS < CaughtUpS) return Ask(PlaybackCommand.Play, nowMs);
            return null;
        }

        private void Listen(bool playing, double nowMs)
        {
            bool changed = playing != _wasPlaying;
            _wasPlaying = playing;
            if (!changed) return;
            bool own = _asked == (playing ? PlaybackCommand.Play : PlaybackCommand.Pause);
            Waiting = own && !playing;
            if (own) _quietUntilMs = double.NegativeInfinity;
            else if (playing)
            {
                // Whoever started it does not want to wait for where the learner was.
                _quietUntilMs = nowMs + GraceMs;
                Forget();
            }
            _asked = null;
        }

        private void Forget()
        {
            _learnerS = _aheadS = double.NaN;
        }

        private PlaybackCommand Ask(PlaybackCommand command, double nowMs)
        {
            _asked = command;
            _quietUntilMs = nowMs + AnswerMs;
            return command;
        }
    }
}
