using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>Three doubles to calculate with.</summary>
    internal struct Vector
    {
        internal readonly double X, Y, Z;

        internal Vector(double x, double y, double z)
        {
            X = x;
            Y = y;
            Z = z;
        }

        internal Vector(Position p) : this(p.X, p.Y, p.Z)
        {
        }

        internal double Length => Math.Sqrt(Dot(this, this));

        internal Position Position => new Position((float)X, (float)Y, (float)Z);

        public static Vector operator +(Vector a, Vector b)
        {
            return new Vector(a.X + b.X, a.Y + b.Y, a.Z + b.Z);
        }

        public static Vector operator -(Vector a, Vector b)
        {
            return new Vector(a.X - b.X, a.Y - b.Y, a.Z - b.Z);
        }

        public static Vector operator *(double by, Vector a)
        {
            return new Vector(by * a.X, by * a.Y, by * a.Z);
        }

        internal static double Dot(Vector a, Vector b)
        {
            return a.X * b.X + a.Y * b.Y + a.Z * b.Z;
        }

        internal static Vector Cross(Vector a, Vector b)
        {
            return new Vector(a.Y * b.Z - a.Z * b.Y, a.Z * b.X - a.X * b.Z, a.X * b.Y - a.Y * b.X);
        }
    }
}
