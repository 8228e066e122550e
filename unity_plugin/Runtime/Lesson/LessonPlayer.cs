using System;
using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;
using UnityEngine.Events;

namespace GhostHands
{
    /// <summary>
    /// The room's player of recordings: load, play, seek, rate, A-B loop, and waiting for the learner. The room has
    /// one player, so everybody in it sees what is done here; what was done is told by the bridge.
    /// </summary>
    [AddComponentMenu("GhostHands/Lesson Player")]
    [DefaultExecutionOrder(-50)]
    [DisallowMultipleComponent]
    public sealed class LessonPlayer : MonoBehaviour
    {
        [SerializeField] private BridgeConnection connection;

        [Tooltip("Loaded once the room has it; empty for none.")]
        [SerializeField] private string recording = "";

        [Tooltip("Pause the lesson when it is too far ahead of the learner, and go on once they have caught up.")]
        [SerializeField] private bool waitForLearner;
        [SerializeField] private UnityEvent onChanged = new UnityEvent();
        [SerializeField] private UnityEvent<bool> onWaiting = new UnityEvent<bool>();
        [SerializeField] private UnityEvent<string> onProblem = new UnityEvent<string>();

        private readonly WaitMode _wait = new WaitMode();
        private double? _loopFromS;
        private bool _asked;

        /// <summary>The bridge said something new of the player.</summary>
        public event Action<PlaybackStateMessage> Changed;

        /// <summary>The lesson waits for the learner, or does not any more.</summary>
        public event Action<bool> WaitingChanged;

        /// <summary>What the bridge said last; null before it said anything.</summary>
        public PlaybackStateMessage State => connection == null ? null : connection.Playback;

        /// <summary>A recording is loaded; otherwise the teacher is live.</summary>
        public bool Loaded => State?.Recording != null;

        /// <summary>What can be loaded.</summary>
        public string[] Recordings => State == null ? Array.Empty<string>() : State.Recordings;

        /// <summary>The lesson plays.</summary>
        public bool Playing => State != null && State.Playing;

        /// <summary>How fast, when it does.</summary>
        public double Rate => State == null ? 1 : State.Rate;

        /// <summary>How long it is, seconds.</summary>
        public double DurationS => State == null ? 0 : State.DurationS;

        /// <summary>The loop; null where there is none.</summary>
        public LoopRange? LoopS => State?.LoopS;

        /// <summary>The lesson is paused because the learner is behind.</summary>
        public bool Waiting => _wait.Waiting;

        /// <summary>How far the lesson is ahead of the learner, seconds; NaN where that is not known.</summary>
        public double LeadS => _wait.LeadS;

        /// <summary>Where the lesson is now, seconds; loops are followed.</summary>
        public double PositionS
        {
            get
            {
                long nowNs;
                if (State == null) return 0;
                return LessonPosition.At(State, connection.TryBridgeNowNs(out nowNs) ? nowNs : (long?)null);
            }
        }

        /// <summary>Whether the lesson waits for the learner.</summary>
        public bool WaitForLearner
        {
            get => _wait.Enabled;
            set
            {
                waitForLearner = value;
                if (_wait.Enabled == value) return;
                bool waited = _wait.Waiting;
                _wait.Enabled = value;
                // Who ends the waiting would else sit before a lesson that stands still.
                if (waited) Play();
                TellWaiting(waited);
            }
        }

        /// <summary>Loads one of <see cref="Recordings"/>.</summary>
        public bool Load(string name)
        {
            _loopFromS = null;
            return Restart(LessonCommands.Load(name));
        }

        /// <summary>Lets go of what is loaded: the teacher is live again.</summary>
        public bool Unload()
        {
            return Restart(LessonCommands.Of(PlaybackCommand.Unload));
        }

        /// <summary>Plays on.</summary>
        public bool Play()
        {
            return Send(LessonCommands.Of(PlaybackCommand.Play));
        }

        /// <summary>Stops where it is; a lesson that a person paused stays paused.</summary>
        public bool Pause()
        {
            return Send(LessonCommands.Of(PlaybackCommand.Pause));
        }

        /// <summary>Plays if it is paused, pauses if it plays.</summary>
        public bool PlayOrPause()
        {
            return Playing ? Pause() : Play();
        }

