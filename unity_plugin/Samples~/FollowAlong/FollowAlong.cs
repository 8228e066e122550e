using System;
using GhostHands.Core;
using UnityEngine;

namespace GhostHands.Samples
{
    /// <summary>
    /// The sample's lesson: a panel leads through finding the instrument, and then has the lesson's buttons. The link
    /// is in the inspector of the connection; an app would scan it.
    /// </summary>
    public sealed class FollowAlong : MonoBehaviour
    {
        private const int Columns = 4, Rows = 3;
        private const float StepM = 0.004f, StepDegrees = 0.5f;
        private const double WriteEveryS = 0.2;

        [SerializeField] private BridgeConnection connection;
        [SerializeField] private InstrumentAnchor instrument;
        [SerializeField] private LearnerHands hands;
        [SerializeField] private LessonPlayer player;
        [SerializeField] private GhostStage stage;
        [SerializeField] private Transform head;
        [SerializeField] private Transform panel;

        private readonly PokeButton[] _buttons = new PokeButton[Columns * Rows];
        private readonly string[] _texts = new string[Columns * Rows];
        private readonly Action[] _actions = new Action[Columns * Rows];
        private TextMesh _title;
        private TextMesh _text;
        private string _problem = "";
        private double _writtenS = double.NegativeInfinity;
        private bool _placed;

        private void Awake()
        {
            _title = PokeButton.Label(panel, new Vector3(-0.25f, 0.17f, 0f), 0.02f, TextAnchor.UpperLeft);
            _text = PokeButton.Label(panel, new Vector3(-0.25f, 0.13f, 0f), 0.013f, TextAnchor.UpperLeft);
            var sizeM = new Vector2(0.115f, 0.052f);
            for (int i = 0; i < _buttons.Length; i++)
            {
                var place = new Vector3((i % Columns - 1.5f) * 0.123f, 0.02f - i / Columns * 0.06f, 0f);
                _buttons[i] = PokeButton.Make(panel, place, sizeM, hands);
                _buttons[i].Show(null, null);
            }
        }

        private void OnEnable()
        {
            connection.Noticed += Take;
        }

        private void OnDisable()
        {
            connection.Noticed -= Take;
        }

        private void Take(ConnectionNotice notice)
        {
            _problem = notice.State == ConnectionState.Open || notice.State == ConnectionState.Connecting ? "" : notice.Text;
        }

        private void Update()
        {
            if (!_placed) Place();
            bool busy = false;
            foreach (PokeButton button in _buttons) busy |= button.Hovered;
            instrument.Busy = busy;
            // Texts cost garbage: a few times a second is as good.
            if (Time.unscaledTimeAsDouble - _writtenS < WriteEveryS) return;
            _writtenS = Time.unscaledTimeAsDouble;
            Array.Clear(_texts, 0, _texts.Length);
            if (instrument.Kept) ShowLesson();
            else ShowCalibration();
            for (int i = 0; i < _buttons.Length; i++) _buttons[i].Show(_texts[i], _actions[i]);
        }

        /// <summary>In front of the learner, a little above the instrument, once the head is known.</summary>
        private void Place()
        {
            if (head.localPosition.sqrMagnitude < 0.01f) return;
            _placed = true;
            Vector3 ahead = head.localRotation * new Vector3(0f, 0f, 1f);
            float turn = Mathf.Atan2(ahead.x, ahead.z) * Mathf.Rad2Deg;
            panel.localRotation = Quaternion.Euler(15f, turn, 0f);
            panel.localPosition = head.localPosition +
                Quaternion.Euler(0f, turn, 0f) * new Vector3(0f, -0.12f, 0.52f);
        }

        private void ShowCalibration()
        {
            _title.text = instrument.Title;
            _text.text = instrument.Guidance + Problem();
            if (instrument.Step == CalibrationStep.Touch)
            {
                Button(8, "No instrument", () => instrument.PutInFront(head));
                return;
            }
            Button(8, "Touch again", instrument.TouchAgain);
            if (instrument.Step != CalibrationStep.Check) return;
            Button(0, "← Left", () => instrument.Nudge(-StepM, 0f, 0f));
            Button(1, "Right →", () => instrument.Nudge(StepM, 0f, 0f));
            Button(2, "Farther", () => instrument.Nudge(0f, 0f, StepM));
            Button(3, "Nearer", () => instrument.Nudge(0f, 0f, -StepM));
            Button(4, "↑ Up", () => instrument.Nudge(0f, StepM, 0f));
            Button(5, "↓ Down", () => instrument.Nudge(0f, -StepM, 0f));
            Button(6, "↺ Turn", () => instrument.Nudge(0f, 0f, 0f, StepDegrees));
            Button(7, "Turn ↻", () => instrument.Nudge(0f, 0f, 0f, -StepDegrees));
            Button(9, "Keep", instrument.Keep);
        }

        private void ShowLesson()
        {
            bool loaded = player.Loaded, beside = stage.Place == GhostPlace.Adjacent;
            string position = LessonPosition.Clock(player.PositionS), length = LessonPosition.Clock(player.DurationS);
            _title.text = loaded ? $"{position} of {length} · {player.Rate}×" : "Live teacher";
            double? score = connection.Feedback.Score;
            string waits = player.Waiting ? "It waits for you." : "";
            string anchored = stage.Anchored ? "" : "The teacher's instrument is not known: hands are above your middle.";
            _text.text = (score.HasValue ? $"Score {score.Value:0}\n" : "") + waits + anchored + Problem();
            if (loaded)
            {
                Button(0, player.Playing ? "Pause" : "Play", () => player.PlayOrPause());
                Button(1, "Back 5 s", () => player.Back());
                Button(2, "Slower", () => player.Slower());
                Button(3, "Faster", () => player.Faster());
                bool marked = player.LoopFromS.HasValue;
                Button(4, player.LoopS.HasValue ? "End loop" : marked ? "Loop to B" : "Loop from A", () => player.MarkLoop());
                Button(5, player.WaitForLearner ? "Wait: on" : "Wait: off", ToggleWait);
            }
            else if (player.Recordings.Length > 0)
            {
                Button(0, "Load lesson", () => player.Load(player.Recordings[0]));
            }
            Button(6, beside ? "On my keys" : "Beside", TogglePlace);
            Button(7, stage.Mirrored ? "Unmirror" : "Mirror", () => stage.Mirrored = !stage.Mirrored);
            Button(8, "Touch again", instrument.TouchAgain);
            if (_problem.Length > 0) Button(9, "Try again", connection.RetryNow);
        }

        private void ToggleWait()
        {
            player.WaitForLearner = !player.WaitForLearner;
        }

        private void TogglePlace()
        {
            stage.Place = stage.Place == GhostPlace.Adjacent ? GhostPlace.Superimposed : GhostPlace.Adjacent;
        }

        private string Problem()
        {
            string mesh = stage.MeshProblem.Length > 0 ? $"\nNo hand model: {stage.MeshProblem}" : "";
            return (_problem.Length > 0 ? $"\n{_problem}" : "") + mesh;
        }

        private void Button(int index, string text, Action pressed)
        {
            _texts[index] = text;
            _actions[index] = pressed;
        }
    }
}
