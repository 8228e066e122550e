using System;

namespace GhostHands.Core
{
    /// <summary>The turn of a frame whose -z runs along a bone and whose y is as near to "up" as can be.</summary>
    internal static class BoneFrame
    {
        /// <summary>Writes it as a quaternion xyzw, by its largest component (Shepperd 1978).</summary>
        internal static void Write(
            double ax, double ay, double az, double ux, double uy, double uz, double[] target, int at)
        {
            double length = Norm(ax, ay, az);
            double zx = -ax / length, zy = -ay / length, zz = -az / length;
            double dot = ux * zx + uy * zy + uz * zz;
            double yx = ux - dot * zx, yy = uy - dot * zy, yz = uz - dot * zz;
            double norm = Norm(yx, yy, yz);
            yx /= norm;
            yy /= norm;
            yz /= norm;
            double xx = yy * zz - yz * zy, xy = yz * zx - yx * zz, xz = yx * zy - yy * zx;
            FromAxes(xx, xy, xz, yx, yy, yz, zx, zy, zz, target, at);
        }

        /// <summary>Writes the turn that takes the axes to three others, right-handed and of length 1.</summary>
        internal static void FromAxes(
            double xx, double xy, double xz, double yx, double yy, double yz, double zx, double zy, double zz,
            double[] target, int at)
        {
            double trace = xx + yy + zz;
            double x = 1 + 2 * xx - trace, y = 1 + 2 * yy - trace, z = 1 + 2 * zz - trace, w = 1 + trace;
            double largest = Math.Max(Math.Max(x, y), Math.Max(z, w));
            if (w.Equals(largest)) Unit(yz - zy, zx - xz, xy - yx, w, target, at);
            else if (x.Equals(largest)) Unit(x, xy + yx, zx + xz, yz - zy, target, at);
            else if (y.Equals(largest)) Unit(xy + yx, y, yz + zy, zx - xz, target, at);
            else Unit(zx + xz, yz + zy, z, xy - yx, target, at);
        }

        private static void Unit(double x, double y, double z, double w, double[] target, int at)
        {
            double scale = (w < 0 ? -1 : 1) / Math.Sqrt(x * x + y * y + z * z + w * w);
            target[at] = x * scale;
            target[at + 1] = y * scale;
            target[at + 2] = z * scale;
            target[at + 3] = w * scale;
        }

        private static double Norm(double x, double y, double z)
        {
            return Math.Sqrt(x * x + y * y + z * z);
        }
    }
}
