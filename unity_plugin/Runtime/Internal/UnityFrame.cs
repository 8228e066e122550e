using GhostHands.Core;
using GhostHands.Protocol;
using UnityEngine;

namespace GhostHands
{
    /// <summary>Between the core's right-handed numbers and Unity's types.</summary>
    internal static class UnityFrame
    {
        /// <summary>A point of the room, in Unity.</summary>
        internal static Vector3 Point(Position stage)
        {
            return Raw(Coordinates.OpenXRToUnity(stage));
        }

        /// <summary>A rotation of the room, in Unity.</summary>
        internal static Quaternion Turn(Rotation stage)
        {
            Rotation q = Coordinates.OpenXRToUnity(stage);
            return new Quaternion(q.X, q.Y, q.Z, q.W);
        }

        /// <summary>The so manieth of quaternions xyzw, in Unity.</summary>
        internal static Quaternion Turn(float[] stage, int index)
        {
            int at = 4 * index;
            return Turn(new Rotation(stage[at], stage[at + 1], stage[at + 2], stage[at + 3]));
        }

        /// <summary>A place and a turn out of Unity.</summary>
        internal static Rigid Rigid(Vector3 position, Quaternion rotation)
        {
            return new Rigid(Position(position), Rotation(rotation)).ToUnity();
        }

        /// <summary>Unity's own numbers, in Unity's frame.</summary>
        internal static Position Position(Vector3 p)
        {
            return new Position(p.x, p.y, p.z);
        }

        /// <summary>Unity's own numbers, in Unity's frame.</summary>
        internal static Rotation Rotation(Quaternion q)
        {
            return new Rotation(q.x, q.y, q.z, q.w);
        }

        /// <summary>Numbers that are in Unity's frame already.</summary>
        internal static Vector3 Raw(Position p)
        {
            return new Vector3(p.X, p.Y, p.Z);
        }
    }
}
