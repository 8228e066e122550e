using System;
using System.Globalization;

namespace GhostHands.Core
{
    /// <summary>
    /// What to tell a learner while the instrument is found; the words of the bridge's headset page
    /// (bridge/web/src/headset/words.ts). Makes texts: ask when something changed, not each frame.
    /// </summary>
    public static class CalibrationWords
    {
        private static readonly string[] Keyboards = { "piano-88", "piano-76", "piano-61", "piano-49" };
        private static readonly string[] Names = { "front left corner", "front right corner", "back left corner" };

        private static readonly string[] KeyHints =
        {
            "Of the leftmost key, nearest to you.", "Of the rightmost key, nearest to you.",
            "Of the leftmost key, where it ends at the back.",
        };

        private static readonly string[] PlainHints =
        {
            "The one on your left, nearest to you.", "The one on your right, nearest to you.",
            "The one on your left, away from you.",
        };

        /// <summary>The headline; empty once the instrument is kept.</summary>
        public static string Title(CalibrationFlow flow)
        {
            switch (flow.Step)
            {
                case CalibrationStep.Touch: return "Touch the " + Names[(int)flow.Corner];
                case CalibrationStep.Check: return "Do the drawn keys lie on yours?";
                case CalibrationStep.Refused: return Refusal(flow.Result.Value, flow.Instrument);
                default: return "";
            }
        }

        /// <summary>What to do.</summary>
        /// <param name="flow">Where it stands.</param>
        /// <param name="tracked">A hand is seen.</param>
        /// <param name="pointing">A fingertip holds still.</param>
        public static string Text(CalibrationFlow flow, bool tracked, bool pointing)
        {
            switch (flow.Step)
            {
                case CalibrationStep.Touch:
                    string[] hints = flow.Instrument.MiddleCM.HasValue ? KeyHints : PlainHints;
                    return hints[(int)flow.Corner] + "\n" + (!tracked
                        ? "Hold your hands in front of you. Put controllers down."
                        : pointing ? "Hold still …"
                        : "Point with one index finger, touch the corner, and hold still for a second.");
                case CalibrationStep.Check:
                    if (!flow.Result.HasValue)
                        return "This is where they were kept. Move them, touch again, or poke Keep.";
                    InstrumentCalibration found = flow.Result.Value;
                    return $"Width {Millimetres(found.MeasuredWidthM)} of {Millimetres(flow.Instrument.WidthM)}, " +
                        $"touches fit within {Millimetres(found.ResidualM)}.\nMove them if not, then poke Keep.";
                case CalibrationStep.Refused: return WhatToDo(flow.Result.Value, flow.Instrument);
                default: return "";
            }
        }

        /// <summary>A name for people of an instrument's name on the wire.</summary>
        public static string Instrument(string name)
        {
            string text = (name ?? "").ToLowerInvariant();
            if (text.StartsWith("piano-", StringComparison.Ordinal))
                return $"keyboard with {text.Substring(6).Split(':')[0]} keys";
            if (text == "a3" || text == "a4") return "sheet of " + text.ToUpperInvariant();
            return text == "letter" ? "sheet of letter paper" : $"rectangle of {text} m";
        }

        private static string Refusal(InstrumentCalibration found, Instrument instrument)
        {
            switch (found.Problem)
            {
                case CalibrationProblem.TooNear: return "Two touches are at the same place";
                case CalibrationProblem.UpsideDown: return "Two corners were swapped";
                case CalibrationProblem.Tilted: return "The touches are not level";
                case CalibrationProblem.Width:
                    return $"{Millimetres(found.MeasuredWidthM)} is not the width of this {Instrument(instrument.Name)}";
                default: return "The touches do not fit together";
            }
        }

        private static string WhatToDo(InstrumentCalibration found, Instrument instrument)
        {
            switch (found.Problem)
            {
                case CalibrationProblem.TooNear:
                    return "Touch three different corners, in the order that is asked for.";
                case CalibrationProblem.UpsideDown:
                    return "Touch front left, then front right, then back left, as you sit at it.";
                case CalibrationProblem.Tilted: return "Touch the tops of the keys, all at the same height.";
                case CalibrationProblem.Width:
                    string other = Fitting(found.MeasuredWidthM);
                    return $"It should be {Millimetres(instrument.WidthM)}. " +
                        "Touch the outer corners of the outermost keys." +
                        (other == null ? "" : $"\nYours may be a {Instrument(other)}: leave, and choose that.");
                default:
                    return $"They miss the corners by {Millimetres(found.ResidualM)}. " +
                        "Touch again, and hold still each time.";
            }
        }

        /// <summary>The keyboard whose width this is; null where it is none's.</summary>
        private static string Fitting(double widthM)
        {
            return Array.Find(
                Keyboards, name => Math.Abs(Core.Instrument.Find(name).WidthM - widthM) < 0.03 * widthM);
        }

        private static string Millimetres(double metres)
        {
            return Math.Round(metres * 1000).ToString("N0", CultureInfo.InvariantCulture) + " mm";
        }
    }
}