        /// <summary>Goes somewhere, seconds.</summary>
        public bool Seek(double positionS)
        {
            return Restart(LessonCommands.Seek(positionS));
        }

        /// <summary>Goes back 5 s.</summary>
        public bool Back()
        {
            return Seek(PositionS - LessonCommands.BackS);
        }

        /// <summary>Sets how fast it plays, brought into 0.25 to 2.</summary>
        public bool SetRate(double rate)
        {
            return Send(LessonCommands.Rate(rate));
        }

        /// <summary>The next slower rate.</summary>
        public bool Slower()
        {
            return State != null && Send(LessonCommands.RateStep(State, false));
        }

        /// <summary>The next faster rate.</summary>
        public bool Faster()
        {
            return State != null && Send(LessonCommands.RateStep(State, true));
        }

        /// <summary>Marks A here, then B and repeats between them, then ends the loop.</summary>
        /// <returns>Whether a command was sent; marking A sends none.</returns>
        public bool MarkLoop()
        {
            if (State == null) return false;
            if (State.LoopS.HasValue)
            {
                _loopFromS = null;
                return Send(LessonCommands.Of(PlaybackCommand.Loop));
            }
            if (!_loopFromS.HasValue)
            {
                _loopFromS = PositionS;
                return false;
            }
            double fromS = _loopFromS.Value;
            _loopFromS = null;
            return SetLoop(fromS, PositionS);
        }

        /// <summary>Where <see cref="MarkLoop"/> has marked A, seconds; null where it has not.</summary>
        public double? LoopFromS => _loopFromS;

        /// <summary>Repeats from A to B, seconds; false where that is shorter than a second, too.</summary>
        public bool SetLoop(double fromS, double toS)
        {
            return Send(LessonCommands.Loop(fromS, toS));
        }

        /// <summary>Loops the last 8 s, or ends the loop there is.</summary>
        public bool LoopLast()
        {
            return State != null && Send(LessonCommands.LoopFrom(State, PositionS));
        }

        private void OnEnable()
        {
            _asked = false;
            _wait.Enabled = waitForLearner;
            if (connection == null) return;
            connection.PlaybackChanged += Take;
            connection.Scored += Take;
            connection.Noticed += Take;
        }

        private void OnDisable()
        {
            if (connection == null) return;
            connection.PlaybackChanged -= Take;
            connection.Scored -= Take;
            connection.Noticed -= Take;
        }

        private void Update()
        {
            if (State == null || !Loaded) return;
            bool waited = _wait.Waiting;
            PlaybackCommand? command = _wait.Advance(State.Playing, BridgeConnection.NowMs);
            if (command.HasValue) Send(LessonCommands.Of(command.Value));
            TellWaiting(waited);
        }

        private void Take(PlaybackStateMessage state)
        {
            bool wanted = !_asked && !string.IsNullOrEmpty(recording) && state.Recording == null;
            if (wanted && Array.IndexOf(state.Recordings, recording) >= 0)
            {
                _asked = true;
                Load(recording);
            }
            Raise.Event(Changed, state, this);
            onChanged.Invoke();
            if (!string.IsNullOrEmpty(state.Problem)) onProblem.Invoke(state.Problem);
        }

        private void Take(ScoreMessage score)
        {
            _wait.Take(score, State);
        }

        private void Take(ConnectionNotice notice)
        {
            if (notice.State == ConnectionState.Open) return;
            bool waited = _wait.Waiting;
            _asked = false;
            _wait.Reset();
            TellWaiting(waited);
        }

        private void TellWaiting(bool before)
        {
            if (_wait.Waiting == before) return;
            Raise.Event(WaitingChanged, _wait.Waiting, this);
            onWaiting.Invoke(_wait.Waiting);
        }

        /// <summary>Sends what puts the lesson elsewhere: how far the learner was behind says nothing any more.</summary>
        private bool Restart(Message message)
        {
            bool waited = _wait.Waiting;
            _wait.Reset();
            TellWaiting(waited);
            return Send(message);
        }

        private bool Send(Message message)
        {
            return message != null && connection != null && connection.Send(message);
        }
    }
}
