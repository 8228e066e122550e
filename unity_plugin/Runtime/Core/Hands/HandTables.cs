using System.Collections.Generic;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>The orders of <see cref="Joints"/> as arrays, which are quicker to read in a frame.</summary>
    internal static class HandTables
    {
        internal static readonly int[] Parents = Copy(Joints.Parents);
        internal static readonly int[] KeypointOfJoint = Copy(Joints.KeypointOfJoint);
        internal static readonly int[] KeypointParentJoint = Copy(Joints.KeypointParentJoint);
        internal static readonly int[] OpenXROfKeypoint = Copy(JointOrders.OpenXROfKeypoint);

        private static int[] Copy(IReadOnlyList<int> list)
        {
            var copy = new int[list.Count];
            for (int i = 0; i < copy.Length; i++) copy[i] = list[i];
            return copy;
        }
    }
}
