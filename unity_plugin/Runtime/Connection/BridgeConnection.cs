using System;
using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;
using UnityEngine.Events;

namespace GhostHands
{
    /// <summary>
    /// A room of a bridge: connects while it is enabled, reconnects by itself, and tells what comes on the main
    /// thread. It throws nothing: what fails is a notice with a code and a text that says what to do.
    /// </summary>
    [AddComponentMenu("GhostHands/Bridge Connection")]
    [DefaultExecutionOrder(-200)]
    [DisallowMultipleComponent]
    public sealed class BridgeConnection : MonoBehaviour
    {
        [SerializeField] private ConnectionSettings settings = new ConnectionSettings();
        [SerializeField] private bool connectOnEnable = true;
        [SerializeField] private UnityEvent<string> onState = new UnityEvent<string>();
        [SerializeField] private UnityEvent<string, string> onProblem = new UnityEvent<string, string>();

        private readonly ShapeMessage[] _shapes = new ShapeMessage[2];
        private RoomConnection _connection;
        private RoomLink _link;
        private RoomOptions _options;
        private bool _paused;
        private bool _comeBack;
        private ConnectionState _state;

        /// <summary>The connection's state changed, or something failed.</summary>
        public event Action<ConnectionNotice> Noticed;

        /// <summary>A teacher's hand got a shape.</summary>
        public event Action<ShapeMessage> ShapeChanged;

        /// <summary>Where the teacher's instrument lies; of no size where that is not known any more.</summary>
        public event Action<AnchorMessage> AnchorChanged;

        /// <summary>What the room's player of recordings does.</summary>
        public event Action<PlaybackStateMessage> PlaybackChanged;

        /// <summary>How the room does, once a second.</summary>
        public event Action<StatusMessage> StatusChanged;

        /// <summary>One's own score; the next one overwrites it.</summary>
        public event Action<ScoreMessage> Scored;

        /// <summary>Where the room is and how to join it; changes have effect from <see cref="Connect()"/> on.</summary>
        public ConnectionSettings Settings => settings;

        /// <summary>Where the connection stands, as was told last.</summary>
        public ConnectionState State => _state;

        /// <summary>Poses, played out evenly; advanced each frame while the bridge's clock is known.</summary>
        public PlayoutBuffer Playout { get; } = new PlayoutBuffer();

        /// <summary>How near one's fingers are to the teacher's.</summary>
        public LiveFeedback Feedback { get; } = new LiveFeedback();

        /// <summary>Where the teacher's instrument lies; null where that was not said.</summary>
        public AnchorMessage Anchor { get; private set; }

        /// <summary>What the room's player of recordings did last; null before it said so.</summary>
        public PlaybackStateMessage Playback { get; private set; }

        /// <summary>How the room did last; null before it said so.</summary>
        public StatusMessage Status { get; private set; }

        /// <summary>The shortest recent round trip, milliseconds; negative while it is not known.</summary>
        public double RoundTripMs => _connection == null || _connection.RoundTripNs < 0
            ? -1 : _connection.RoundTripNs / 1e6;

        /// <summary>Messages that were not sent, and events that were not taken.</summary>
        public long Dropped => _connection == null ? 0 : _connection.Dropped + _connection.DroppedEvents;

        /// <summary>The room that is joined; null where there is none. Its token is a secret.</summary>
        public RoomLink Link => _link;

        /// <summary>Which certificate the bridge may have.</summary>
        public TlsPolicy Tls => _options?.Tls ?? TlsPolicy.Trusted;

        /// <summary>What is fed with time: milliseconds of a monotonic clock.</summary>
        internal static double NowMs => Time.unscaledTimeAsDouble * 1000;

        /// <summary>The shape of a teacher's hand; null before it came.</summary>
        public ShapeMessage Shape(Side side)
        {
            return _shapes[(int)side];
        }

        /// <summary>The bridge's clock now, nanoseconds.</summary>
        /// <returns>False while it is not known.</returns>
        public bool TryBridgeNowNs(out long nowNs)
        {
            nowNs = 0;
            return _connection != null && _connection.TryBridgeNowNs(out nowNs);
        }

