using System.Threading;
using System.Threading.Tasks;
using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;

namespace GhostHands
{
    /// <summary>
    /// Shows a room's teacher on the learner's instrument: two ghost hands, on the learner's keys or beside them,
    /// mirrored or not, coloured and faded by the learner's score; and sends the learner's hands back.
    /// </summary>
    [AddComponentMenu("GhostHands/Ghost Stage")]
    [DefaultExecutionOrder(100)]
    [DisallowMultipleComponent]
    public sealed class GhostStage : MonoBehaviour
    {
        private const float CheckingOpacity = 0.5f;

        [SerializeField] private BridgeConnection connection;
        [SerializeField] private InstrumentAnchor instrument;
        [SerializeField] private GhostHand leftHand;
        [SerializeField] private GhostHand rightHand;

        [Tooltip("Whose hands are sent back; none where only the teacher is watched.")]
        [SerializeField] private LearnerHands learner;
        [SerializeField] private GhostPlace place;
        [SerializeField] private bool mirrored;

        [Tooltip("The ghost steps back as the learner comes near.")]
        [SerializeField] private bool fadeWithScore = true;

        [Tooltip("Ghost fingers have the colour of how near the learner's are.")]
        [SerializeField] private bool colorFingers = true;

        private readonly GhostHand[] _hands = new GhostHand[2];
        private readonly HandMesh[] _meshes = new HandMesh[2];
        private readonly int[] _shapeVersions = new int[2];
        private LessonStage _stage;
        private OutlineMesh _besideOutline;
        private Task<HandMeshAnswer>[] _fetching;
        private CancellationTokenSource _cancel;
        private ConnectionState _lastState;

        /// <summary>On the learner's keys, or beside them.</summary>
        public GhostPlace Place
        {
            get => place;
            set
            {
                place = value;
                if (_stage != null) _stage.Place = value;
                DrawBeside();
            }
        }

        /// <summary>The teacher's right hand is shown as a left one.</summary>
        public bool Mirrored
        {
            get => mirrored;
            set
            {
                mirrored = value;
                if (_stage != null) _stage.Mirrored = value;
            }
        }

        /// <summary>
        /// The bridge knows where the teacher's instrument lies, so that keys lie on keys; otherwise hands come above
        /// the middle of the learner's.
        /// </summary>
        public bool Anchored => _stage != null && _stage.Anchored;

        /// <summary>What failed while the hand model was fetched, for people; empty where nothing did.</summary>
        public string MeshProblem { get; private set; } = "";

        /// <summary>Where hands are, in the room's right-handed frame; null where there is no instrument.</summary>
        internal LessonStage Stage => _stage;

        /// <summary>Gives both hands' meshes, where an app has them already; otherwise the bridge is asked.</summary>
        public void SetMesh(HandMesh mesh)
        {
            if (mesh == null) return;
            _meshes[(int)mesh.Side] = mesh;
            GhostHand hand = _hands[(int)mesh.Side];
            if (hand != null) hand.SetMesh(mesh);
        }

        private void OnEnable()
        {
            _hands[(int)Side.Left] = leftHand;
            _hands[(int)Side.Right] = rightHand;
            _shapeVersions[0] = _shapeVersions[1] = -1;
            if (connection == null || instrument == null)
            {
                Debug.LogError("GhostHands: give the ghost stage a connection and an instrument", this);
                return;
            }
            connection.ShapeChanged += Take;
            connection.AnchorChanged += Take;
            connection.Noticed += Take;
            instrument.Moved += Moved;
            Moved();
            if (connection.State == ConnectionState.Open) FetchMeshes();
        }

        private void OnDisable()
        {
            if (_cancel != null) _cancel.Cancel();
            _fetching = null;
            if (connection == null || instrument == null) return;
            connection.ShapeChanged -= Take;
            connection.AnchorChanged -= Take;
            connection.Noticed -= Take;
            instrument.Moved -= Moved;
            foreach (GhostHand hand in _hands)
            {
                if (hand != null) hand.SetOpacity(0f);
            }
        }

        private void OnDestroy()
        {
            if (_besideOutline != null) _besideOutline.Destroy();
        }

