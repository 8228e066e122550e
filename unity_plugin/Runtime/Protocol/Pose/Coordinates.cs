namespace GhostHands.Protocol
{
    /// <summary>
    /// Changes between coordinate frames (SPEC.md, section 9). The stage is OpenXR's: right-handed, x
    /// right, y up, -z forward, metres. Unity is left-handed: x right, y up, z forward. Each change
    /// undoes itself; rotations come back with w >= 0.
    /// </summary>
    /// <remarks>
    /// From an OpenCV camera to Unity go through the stage: the direct way mirrors the hand's own frame.
    /// </remarks>
    public static class Coordinates
    {
        /// <summary>Stage to Unity.</summary>
        public static Position OpenXRToUnity(Position p)
        {
            return new Position(p.X, p.Y, -p.Z);
        }

        /// <summary>Stage to Unity, for world rotations and for those against a parent.</summary>
        public static Rotation OpenXRToUnity(Rotation q)
        {
            return new Rotation(-q.X, -q.Y, q.Z, q.W).Canonical;
        }

        /// <summary>Unity to the stage.</summary>
        public static Position UnityToOpenXR(Position p)
        {
            return OpenXRToUnity(p);
        }

        /// <summary>Unity to the stage, for world rotations and for those against a parent.</summary>
        public static Rotation UnityToOpenXR(Rotation q)
        {
            return OpenXRToUnity(q);
        }

        /// <summary>OpenCV camera (x right, y down, z forward) to the stage's axes, and back.</summary>
        public static Position OpenCVToOpenXR(Position p)
        {
            return new Position(p.X, -p.Y, -p.Z);
        }

        /// <summary>
        /// OpenCV camera to the stage's axes, and back, for the orientation of a thing that keeps its own
        /// axes, as a hand its rest frame.
        /// </summary>
        public static Rotation OpenCVToOpenXROrientation(Rotation q)
        {
            return new Rotation(q.W, -q.Z, q.Y, -q.X).Canonical;
        }

        /// <summary>
        /// OpenCV camera to the stage's axes, and back, for a turn between two cameras: all axes change.
        /// </summary>
        public static Rotation OpenCVToOpenXRRotation(Rotation q)
        {
            return new Rotation(q.X, -q.Y, -q.Z, q.W).Canonical;
        }

        /// <summary>A left hand's position for the right hand, and back.</summary>
        public static Position Mirror(Position p)
        {
            return new Position(-p.X, p.Y, p.Z);
        }

        /// <summary>A left hand's rotation for the right hand, and back.</summary>
        public static Rotation Mirror(Rotation q)
        {
            return new Rotation(q.X, -q.Y, -q.Z, q.W).Canonical;
        }
    }
}
