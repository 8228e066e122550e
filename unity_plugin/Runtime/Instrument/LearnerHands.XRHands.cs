#if GHOSTHANDS_XR_HANDS
using System.Collections.Generic;
using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;
using UnityEngine.XR.Hands;

namespace GhostHands
{
    /// <summary>Hands out of com.unity.xr.hands, which gives them in the XR Origin's own frame.</summary>
    public sealed partial class LearnerHands
    {
        private readonly List<XRHandSubsystem> _found = new List<XRHandSubsystem>();
        private XRHandSubsystem _subsystem;

        partial void Read()
        {
            // It comes after the app has started, and goes with the headset's session.
            if (_subsystem == null || !_subsystem.running) _subsystem = Find();
            if (_subsystem == null)
            {
                _hands[0].Tracked = _hands[1].Tracked = false;
                return;
            }
            Read(_subsystem.leftHand, _hands[(int)Side.Left]);
            Read(_subsystem.rightHand, _hands[(int)Side.Right]);
        }

        private XRHandSubsystem Find()
        {
            SubsystemManager.GetSubsystems(_found);
            foreach (XRHandSubsystem subsystem in _found)
            {
                if (subsystem.running) return subsystem;
            }
            return null;
        }

        /// <summary>A hand that lacks joints is no hand: the bridge scores all 26.</summary>
        private static void Read(XRHand from, HeadsetHand hand)
        {
            hand.Tracked = false;
            if (!from.isTracked) return;
            for (int i = 0; i < Joints.OpenXRCount; i++)
            {
                XRHandJoint joint = from.GetJoint(XRHandJointIDUtility.FromIndex(i));
                Pose pose;
                if (!joint.TryGetPose(out pose)) return;
                hand.Set(i, UnityFrame.Position(pose.position), UnityFrame.Rotation(pose.rotation));
                float radiusM;
                if (i == HeadsetHand.IndexTip) hand.TipRadiusM = joint.TryGetRadius(out radiusM) ? radiusM : 0;
            }
            hand.Tracked = true;
        }
    }
}
#endif
