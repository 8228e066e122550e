using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>Where the ghost hands are.</summary>
    public enum GhostPlace
    {
        /// <summary>On the learner's own keys.</summary>
        Superimposed,

        /// <summary>On keys of their own, behind the learner's and a little higher.</summary>
        Adjacent,
    }

    /// <summary>
    /// The ghost hands on a learner's instrument: which hand is shown as which, where, with what shape, and how
    /// much of it there is. What it gives is in the room's right-handed frame. A frame allocates nothing;
    /// moving the instrument makes a <see cref="LessonFrame"/>.
    /// </summary>
    public sealed class LessonStage
    {
        /// <summary>Adjacent ghosts are this far behind the instrument, metres.</summary>
        public const float BesideBackM = 0.1f;

        /// <summary>Adjacent ghosts are this much higher, metres.</summary>
        public const float BesideUpM = 0.04f;

        /// <summary>A hand comes and goes over this long, milliseconds.</summary>
        public const double FadeMs = 200;

        private readonly HandRig[] _rigs = { new HandRig(Side.Left), new HandRig(Side.Right) };
        private readonly HandPose[] _shown = { new HandPose(), new HandPose() };
        private readonly ShapeMessage[] _shapes = new ShapeMessage[2];
        private readonly float[][] _rest = { new float[3 * Joints.Keypoints], new float[3 * Joints.Keypoints] };
        private readonly double[] _presence = new double[2];
        private AnchorMessage _anchor;
        private Position? _firstWrist;
        private Rigid _instrument = Rigid.Identity;
        private GhostPlace _place;
        private bool _mirrored;

        /// <summary>Makes one, for a learner's instrument.</summary>
        public LessonStage(Instrument instrument)
        {
            Instrument = instrument ?? throw new ArgumentNullException(nameof(instrument));
        }

        /// <summary>The learner's instrument.</summary>
        public Instrument Instrument { get; }

        /// <summary>The bridge knows where the teacher's instrument lies: keys lie on keys.</summary>
        public bool Anchored => _anchor != null;

        /// <summary>Shapes changed so many times: what is drawn with an older one is to be made anew.</summary>
        public int ShapeVersion { get; private set; }

        /// <summary>
        /// The stage on the learner's own instrument, wherever the ghosts are: a learner's hands go back through
        /// it. Null until an anchor or hands came.
        /// </summary>
        public LessonFrame Own { get; private set; }

        /// <summary>The stage where the ghosts are shown; null until an anchor or hands came.</summary>
        public LessonFrame Ghosts { get; private set; }

        /// <summary>Where the ghosts are.</summary>
        public GhostPlace Place
        {
            get => _place;
            set
            {
                _place = value;
                SetFrames();
            }
        }

        /// <summary>The teacher's right hand is shown as a left one, for a learner who sees a mirror.</summary>
        public bool Mirrored
        {
            get => _mirrored;
            set
            {
                if (_mirrored == value) return;
                _mirrored = value;
                _presence[0] = _presence[1] = 0;
                SetShapes();
                SetFrames();
            }
        }

        /// <summary>What takes an adjacent ghosts' keyboard out of the learner's.</summary>
        public Rigid Beside => _place == GhostPlace.Superimposed ? Rigid.Identity :
            new Rigid(new Position(0f, BesideUpM, -(float)Instrument.DepthM - BesideBackM), Rigid.Identity.Rotation);

        /// <summary>Puts the instrument somewhere in the room.</summary>
        /// <param name="pose">Takes the instrument's frame to the room.</param>
        public void Put(Rigid pose)
        {
            _instrument = pose;
            SetFrames();
        }

        /// <summary>Takes where the teacher's instrument lies; one of no size says that it is not known.</summary>
        public void Take(AnchorMessage anchor)
        {
            bool known = anchor != null && anchor.SizeM[0] > 0 && anchor.SizeM[1] > 0;
            _anchor = known ? anchor : null;
            SetFrames();
        }

        /// <summary>Takes the shape of a teacher's hand.</summary>
        public void Take(ShapeMessage shape)
        {
            if (shape == null) return;
            _shapes[(int)shape.Side] = shape;
            SetShapes();
        }

        /// <summary>Forgets everything of a room.</summary>
        public void Forget()
        {
            _anchor = null;
            _firstWrist = null;
            _presence[0] = _presence[1] = 0;
            SetFrames();
        }

        /// <summary>The skeleton that is shown for a side, posed in the room.</summary>
        public HandRig Rig(Side side)
        {
            return _rigs[(int)side];
        }

        /// <summary>The shape (10) of the hand that is shown for a side; null where it is not known.</summary>
        public float[] Betas(Side side)
        {
            return _shapes[Source((int)side)]?.Betas;
        }

        /// <summary>Rest keypoints (21 * 3) of the hand that is shown for a side.</summary>
        public float[] RestJointsM(Side side)
        {
            return _rest[(int)side];
        }

        /// <summary>How much of a hand there is, 0 to 1: it comes and goes softly.</summary>
        public double Presence(Side side)
        {
            return _presence[(int)side];
        }

        /// <summary>Poses both hands.</summary>
        /// <param name="playout">Advanced to now.</param>
        /// <param name="elapsedMs">Since the last time.</param>
        public void Advance(PlayoutBuffer playout, double elapsedMs)
        {
            if (playout == null) throw new ArgumentNullException(nameof(playout));
            if (Ghosts == null) See(playout);
            for (int side = 0; side < 2; side++)
            {
                PlayedHand hand = playout.Find((Side)Source(side));
                bool posed = hand != null && Ghosts != null && _rigs[side].HasShape;
                if (posed)
                {
                    Ghosts.Show(hand.Pose, _shown[side]);
                    _rigs[side].Pose(_shown[side]);
                }
                double towards = posed ? hand.Presence : 0, step = Math.Max(0, elapsedMs) / FadeMs;
                _presence[side] += Math.Max(-step, Math.Min(step, towards - _presence[side]));
            }
        }

        private int Source(int side)
        {
            return _mirrored ? 1 - side : side;
        }

        /// <summary>Where hands that come without an anchor are put is said once, by the first of them.</summary>
        private void See(PlayoutBuffer playout)
        {
            PlayedHand left = playout.Find(Side.Left), right = playout.Find(Side.Right);
            if (left == null && right == null) return;
            Position a = (left ?? right).Pose.Wrist, b = (right ?? left).Pose.Wrist;
            _firstWrist = new Position((a.X + b.X) / 2, (a.Y + b.Y) / 2, (a.Z + b.Z) / 2);
            SetFrames();
        }

        private void SetShapes()
        {
            for (int side = 0; side < 2; side++)
            {
                ShapeMessage shape = _shapes[Source(side)];
                if (shape == null) continue;
                if (_mirrored) LessonFrame.MirrorRest(shape.RestJointsM, _rest[side]);
                else shape.RestJointsM.CopyTo(_rest[side], 0);
                _rigs[side].SetShape(_rest[side]);
            }
            ShapeVersion++;
        }

        private void SetFrames()
        {
            Own = Ghosts = null;
            if (_anchor == null && !_firstWrist.HasValue) return;
            Rigid stage = LessonFrame.StageToInstrument(_anchor, Instrument, _firstWrist ?? default(Position));
            Own = new LessonFrame(stage, _instrument, _mirrored, Instrument.WidthM);
            Ghosts = new LessonFrame(stage, _instrument.After(Beside), _mirrored, Instrument.WidthM);
        }
    }
}
