using System;
using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;
using UnityEngine.Events;

namespace GhostHands
{
    /// <summary>
    /// Where the learner's instrument stands: found by touching three of its corners with an index fingertip,
    /// moved by steps, kept for the next time. This object is put to its front left corner, x along the
    /// front edge, z away from the learner. Put it under the XR Origin's camera offset.
    /// </summary>
    [AddComponentMenu("GhostHands/Instrument Anchor")]
    [DefaultExecutionOrder(-100)]
    [DisallowMultipleComponent]
    public sealed class InstrumentAnchor : MonoBehaviour
    {
        private const string KeyPrefix = "GhostHands.place.";

        [Tooltip("piano-88, piano-76, piano-61, piano-49, a4, a3, letter, or a size in metres: 0.4x0.3")]
        [SerializeField] private string instrument = "piano-88";
        [SerializeField] private LearnerHands hands;

        [Tooltip("Begin where it stood the last time. That is kept against the headset's tracking origin, so it " +
            "holds as long as the headset knows the room; check it, or give a spatial anchor's pose to SetPose.")]
        [SerializeField] private bool restore = true;

        [Tooltip("Under which name the place is kept; empty for the instrument's.")]
        [SerializeField] private string saveName = "";
        [SerializeField] private bool drawOutline = true;
        [SerializeField] private Shader outlineShader;
        [SerializeField] private Color outlineColor = new Color(0.561f, 0.816f, 1f, 0.8f);
        [SerializeField] private UnityEvent<string, string> onGuidance = new UnityEvent<string, string>();
        [SerializeField] private UnityEvent<int> onTouched = new UnityEvent<int>();
        [SerializeField] private UnityEvent onKept = new UnityEvent();

        private CalibrationFlow _flow;
        private OutlineMesh _outline;
        private int _toldState = -1;

        /// <summary>There is something new to tell the learner: a headline, and what to do.</summary>
        public event Action Guided;

        /// <summary>The instrument is somewhere else than it was, or nowhere.</summary>
        public event Action Moved;

        /// <summary>The instrument: its name and size. Null where the name means none.</summary>
        public Core.Instrument Instrument => Flow?.Instrument;

        /// <summary>Where finding it stands.</summary>
        public CalibrationStep Step => Flow == null ? CalibrationStep.Touch : Flow.Step;

        /// <summary>
        /// What the touches gave: measured width, residual, and why they were refused. Null where there were none.
        /// </summary>
        public InstrumentCalibration? Result => Flow?.Result;

        /// <summary>It was found: this object is at its corner.</summary>
        public bool Found => Step == CalibrationStep.Check || Step == CalibrationStep.Done;

        /// <summary>The learner follows: the place is kept.</summary>
        public bool Kept => Step == CalibrationStep.Done;

        /// <summary>Takes the instrument's frame to the room, right-handed; null until it was found.</summary>
        public Rigid? RoomPose => Flow?.Pose;

        /// <summary>The headline for the learner.</summary>
        public string Title { get; private set; } = "";

        /// <summary>What the learner is to do.</summary>
        public string Guidance { get; private set; } = "";

        /// <summary>How long the fingertip has been still, 0 to 1 of what a touch takes.</summary>
        public float Progress => Flow == null ? 0f : (float)Flow.Progress(BridgeConnection.NowMs);

        /// <summary>A hand does something else, as pressing a button: its fingertip touches no corner.</summary>
        public bool Busy { get; set; }

        private CalibrationFlow Flow
        {
            get
            {
                if (_flow != null) return _flow;
                Core.Instrument found = Core.Instrument.Find(instrument);
                return found == null ? null : _flow = new CalibrationFlow(found);
            }
        }

        private string Key => KeyPrefix + (string.IsNullOrEmpty(saveName) ? instrument : saveName);

        /// <summary>Another instrument; it is looked for anew.</summary>
        /// <param name="name">piano-88, a4, 0.4x0.3, ...</param>
        /// <returns>False where the name means none; then nothing changes.</returns>
        public bool SetInstrument(string name)
        {
            if (Core.Instrument.Find(name) == null) return false;
            instrument = name;
            _flow = null;
            if (_outline != null) _outline.Destroy();
            _outline = null;
            if (restore) Restore();
            Changed();
            return true;
        }

        /// <summary>Touches anew; what was kept is forgotten.</summary>
        public void TouchAgain()
        {
            if (Flow == null) return;
            PlayerPrefs.DeleteKey(Key);
            Flow.Again();
            Changed();
        }