        private void LateUpdate()
        {
            if (_stage == null) return;
            TakeMeshes();
            _stage.Advance(connection.Playout, Time.unscaledDeltaTime * 1000);
            float opacity = instrument.Kept ? 1f : CheckingOpacity;
            if (instrument.Kept && fadeWithScore) opacity = (float)connection.Feedback.GhostOpacity;
            for (int side = 0; side < 2; side++)
            {
                if (_hands[side] != null) Show(_hands[side], (Side)side, instrument.Found ? opacity : 0f);
            }
            if (learner != null) learner.Send(instrument.Kept ? _stage.Own : null);
        }

        private void Show(GhostHand hand, Side side, float opacity)
        {
            float[] betas = _stage.Betas(side);
            if (betas != null && _shapeVersions[(int)side] != _stage.ShapeVersion)
            {
                _shapeVersions[(int)side] = _stage.ShapeVersion;
                hand.SetShape(betas, _stage.RestJointsM(side));
            }
            var presence = (float)_stage.Presence(side);
            if (presence > 0f) hand.Pose(_stage.Rig(side));
            hand.SetOpacity(presence * opacity);
            // A score is of the teacher's hand; mirrored, that one is shown as the other.
            Side scored = mirrored ? 1 - side : side;
            for (int finger = 0; finger < Joints.Fingers; finger++)
            {
                double closeness = connection.Feedback.Closeness(scored, finger);
                hand.SetFinger(finger, colorFingers && instrument.Kept ? closeness : LiveFeedback.Unknown);
            }
        }

        private void Moved()
        {
            if (instrument.Instrument == null) return;
            if (_stage == null || _stage.Instrument != instrument.Instrument) Make();
            if (instrument.RoomPose.HasValue) _stage.Put(instrument.RoomPose.Value);
            DrawBeside();
        }

        private void Make()
        {
            _stage = new LessonStage(instrument.Instrument) { Place = place, Mirrored = mirrored };
            _stage.Take(connection.Anchor);
            _stage.Take(connection.Shape(Side.Left));
            _stage.Take(connection.Shape(Side.Right));
            _shapeVersions[0] = _shapeVersions[1] = -1;
            if (_besideOutline != null) _besideOutline.Destroy();
            _besideOutline = null;
        }

        /// <summary>Ghosts beside the learner's keys have keys of their own.</summary>
        private void DrawBeside()
        {
            if (_stage == null) return;
            bool shown = place == GhostPlace.Adjacent && instrument.Found;
            if (_besideOutline == null && shown)
                _besideOutline = new OutlineMesh(
                    instrument.transform, instrument.Instrument, null, new Color(1f, 1f, 1f, 0.5f));
            if (_besideOutline == null) return;
            _besideOutline.Show(shown);
            _besideOutline.Transform.localPosition = UnityFrame.Point(_stage.Beside.Position);
        }

        private void Take(ShapeMessage shape)
        {
            if (_stage != null) _stage.Take(shape);
        }

        private void Take(AnchorMessage anchor)
        {
            if (_stage != null) _stage.Take(anchor);
        }

        private void Take(ConnectionNotice notice)
        {
            bool left = notice.State == ConnectionState.Closed && _stage != null;
            if (left) _stage.Forget();
            if (notice.State == ConnectionState.Open && _lastState != ConnectionState.Open) FetchMeshes();
            _lastState = notice.State;
        }

        private void FetchMeshes()
        {
            bool needed = false;
            foreach (GhostHand hand in _hands) needed |= hand != null && !hand.Supplied && _meshes[(int)hand.Side] == null;
            if (!needed || _fetching != null || connection.Link == null) return;
            _cancel = new CancellationTokenSource();
            _fetching = new Task<HandMeshAnswer>[2];
            for (int side = 0; side < 2; side++)
                _fetching[side] = HandMeshSource.FetchAsync(connection.Link, connection.Tls, (Side)side, _cancel.Token);
        }

        /// <summary>On the main thread, for meshes are Unity's.</summary>
        private void TakeMeshes()
        {
            if (_fetching == null || !_fetching[0].IsCompleted || !_fetching[1].IsCompleted) return;
            MeshProblem = "";
            foreach (Task<HandMeshAnswer> fetched in _fetching)
            {
                HandMeshAnswer answer = fetched.Result;
                SetMesh(answer.Mesh);
                if (answer.Mesh == null) MeshProblem = answer.Text;
            }
            _fetching = null;
            if (MeshProblem.Length > 0) Debug.LogWarning($"GhostHands: no hand model: {MeshProblem}", this);
        }
    }
}
