namespace GhostHands.Protocol
{
    /// <summary>Quaternions xyzw in arrays of doubles, four numbers each. Targets may be sources.</summary>
    internal static class Quaternions
    {
        /// <summary>The product a b.</summary>
        internal static void Multiply(double[] a, int i, double[] b, int j, double[] target, int at)
        {
            double ax = a[i], ay = a[i + 1], az = a[i + 2], aw = a[i + 3];
            double bx = b[j], by = b[j + 1], bz = b[j + 2], bw = b[j + 3];
            target[at] = aw * bx + ax * bw + ay * bz - az * by;
            target[at + 1] = aw * by - ax * bz + ay * bw + az * bx;
            target[at + 2] = aw * bz + ax * by - ay * bx + az * bw;
            target[at + 3] = aw * bw - ax * bx - ay * by - az * bz;
        }

        /// <summary>The product of the conjugate of a and b.</summary>
        internal static void Against(double[] a, int i, double[] b, int j, double[] target, int at)
        {
            double ax = -a[i], ay = -a[i + 1], az = -a[i + 2], aw = a[i + 3];
            double bx = b[j], by = b[j + 1], bz = b[j + 2], bw = b[j + 3];
            target[at] = aw * bx + ax * bw + ay * bz - az * by;
            target[at + 1] = aw * by - ax * bz + ay * bw + az * bx;
            target[at + 2] = aw * bz + ax * by - ay * bx + az * bw;
            target[at + 3] = aw * bw - ax * bx - ay * by - az * bz;
        }

        /// <summary>A vector turned by a unit quaternion: v + 2 w (u x v) + 2 u x (u x v).</summary>
        internal static void Turn(double[] q, int i, double x, double y, double z, double[] target, int at)
        {
            double ux = q[i], uy = q[i + 1], uz = q[i + 2], w = q[i + 3];
            double cx = 2 * (uy * z - uz * y), cy = 2 * (uz * x - ux * z), cz = 2 * (ux * y - uy * x);
            target[at] = x + w * cx + uy * cz - uz * cy;
            target[at + 1] = y + w * cy + uz * cx - ux * cz;
            target[at + 2] = z + w * cz + ux * cy - uy * cx;
        }

        /// <summary>Single floats as doubles, made to have length 1.</summary>
        internal static void Unit(float[] source, int i, double[] target, int at)
        {
            double x = source[i], y = source[i + 1], z = source[i + 2], w = source[i + 3];
            double scale = 1 / System.Math.Sqrt(x * x + y * y + z * z + w * w);
            target[at] = x * scale;
            target[at + 1] = y * scale;
            target[at + 2] = z * scale;
            target[at + 3] = w * scale;
        }
    }
}
