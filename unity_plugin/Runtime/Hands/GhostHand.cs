using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;

namespace GhostHands
{
    /// <summary>
    /// One ghost hand: a skinned mesh of the bridge's hand model in the teacher's shape, or a supplied rig. It
    /// draws what it is given; <see cref="GhostStage"/> gives it the lesson. Put it beside the instrument under
    /// the XR Origin's camera offset, untouched: hands are placed in its parent's frame.
    /// </summary>
    [AddComponentMenu("GhostHands/Ghost Hand")]
    [DisallowMultipleComponent]
    public sealed class GhostHand : MonoBehaviour
    {
        [SerializeField] private Side side = Side.Right;

        [Tooltip("Somebody else's hand model: the root of bones named as OpenXR's joints, turned as OpenXR turns " +
            "them. Leave it empty for the bridge's hand model.")]
        [SerializeField] private Transform suppliedRig;

        [Tooltip("Of a supplied rig. Its materials should have _Opacity and _Thumb to _Little; what they lack is not shown.")]
        [SerializeField] private Renderer suppliedRenderer;
        [SerializeField] private Color color = new Color(0.337f, 0.706f, 0.914f);
        [SerializeField] private Color rim = new Color(0.827f, 0.933f, 1f);
        [SerializeField] private Shader ghostShader;
        [SerializeField] private Shader depthShader;

        private readonly Transform[] _joints = new Transform[Joints.OpenXRCount];
        private GhostMesh _mesh;
        private GhostLook _look;
        private int _jointCount;
        private bool _made;

        /// <summary>Which hand it shows, as on a person.</summary>
        public Side Side => side;

        /// <summary>It is drawn by a supplied rig, and needs no mesh of the bridge's.</summary>
        public bool Supplied => suppliedRig != null;

        /// <summary>It has a mesh, or a rig whose bones were found.</summary>
        public bool Ready => Supplied ? _jointCount > 0 : _mesh != null && _mesh.Ready;

        /// <summary>Bones of the supplied rig that were found by their names; of 26.</summary>
        public int JointsFound => _jointCount;

        /// <summary>How opaque it was drawn last, 0 to 1.</summary>
        public float Opacity => _look == null ? 0f : _look.Opacity;

        /// <summary>Takes the hand model's mesh.</summary>
        public void SetMesh(HandMesh mesh)
        {
            Make();
            if (!Supplied && mesh != null && mesh.Side == side) _mesh.SetSource(mesh);
        }

        /// <summary>Takes the shape of the hand that it shows.</summary>
        /// <param name="betas">(10) shape values.</param>
        /// <param name="restJointsM">(21 * 3) rest keypoints, metres.</param>
        public void SetShape(float[] betas, float[] restJointsM)
        {
            Make();
            if (!Supplied) _mesh.SetShape(betas, restJointsM);
        }

        /// <summary>Puts bones where a skeleton has them.</summary>
        public void Pose(HandRig rig)
        {
            if (rig == null || !rig.HasShape || !Ready) return;
            if (Supplied) PoseJoints(rig);
            else _mesh.Pose(rig);
        }

        /// <summary>Draws it this opaque, 0 to 1; at 0 not at all.</summary>
        public void SetOpacity(float opacity)
        {
            Make();
            _look.SetOpacity(Ready ? opacity : 0f);
        }

        /// <summary>Colours a finger by how near the learner's is; negative for the hand's own colour.</summary>
        /// <param name="finger">0 to 4, thumb to little.</param>
        /// <param name="closeness">1 to 0, as <see cref="LiveFeedback"/> has it.</param>
        public void SetFinger(int finger, double closeness)
        {
            Make();
            _look.SetFinger(finger, closeness);
        }

        private void Awake()
        {
            Make();
        }

        private void OnDestroy()
        {
            if (_mesh != null) _mesh.Destroy();
            if (_look != null) _look.Destroy();
        }

        /// <summary>Once, whatever comes first: Awake is not called on what is not active.</summary>
        private void Make()
        {
            if (_made) return;
            _made = true;
            Renderer drawn = suppliedRenderer;
            if (Supplied) FindJoints(suppliedRig);
            else
            {
                _mesh = new GhostMesh(transform);
                drawn = _mesh.Renderer;
            }
            _look = new GhostLook(drawn, !Supplied, ghostShader, depthShader, color, rim);
        }

        private void FindJoints(Transform bone)
        {
            int joint = BoneNames.Find(bone.name);
            if (joint >= 0 && _joints[joint] == null)
            {
                _joints[joint] = bone;
                _jointCount++;
            }
            for (int i = 0; i < bone.childCount; i++) FindJoints(bone.GetChild(i));
        }

        /// <summary>Parents come first: palm and wrist, then each finger outwards.</summary>
        private void PoseJoints(HandRig rig)
        {
            Set(rig, 1);
            Set(rig, 0);
            for (int joint = 2; joint < _joints.Length; joint++) Set(rig, joint);
        }

        private void Set(HandRig rig, int joint)
        {
            Transform bone = _joints[joint];
            if (bone == null) return;
            Vector3 place = UnityFrame.Point(rig.Joint(joint));
            bone.SetPositionAndRotation(
                transform.TransformPoint(place), transform.rotation * UnityFrame.Turn(rig.JointQuat, joint));
        }
    }
}
