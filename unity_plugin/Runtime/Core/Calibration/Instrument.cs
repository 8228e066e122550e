using System;
using System.Globalization;

namespace GhostHands.Core
{
    /// <summary>
    /// What an instrument's name says of its size: keyboards (<c>piano-88</c>, <c>piano-61:c3-c5</c> where
    /// only a part was seen), sheets (<c>a4</c>) and rectangles (<c>0.4x0.3</c>, metres). Sizes and names as
    /// in bridge/model/anchor/instruments.py.
    /// </summary>
    public sealed class Instrument
    {
        /// <summary>From one white key to the next, metres: 52 of them are 1222 mm.</summary>
        public const double KeyPitchM = 0.0235;

        /// <summary>The visible part of a white key, front to back, metres.</summary>
        public const double KeyDepthM = 0.15;

        private const int MiddleC = 28; // white keys from C0 to C4
        private const string WhiteNames = "cdefgab";
        private const double LeastSideM = 0.1, MostSideM = 100;

        private Instrument(string name, double widthM, double depthM)
        {
            Name = name;
            WidthM = PartWidthM = widthM;
            DepthM = depthM;
        }

        /// <summary>Its name.</summary>
        public string Name { get; }

        /// <summary>Width of the whole instrument along its front edge, metres.</summary>
        public double WidthM { get; }

        /// <summary>Its depth, metres.</summary>
        public double DepthM { get; }

        /// <summary>Left edge of the part that an anchor's size and place are of, metres from the whole's.</summary>
        public double PartLeftM { get; private set; }

        /// <summary>Width of that part, metres; the whole's where the name says no part.</summary>
        public double PartWidthM { get; private set; }

        /// <summary>Left edge of middle C, metres from the left edge; null where it is no keyboard.</summary>
        public double? MiddleCM { get; private set; }

        /// <summary>What a name means; null where it means no instrument whose size is known.</summary>
        public static Instrument Find(string name)
        {
            string text = (name ?? "").Trim().ToLowerInvariant();
            switch (text)
            {
                case "a3": return new Instrument(text, 0.42, 0.297);
                case "a4": return new Instrument(text, 0.297, 0.21);
                case "letter": return new Instrument(text, 0.2794, 0.2159);
            }
            const string piano = "piano-";
            if (!text.StartsWith(piano, StringComparison.Ordinal)) return Rectangle(text);
            string[] halves = text.Substring(piano.Length).Split(':');
            switch (halves[0])
            {
                case "88": return Keyboard(text, halves, "a0", "c8");
                case "76": return Keyboard(text, halves, "e1", "g7");
                case "61": return Keyboard(text, halves, "c2", "c7");
                case "49": return Keyboard(text, halves, "c2", "c6");
                default: return null;
            }
        }

        private static Instrument Rectangle(string text)
        {
            string[] sides = text.Split('x');
            bool good = sides.Length == 2;
            double widthM = 0, depthM = 0;
            good = good && double.TryParse(sides[0], NumberStyles.Float, CultureInfo.InvariantCulture, out widthM);
            good = good && double.TryParse(sides[1], NumberStyles.Float, CultureInfo.InvariantCulture, out depthM);
            good = good && widthM > LeastSideM && depthM > LeastSideM && widthM <= MostSideM && depthM <= MostSideM;
            return good ? new Instrument(text, widthM, depthM) : null;
        }

        private static Instrument Keyboard(string name, string[] halves, string lowest, string highest)
        {
            int low = White(lowest), high = White(highest), first = low, last = high;
            if (halves.Length > 2) return null;
            if (halves.Length == 2)
            {
                string[] ends = halves[1].Split('-');
                if (ends.Length != 2) return null;
                first = White(ends[0]);
                last = White(ends[1]);
            }
            if (first < low || last > high || first > last) return null;
            return new Instrument(name, (high - low + 1) * KeyPitchM, KeyDepthM)
            {
                PartLeftM = (first - low) * KeyPitchM,
                PartWidthM = (last - first + 1) * KeyPitchM,
                MiddleCM = (MiddleC - low) * KeyPitchM,
            };
        }

        /// <summary>A white key's place, counted in white keys from C0; -1 where the text is none.</summary>
        private static int White(string note)
        {
            if (note.Length != 2 || note[1] < '0' || note[1] > '8') return -1;
            int step = WhiteNames.IndexOf(note[0]);
            return step < 0 ? -1 : 7 * (note[1] - '0') + step;
        }
    }
}
