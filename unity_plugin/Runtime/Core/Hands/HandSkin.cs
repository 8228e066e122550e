using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>What an engine's skinned mesh needs beside vertices: bones at rest, and whose finger is where.</summary>
    public static class HandSkin
    {
        /// <summary>(16) finger that each bone is of, 0 thumb to 4 little; -1 for the wrist.</summary>
        private static readonly int[] Fingers = { -1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 3, 3, 3, 0, 0, 0 };

        /// <summary>The finger that a bone is of, 0 thumb to 4 little; -1 for the wrist.</summary>
        /// <param name="bone">0 to 15, in the order of <see cref="Joints.Names"/>.</param>
        public static int FingerOf(int bone)
        {
            return Fingers[bone];
        }

        /// <summary>
        /// Where a bone is at rest, in Unity's frame; no bone is turned there. A bind pose is the way back:
        /// a move by the negative of it.
        /// </summary>
        /// <param name="restJointsM">(21 * 3) rest keypoints, metres, as a shape message has them.</param>
        /// <param name="bone">0 to 15, in the order of <see cref="Joints.Names"/>.</param>
        public static Position UnityRest(float[] restJointsM, int bone)
        {
            if (restJointsM == null || restJointsM.Length != 3 * Joints.Keypoints)
                throw new ArgumentException("there are 21 keypoints", nameof(restJointsM));
            int at = 3 * HandTables.KeypointOfJoint[bone];
            return Coordinates.OpenXRToUnity(new Position(restJointsM[at], restJointsM[at + 1], restJointsM[at + 2]));
        }

        /// <summary>How much of each vertex belongs to each finger; what is left belongs to the palm.</summary>
        /// <returns>(V * 5), thumb to little.</returns>
        public static float[] FingerWeights(HandMesh mesh)
        {
            if (mesh == null) throw new ArgumentNullException(nameof(mesh));
            var weights = new float[Joints.Fingers * mesh.VertexCount];
            for (int i = 0; i < mesh.BoneIndex.Length; i++)
            {
                int finger = Fingers[mesh.BoneIndex[i]];
                if (finger >= 0) weights[Joints.Fingers * (i / HandMesh.Influences) + finger] += mesh.BoneWeight[i];
            }
            return weights;
        }
    }
}
