using System;
using System.Globalization;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// Where an instrument stood, as a short text to keep (in <c>PlayerPrefs</c>, say) for the next time.
    /// </summary>
    public static class SavedPlace
    {
        private const string Format = "ghosthands-place-1";
        private const int MaxLength = 512;
        private const double MaxM = 1000;
        private const double Tolerance = 0.01;

        /// <summary>Writes it.</summary>
        /// <param name="instrument">What stands there: <c>piano-88</c>, ...</param>
        /// <param name="pose">Takes the instrument's frame to the room, or to an anchor of the headset's.</param>
        public static string Write(string instrument, Rigid pose)
        {
            Position p = pose.Position;
            Rotation q = pose.Rotation;
            float[] numbers = { p.X, p.Y, p.Z, q.X, q.Y, q.Z, q.W };
            string[] texts = Array.ConvertAll(numbers, n => n.ToString("R", CultureInfo.InvariantCulture));
            return $"{Format} {Uri.EscapeDataString(instrument ?? "")} {string.Join(" ", texts)}";
        }

        /// <summary>Reads it; false where it is damaged, of another format, or of another instrument.</summary>
        public static bool TryRead(string text, string instrument, out Rigid pose)
        {
            pose = Rigid.Identity;
            if (text == null || text.Length > MaxLength) return false;
            string[] parts = text.Split(' ');
            if (parts.Length != 9 || parts[0] != Format) return false;
            if (Uri.UnescapeDataString(parts[1]) != (instrument ?? "")) return false;
            var n = new float[7];
            for (int i = 0; i < n.Length; i++)
            {
                bool read = float.TryParse(parts[i + 2], NumberStyles.Float, CultureInfo.InvariantCulture, out n[i]);
                if (!read || !(Math.Abs(n[i]) <= MaxM)) return false;
            }
            double norm = Math.Sqrt(
                (double)n[3] * n[3] + (double)n[4] * n[4] + (double)n[5] * n[5] + (double)n[6] * n[6]);
            if (!(Math.Abs(norm - 1) <= Tolerance)) return false;
            pose = new Rigid(new Position(n[0], n[1], n[2]), new Rotation(n[3], n[4], n[5], n[6]).Canonical);
            return true;
        }
    }
}
