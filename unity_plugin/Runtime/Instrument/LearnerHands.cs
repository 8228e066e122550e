using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;

namespace GhostHands
{
    /// <summary>
    /// The learner's own hands: from Unity's XR Hands where that package is installed, or as an app feeds them.
    /// While the learner follows they are sent to the bridge, 30 times a second, in the teacher's stage.
    /// </summary>
    [AddComponentMenu("GhostHands/Learner Hands")]
    [DefaultExecutionOrder(-150)]
    [DisallowMultipleComponent]
    public sealed partial class LearnerHands : MonoBehaviour
    {
        private const double SendEveryMs = 1000.0 / 30, EarlyMs = 2;

        [SerializeField] private BridgeConnection connection;
        [SerializeField] private bool sendLeft = true;
        [SerializeField] private bool sendRight = true;

        private readonly HeadsetHand[] _hands = { new HeadsetHand(), new HeadsetHand() };
        private readonly LearnerHandsEncoder _encoder = new LearnerHandsEncoder();
        private double _sentMs = double.NegativeInfinity;
        private long _seq;

        /// <summary>An app feeds the hands itself: <see cref="SetTracked"/> and <see cref="SetJoint"/>.</summary>
        public bool Fed { get; set; }

        /// <summary>Messages of one's own hands that were sent.</summary>
        public long Sent { get; private set; }

        /// <summary>Either hand is seen.</summary>
        public bool Tracked => _hands[0].Tracked || _hands[1].Tracked;

        /// <summary>A hand as it was seen last, in the room's right-handed frame.</summary>
        public HeadsetHand Hand(Side side)
        {
            return _hands[(int)side];
        }

        /// <summary>Feeds whether a hand is seen. XR Hands are not read from then on.</summary>
        /// <param name="side">The hand.</param>
        /// <param name="tracked">Whether it is seen; then all 26 joints are to be set.</param>
        /// <param name="tipRadiusM">From the index fingertip's tracked point to its skin, metres; 0 if unknown.</param>
        public void SetTracked(Side side, bool tracked, float tipRadiusM = 0f)
        {
            Fed = true;
            _hands[(int)side].Tracked = tracked;
            _hands[(int)side].TipRadiusM = tipRadiusM;
        }

        /// <summary>Feeds one joint, in the frame in which the instrument is placed: the XR Origin's camera offset.</summary>
        /// <param name="side">The hand.</param>
        /// <param name="joint">0 to 25: <c>XRHandJointID</c> minus one; wrist, palm, thumb, ...</param>
        /// <param name="pose">Where it is: z along the bone to the tip, y out of the back of the hand.</param>
        public void SetJoint(Side side, int joint, Pose pose)
        {
            _hands[(int)side].Set(joint, UnityFrame.Position(pose.position), UnityFrame.Rotation(pose.rotation));
        }

        /// <summary>Sends the hands, if it is time to.</summary>
        /// <param name="frame">How the lesson is shown; null while it is not: nothing is sent.</param>
        /// <returns>Whether a message is on its way.</returns>
        internal bool Send(LessonFrame frame)
        {
            double nowMs = BridgeConnection.NowMs;
            long bridgeNs;
            bool left = sendLeft && _hands[0].Tracked, right = sendRight && _hands[1].Tracked;
            if (frame == null || connection == null || !(left || right)) return false;
            if (nowMs - _sentMs < SendEveryMs - EarlyMs || !connection.TryBridgeNowNs(out bridgeNs)) return false;
            _sentMs = nowMs;
            _encoder.Frame = frame;
            _encoder.Begin();
            if (left) _hands[0].AddTo(_encoder, Side.Left);
            if (right) _hands[1].AddTo(_encoder, Side.Right);
            bool sent = connection.Send(_encoder.End(_seq++, bridgeNs));
            if (sent) Sent++;
            return sent;
        }

        private void Update()
        {
            if (!Fed) Read();
        }

        private void OnDisable()
        {
            _hands[0].Tracked = _hands[1].Tracked = false;
        }

        partial void Read();
    }
}
