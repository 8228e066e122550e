using System;

namespace UnityEngine
{
    public struct Vector2
    {
        public float x, y;

        public Vector2(float x, float y)
        {
            this.x = x;
            this.y = y;
        }
    }

    public struct Vector3
    {
        public float x, y, z;

        public Vector3(float x, float y, float z)
        {
            this.x = x;
            this.y = y;
            this.z = z;
        }

        public float sqrMagnitude => x * x + y * y + z * z;

        public static Vector3 operator +(Vector3 a, Vector3 b) => new Vector3(a.x + b.x, a.y + b.y, a.z + b.z);

        public static Vector3 operator -(Vector3 a) => new Vector3(-a.x, -a.y, -a.z);

        public static Vector3 operator -(Vector3 a, Vector3 b) => a + -b;
    }

    public struct Vector4
    {
        public float x, y, z, w;

        public Vector4(float x, float y, float z, float w)
        {
            this.x = x;
            this.y = y;
            this.z = z;
            this.w = w;
        }
    }

    public struct Quaternion
    {
        public float x, y, z, w;

        public Quaternion(float x, float y, float z, float w)
        {
            this.x = x;
            this.y = y;
            this.z = z;
            this.w = w;
        }

        public static Quaternion identity => new Quaternion(0f, 0f, 0f, 1f);

        public static Quaternion Inverse(Quaternion q) => new Quaternion(-q.x, -q.y, -q.z, q.w);

        /// <summary>Unity's order: about z, then x, then y.</summary>
        public static Quaternion Euler(float x, float y, float z)
        {
            return About(0, 1, 0, y) * About(1, 0, 0, x) * About(0, 0, 1, z);
        }

        public static Quaternion operator *(Quaternion a, Quaternion b)
        {
            return new Quaternion(
                a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y, a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
                a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w, a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z);
        }

        public static Vector3 operator *(Quaternion q, Vector3 v)
        {
            Quaternion turned = q * new Quaternion(v.x, v.y, v.z, 0f) * Inverse(q);
            return new Vector3(turned.x, turned.y, turned.z);
        }

        private static Quaternion About(float x, float y, float z, float degrees)
        {
            double half = degrees * Math.PI / 360;
            var sin = (float)Math.Sin(half);
            return new Quaternion(x * sin, y * sin, z * sin, (float)Math.Cos(half));
        }
    }

    public struct Pose
    {
        public Vector3 position;
        public Quaternion rotation;

        public Pose(Vector3 position, Quaternion rotation)
        {
            this.position = position;
            this.rotation = rotation;
        }
    }

    public struct Matrix4x4
    {
        public float m03, m13, m23;

        public static Matrix4x4 Translate(Vector3 vector)
        {
            return new Matrix4x4 { m03 = vector.x, m13 = vector.y, m23 = vector.z };
        }
    }

    public struct Color
    {
        public float r, g, b, a;

        public Color(float r, float g, float b) : this(r, g, b, 1f)
        {
        }

        public Color(float r, float g, float b, float a)
        {
            this.r = r;
            this.g = g;
            this.b = b;
            this.a = a;
        }
    }

    public static class Mathf
    {
        public const float Rad2Deg = 57.29578f;

        public static float Clamp01(float value) => value < 0f ? 0f : value > 1f ? 1f : value;

        public static float Max(float a, float b) => a > b ? a : b;

        public static float Atan2(float y, float x) => (float)Math.Atan2(y, x);
    }
}
