using System.Collections.Generic;

namespace UnityEngine
{
    public interface ISubsystem
    {
        bool running { get; }
    }

    public static class SubsystemManager
    {
        internal static readonly List<ISubsystem> All = new List<ISubsystem>();

        public static void GetSubsystems<T>(List<T> subsystems) where T : ISubsystem
        {
            subsystems.Clear();
            foreach (ISubsystem subsystem in All)
            {
                if (subsystem is T) subsystems.Add((T)subsystem);
            }
        }
    }
}

namespace UnityEngine.XR.Hands
{
    public enum XRHandJointID
    {
        Invalid = 0,
        Wrist = 1,
    }

    public static class XRHandJointIDUtility
    {
        public static XRHandJointID FromIndex(int index) => (XRHandJointID)(index + 1);
    }

    public struct XRHandJoint
    {
        internal Pose pose;
        internal bool seen;

        public bool TryGetPose(out Pose pose)
        {
            pose = this.pose;
            return seen;
        }

        public bool TryGetRadius(out float radius)
        {
            radius = 0.008f;
            return seen;
        }
    }

    public struct XRHand
    {
        internal XRHandJoint[] joints;

        public bool isTracked => joints != null;

        public XRHandJoint GetJoint(XRHandJointID id) => joints[(int)id - 1];
    }

    public class XRHandSubsystem : ISubsystem
    {
        public bool running { get; set; } = true;

        public XRHand leftHand { get; set; }

        public XRHand rightHand { get; set; }
    }
}
