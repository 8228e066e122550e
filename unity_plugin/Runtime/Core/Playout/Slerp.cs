using System;

namespace GhostHands.Core
{
    /// <summary>Interpolation between unit quaternions along the shortest arc (Shoemake 1985).</summary>
    internal static class Slerp
    {
        /// <summary>Below about one degree the angle's sine loses digits, and a straight line is as good.</summary>
        private const double NearlySame = 0.9999;

        /// <summary>
        /// Writes what lies a part of the way from one quaternion to another; beyond 1 it turns on. q and -q
        /// are the same rotation, so the sign of the second is flipped where that is nearer: the wire's
        /// w >= 0 alone does not make neighbours continuous.
        /// </summary>
        /// <param name="a">Quaternions xyzw.</param>
        /// <param name="b">As many of them.</param>
        /// <param name="t">0 for a, 1 for b.</param>
        /// <param name="target">Where to; w of 0 or more.</param>
        /// <param name="at">Where the quaternion begins, in all three.</param>
        internal static void Between(float[] a, float[] b, double t, float[] target, int at)
        {
            double ax = a[at], ay = a[at + 1], az = a[at + 2], aw = a[at + 3];
            double bx = b[at], by = b[at + 1], bz = b[at + 2], bw = b[at + 3];
            double dot = ax * bx + ay * by + az * bz + aw * bw;
            double sign = dot < 0 ? -1 : 1;
            dot = Math.Min(1, dot * sign);
            double fromA = 1 - t, fromB = t;
            if (dot < NearlySame)
            {
                double angle = Math.Acos(dot), sine = Math.Sin(angle);
                fromA = Math.Sin((1 - t) * angle) / sine;
                fromB = Math.Sin(t * angle) / sine;
            }
            fromB *= sign;
            double x = fromA * ax + fromB * bx, y = fromA * ay + fromB * by;
            double z = fromA * az + fromB * bz, w = fromA * aw + fromB * bw;
            double scale = (w < 0 ? -1 : 1) / Math.Sqrt(x * x + y * y + z * z + w * w);
            target[at] = (float)(x * scale);
            target[at + 1] = (float)(y * scale);
            target[at + 2] = (float)(z * scale);
            target[at + 3] = (float)(w * scale);
        }
    }
}
