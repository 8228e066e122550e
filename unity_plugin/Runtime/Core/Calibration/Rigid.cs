using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// A place and a turn: takes coordinates of one right-handed frame (x right, y up, z towards oneself;
    /// OpenXR's) to those of another, metres. <see cref="ToUnity"/> is the same for Unity's frames.
    /// </summary>
    public struct Rigid
    {
        /// <summary>Makes one.</summary>
        public Rigid(Position position, Rotation rotation)
        {
            Position = position;
            Rotation = rotation;
        }

        /// <summary>Where the inner frame's origin is in the outer one.</summary>
        public Position Position { get; }

        /// <summary>How it is turned there.</summary>
        public Rotation Rotation { get; }

        /// <summary>What leaves everything in its place.</summary>
        public static Rigid Identity => new Rigid(new Position(0f, 0f, 0f), new Rotation(0f, 0f, 0f, 1f));

        /// <summary>The way back.</summary>
        public Rigid Inverse
        {
            get
            {
                var back = new Rotation(-Rotation.X, -Rotation.Y, -Rotation.Z, Rotation.W);
                return new Rigid((-1 * Turn(back, new Vector(Position))).Position, back);
            }
        }

        /// <summary>The same for Unity's left-handed frames; it undoes itself.</summary>
        public Rigid ToUnity()
        {
            return new Rigid(Coordinates.OpenXRToUnity(Position), Coordinates.OpenXRToUnity(Rotation));
        }

        /// <summary>A point of the inner frame in the outer one.</summary>
        public Position Apply(Position point)
        {
            return Apply(new Vector(point)).Position;
        }

        /// <summary>A rotation of the inner frame in the outer one, w >= 0.</summary>
        public Rotation Apply(Rotation rotation)
        {
            return Product(Rotation, rotation);
        }

        /// <summary>First the inner one, then this.</summary>
        public Rigid After(Rigid inner)
        {
            return new Rigid(Apply(inner.Position), Apply(inner.Rotation));
        }

        internal Vector Apply(Vector point)
        {
            return Turn(Rotation, point) + new Vector(Position);
        }

        /// <summary>v + 2 w (u x v) + 2 u x (u x v).</summary>
        private static Vector Turn(Rotation q, Vector v)
        {
            var u = new Vector(q.X, q.Y, q.Z);
            Vector twice = 2 * Vector.Cross(u, v);
            return v + (double)q.W * twice + Vector.Cross(u, twice);
        }

        /// <summary>First b, then a; made to have length 1, which many products in singles would lose.</summary>
        private static Rotation Product(Rotation a, Rotation b)
        {
            double ax = a.X, ay = a.Y, az = a.Z, aw = a.W, bx = b.X, by = b.Y, bz = b.Z, bw = b.W;
            double x = aw * bx + ax * bw + ay * bz - az * by, y = aw * by - ax * bz + ay * bw + az * bx;
            double z = aw * bz + ax * by - ay * bx + az * bw, w = aw * bw - ax * bx - ay * by - az * bz;
            double norm = System.Math.Sqrt(x * x + y * y + z * z + w * w);
            double scale = norm > 0 ? (w < 0 ? -1 : 1) / norm : 0;
            return new Rotation((float)(x * scale), (float)(y * scale), (float)(z * scale), (float)(w * scale));
        }
    }
}
