namespace GhostHands.Protocol
{
    /// <summary>Limits of single fields: each returns quietly or throws <c>malformed</c>.</summary>
    internal static class Check
    {
        internal static void Int(string name, long value, long low, long high)
        {
            if (value < low || value > high)
                throw new ProtocolException($"{name} must be from {low} to {high}, not {value}");
        }

        internal static void Count(string name, long value)
        {
            Int(name, value, 0, Wire.MaxCount);
        }

        internal static void Time(string name, long value)
        {
            Int(name, value, 0, long.MaxValue);
        }

        internal static void Real(string name, double value, double low, double high)
        {
            // NaN fails every comparison.
            if (!(value >= low && value <= high))
                throw new ProtocolException($"{name} must be from {low} to {high}");
        }

        internal static void Real(string name, double? value, double low, double high)
        {
            if (value.HasValue) Real(name, value.Value, low, high);
        }

        /// <summary>Text of at most <paramref name="maxBytes"/> bytes of UTF-8, and not null.</summary>
        internal static void Text(string name, string value, int maxBytes)
        {
            if (value == null) throw new ProtocolException($"{name} must be text, not null");
            if (Utf8.ByteCount(name, value) > maxBytes)
                throw new ProtocolException($"{name} must have at most {maxBytes} bytes of UTF-8");
        }

        internal static void TextOrNull(string name, string value, int maxBytes)
        {
            if (value != null) Text(name, value, maxBytes);
        }

        internal static void Texts(string name, string[] values, int most)
        {
            if (values == null || values.Length > most)
                throw new ProtocolException($"{name} must be a list of at most {most}");
            foreach (string value in values) Text(name, value, Wire.MaxNameBytes);
        }

        /// <summary>A name of a room or view: <c>[a-z0-9][a-z0-9-]{0,31}</c>.</summary>
        internal static void Name(string name, string value)
        {
            bool good = value != null && value.Length >= 1 && value.Length <= 32 && value[0] != '-';
            for (int i = 0; good && i < value.Length; i++)
            {
                char c = value[i];
                good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
            }
            if (!good)
            {
                throw new ProtocolException(
                    $"{name} must be 1 to 32 lower-case letters, digits and dashes, first no dash");
            }
        }

        internal static void Floats(string name, float[] values, float low, float high)
        {
            foreach (float value in values)
            {
                if (!(value >= low && value <= high))
                    throw new ProtocolException($"{name} must hold finite numbers from {low} to {high}");
            }
        }

        /// <summary>Unit quaternions xyzw with w >= 0, four numbers each.</summary>
        internal static void Quaternions(string name, float[] values)
        {
            for (int i = 0; i < values.Length; i += 4)
            {
                double x = values[i], y = values[i + 1], z = values[i + 2], w = values[i + 3];
                double off = x * x + y * y + z * z + w * w - 1.0;
                // |n^2 - 1| = |n - 1| (n + 1), and n + 1 is 2 here; NaN fails the comparison.
                if (!(off <= 2 * Wire.QuaternionTolerance && off >= -2 * Wire.QuaternionTolerance))
                    throw new ProtocolException($"{name} must hold quaternions of length 1");
                if (w < 0)
                    throw new ProtocolException($"{name} must hold quaternions with w >= 0");
            }
        }
    }
}