        /// <summary>Joins the room of a link, as it was scanned or pasted.</summary>
        public void Connect(string link)
        {
            settings.link = link ?? "";
            Connect();
        }

        /// <summary>Joins the room of <see cref="Settings"/>; leaves the one before.</summary>
        public void Connect()
        {
            Disconnect();
            string problem;
            if (!settings.TryRead(out _link, out _options, out problem))
            {
                Tell(new ConnectionNotice(ConnectionState.Refused, FailureCode.BadLink, problem, 0));
                return;
            }
            _options.Client = $"GhostHands for Unity {Application.version}";
            if (System.Text.Encoding.UTF8.GetByteCount(_options.Client) > 64) _options.Client = "GhostHands for Unity";
            _connection = new RoomConnection(_link, _options, Playout);
            _connection.Open();
        }

        /// <summary>Leaves the room.</summary>
        public void Disconnect()
        {
            if (_connection == null) return;
            _connection.Dispose();
            _connection = null;
            Array.Clear(_shapes, 0, _shapes.Length);
            Anchor = null;
            Playback = null;
            Status = null;
            Playout.Reset();
            Tell(new ConnectionNotice(ConnectionState.Closed, null, null, 0));
        }

        /// <summary>Tries again now, where it waits to.</summary>
        public void RetryNow()
        {
            if (_connection == null || _state == ConnectionState.Refused) Connect();
            else _connection.RetryNow();
        }

        /// <summary>Sends a message now, or not at all.</summary>
        /// <returns>Whether it is on its way.</returns>
        public bool Send(Message message)
        {
            return message != null && _connection != null && _connection.Send(message);
        }

        private void OnEnable()
        {
            if (connectOnEnable) Connect();
        }

        private void OnDisable()
        {
            Disconnect();
        }

        private void OnApplicationPause(bool paused)
        {
            if (paused == _paused) return;
            _paused = paused;
            // A headset that is taken off suspends the app's threads: the bridge would wait for its pings.
            bool again = !paused && _comeBack && isActiveAndEnabled;
            _comeBack = paused && _connection != null;
            if (_comeBack) Disconnect();
            else if (again) Connect();
        }

        private void Update()
        {
            RoomEvent taken;
            // A handler may disconnect.
            while (_connection != null && _connection.TryTake(out taken)) Take(taken);
            Feedback.Advance(NowMs, Time.unscaledDeltaTime * 1000);
            long nowNs;
            if (TryBridgeNowNs(out nowNs)) Playout.Advance(nowNs);
        }

        private void Take(RoomEvent taken)
        {
            if (taken.Kind != RoomEventKind.Message)
            {
                if (taken.Kind == RoomEventKind.State && taken.State != ConnectionState.Open) Playout.Reset();
                Tell(new ConnectionNotice(taken.State, taken.Code, taken.Text, taken.RetryInMs));
                return;
            }
            var shape = taken.Message as ShapeMessage;
            var anchor = taken.Message as AnchorMessage;
            var playback = taken.Message as PlaybackStateMessage;
            var status = taken.Message as StatusMessage;
            var score = taken.Message as ScoreMessage;
            if (shape != null)
            {
                _shapes[(int)shape.Side] = shape;
                Raise.Event(ShapeChanged, shape, this);
            }
            else if (anchor != null)
            {
                Anchor = anchor;
                Raise.Event(AnchorChanged, anchor, this);
            }
            else if (playback != null)
            {
                Playback = playback;
                Raise.Event(PlaybackChanged, playback, this);
            }
            else if (status != null)
            {
                Status = status;
                Raise.Event(StatusChanged, status, this);
            }
            else if (score != null && score.Learner == _connection.Learner)
            {
                Feedback.Take(score, NowMs);
                Raise.Event(Scored, score, this);
            }
        }

        private void Tell(ConnectionNotice notice)
        {
            bool changed = notice.State != _state;
            _state = notice.State;
            Raise.Event(Noticed, notice, this);
            if (changed) onState.Invoke(notice.State.ToString());
            if (notice.Code.Length > 0) onProblem.Invoke(notice.Code, notice.Text);
        }
    }
}