        /// <summary>Moves what was found, before it is kept: along the instrument's own axes, metres.</summary>
        /// <param name="right">To the right.</param>
        /// <param name="up">Up.</param>
        /// <param name="away">Away from the learner.</param>
        /// <param name="turnDegrees">About its middle; positive brings the right end away from the learner.</param>
        public void Nudge(float right, float up, float away, float turnDegrees = 0f)
        {
            if (Flow == null) return;
            Flow.Nudge(right, up, -away, turnDegrees * Math.PI / 180);
            Changed();
        }

        /// <summary>Keeps what was found, for the next time, too.</summary>
        public void Keep()
        {
            if (Flow == null || Step != CalibrationStep.Check) return;
            Flow.Keep();
            PlayerPrefs.SetString(Key, SavedPlace.Write(instrument, Flow.Pose.Value));
            PlayerPrefs.Save();
            Changed();
            onKept.Invoke();
        }

        /// <summary>Puts it where it stood the last time, to be checked.</summary>
        /// <returns>False where that is not known.</returns>
        public bool Restore()
        {
            Rigid kept;
            if (Flow == null || !SavedPlace.TryRead(PlayerPrefs.GetString(Key, ""), instrument, out kept)) return false;
            Flow.Propose(kept);
            Changed();
            return true;
        }

        /// <summary>Puts it in the air in front of who has no instrument here.</summary>
        /// <param name="head">The headset, in this object's parent.</param>
        public void PutInFront(Transform head)
        {
            if (Flow == null || head == null) return;
            Vector3 ahead = head.localRotation * new Vector3(0f, 0f, 1f);
            Quaternion turn = Quaternion.Euler(0f, Mathf.Atan2(ahead.x, ahead.z) * Mathf.Rad2Deg, 0f);
            Vector3 place = head.localPosition + turn * new Vector3((float)(-Instrument.WidthM / 2), 0f, 0.42f);
            place.y = Mathf.Max(0.6f, head.localPosition.y - 0.42f);
            Flow.Propose(UnityFrame.Rigid(place, turn));
            Changed();
        }

        /// <summary>Puts it where a spatial anchor of the headset says, in this object's parent.</summary>
        /// <param name="pose">Its front left corner; x along the front edge, z away from the learner.</param>
        public void SetPose(Pose pose)
        {
            if (Flow == null) return;
            Rigid room = UnityFrame.Rigid(pose.position, pose.rotation);
            if (Found) Flow.Follow(room);
            else Flow.Propose(room);
            Changed();
        }

        private void OnEnable()
        {
            if (Flow == null)
            {
                Title = "There is no such instrument";
                Guidance = $"'{instrument}' is none: give piano-88, piano-76, piano-61, piano-49, a4, or a size in " +
                    "metres as 0.4x0.3.";
                Debug.LogError($"GhostHands: {Guidance}", this);
                Tell();
                return;
            }
            if (restore && Step == CalibrationStep.Touch) Restore();
            Changed();
        }

        private void OnDestroy()
        {
            if (_outline != null) _outline.Destroy();
        }

        private void Update()
        {
            if (Flow == null || hands == null) return;
            if (Step == CalibrationStep.Touch)
            {
                int touched = Flow.Touches;
                double nowMs = BridgeConnection.NowMs;
                bool done = Flow.Take(Side.Left, nowMs, hands.Hand(Side.Left), Busy);
                done |= Flow.Take(Side.Right, nowMs, hands.Hand(Side.Right), Busy);
                if (done)
                {
                    Changed();
                    onTouched.Invoke(touched);
                }
            }
            Guide();
        }

        private void Changed()
        {
            if (Flow.Pose.HasValue && Found)
            {
                transform.localPosition = UnityFrame.Point(Flow.Pose.Value.Position);
                transform.localRotation = UnityFrame.Turn(Flow.Pose.Value.Rotation);
            }
            if (_outline == null && drawOutline) _outline = new OutlineMesh(transform, Instrument, outlineShader, outlineColor);
            if (_outline != null) _outline.Show(Found && drawOutline);
            _toldState = -1;
            Guide();
            Raise.Event(Moved, this);
        }

        /// <summary>Texts are made when what they tell of has changed.</summary>
        private void Guide()
        {
            bool tracked = hands != null && hands.Tracked, pointing = Progress > 0.05f;
            int state = ((int)Step * 4 + Flow.Touches) * 4 + (tracked ? 2 : 0) + (pointing ? 1 : 0);
            if (state == _toldState) return;
            _toldState = state;
            Title = CalibrationWords.Title(Flow);
            Guidance = CalibrationWords.Text(Flow, tracked, pointing);
            Tell();
        }

        private void Tell()
        {
            Raise.Event(Guided, this);
            onGuidance.Invoke(Title, Guidance);
        }
    }
}
