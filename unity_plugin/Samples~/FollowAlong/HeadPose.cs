using UnityEngine;
using UnityEngine.XR;

namespace GhostHands.Samples
{
    /// <summary>The headset's pose on the camera. With an XR Origin of your own you do not need this.</summary>
    public sealed class HeadPose : MonoBehaviour
    {
        private void OnEnable()
        {
            Application.onBeforeRender += Follow;
        }

        private void OnDisable()
        {
            Application.onBeforeRender -= Follow;
        }

        private void Update()
        {
            Follow();
        }

        private void Follow()
        {
            InputDevice head = InputDevices.GetDeviceAtXRNode(XRNode.CenterEye);
            if (!head.isValid) return;
            Vector3 place;
            Quaternion turn;
            if (head.TryGetFeatureValue(CommonUsages.centerEyePosition, out place)) transform.localPosition = place;
            if (head.TryGetFeatureValue(CommonUsages.centerEyeRotation, out turn)) transform.localRotation = turn;
        }
    }
}
