using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// Where the teacher's hands are shown: on the learner's own instrument, with the same key under the
    /// same finger (SPEC.md, section 16). All frames are right-handed.
    /// </summary>
    public sealed class LessonFrame
    {
        /// <summary>Without an anchor hands are shown this far above the front edge, metres.</summary>
        public const float UnanchoredHeightM = 0.04f;

        private readonly float _mirrorAboutM;

        /// <summary>Makes one.</summary>
        /// <param name="stage">Stage to learner's instrument: see <see cref="StageToInstrument"/>.</param>
        /// <param name="instrument">Instrument to room: see <see cref="InstrumentCalibration"/>.</param>
        /// <param name="mirrored">Hands are shown as in a mirror that stands in the instrument's middle.</param>
        /// <param name="widthM">The instrument's width, metres; it matters only to the mirror.</param>
        public LessonFrame(Rigid stage, Rigid instrument, bool mirrored = false, double widthM = 0)
        {
            Stage = stage;
            Instrument = instrument;
            Mirrored = mirrored;
            _mirrorAboutM = (float)(widthM / 2);
        }

        /// <summary>Takes the stage to the learner's instrument.</summary>
        public Rigid Stage { get; }

        /// <summary>Takes the instrument's frame to the room.</summary>
        public Rigid Instrument { get; }

        /// <summary>A left hand is shown as a right one, and the other way round.</summary>
        public bool Mirrored { get; }

        /// <summary>What takes the stage to a learner's instrument.</summary>
        /// <param name="anchor">
        /// Where the teacher's instrument lies; null, or one without an instrument, if the bridge does not know.
        /// </param>
        /// <param name="learners">The learner's instrument.</param>
        /// <param name="wrist">Without an anchor, where in the stage hands are: they come above the middle.</param>
        public static Rigid StageToInstrument(AnchorMessage anchor, Instrument learners, Position wrist)
        {
            if (string.IsNullOrEmpty(anchor?.Instrument))
            {
                var middle = new Position(
                    (float)(learners.WidthM / 2) - wrist.X, UnanchoredHeightM - wrist.Y, -wrist.Z);
                return new Rigid(middle, Rigid.Identity.Rotation);
            }
            Instrument teachers = Core.Instrument.Find(anchor.Instrument);
            double aside = (teachers?.MiddleCM ?? 0) - (learners.MiddleCM ?? 0);
            if (teachers?.MiddleCM == null || learners.MiddleCM == null) aside = 0;
            var same = new Rigid(new Position((float)-aside, 0f, 0f), Rigid.Identity.Rotation);
            return same.After(TeacherFrame(anchor, teachers).Inverse);
        }

        /// <summary>A hand of the stage in the room.</summary>
        /// <param name="hand">As it was sent, or played.</param>
        /// <param name="shown">Filled: where it is in the room; of the other side, if mirrored.</param>
        public void Show(HandPose hand, HandPose shown)
        {
            shown.CopyFrom(hand);
            Put(shown, Stage);
            if (Mirrored) Mirror(shown);
            Put(shown, Instrument);
        }

        /// <summary>A point of the room in the stage.</summary>
        public Position ToStage(Position point)
        {
            Position p = Instrument.Inverse.Apply(point);
            if (Mirrored) p = new Position(2 * _mirrorAboutM - p.X, p.Y, p.Z);
            return Stage.Inverse.Apply(p);
        }

        /// <summary>A rotation of the room in the stage.</summary>
        public Rotation ToStage(Rotation rotation)
        {
            Rotation q = Instrument.Inverse.Apply(rotation);
            return Stage.Inverse.Apply(Mirrored ? Coordinates.Mirror(q) : q);
        }

        /// <summary>Rest keypoints (21 * 3) of the other hand of the same person.</summary>
        public static void MirrorRest(float[] restJointsM, float[] mirrored)
        {
            for (int i = 0; i < mirrored.Length; i++) mirrored[i] = i % 3 == 0 ? -restJointsM[i] : restJointsM[i];
        }

        /// <summary>The frame of the teacher's whole instrument in the stage.</summary>
        private static Rigid TeacherFrame(AnchorMessage anchor, Instrument teachers)
        {
            float[] p = anchor.PositionM, q = anchor.RotationQuat;
            var at = new Rigid(new Position(p[0], p[1], p[2]), new Rotation(q[0], q[1], q[2], q[3]));
            if (teachers?.MiddleCM == null) return at;
            // The anchor's place is that of the part that was measured; the keyboard begins left of it.
            double aside = teachers.PartLeftM * anchor.SizeM[0] / teachers.PartWidthM;
            return at.After(new Rigid(new Position((float)-aside, 0f, 0f), Rigid.Identity.Rotation));
        }

        private static void Put(HandPose hand, Rigid frame)
        {
            Position p = frame.Apply(hand.Wrist);
            Rotation q = frame.Apply(hand.Joint(0));
            Set(hand, p, q);
        }

        private void Mirror(HandPose hand)
        {
            Position p = hand.Wrist;
            hand.Side = hand.Side == Side.Left ? Side.Right : Side.Left;
            hand.WristM[0] = 2 * _mirrorAboutM - p.X;
            for (int at = 0; at < hand.PoseQuat.Length; at += 4)
            {
                hand.PoseQuat[at + 1] = -hand.PoseQuat[at + 1];
                hand.PoseQuat[at + 2] = -hand.PoseQuat[at + 2];
            }
        }

        private static void Set(HandPose hand, Position p, Rotation q)
        {
            hand.WristM[0] = p.X;
            hand.WristM[1] = p.Y;
            hand.WristM[2] = p.Z;
            hand.PoseQuat[0] = q.X;
            hand.PoseQuat[1] = q.Y;
            hand.PoseQuat[2] = q.Z;
            hand.PoseQuat[3] = q.W;
        }
    }
}
