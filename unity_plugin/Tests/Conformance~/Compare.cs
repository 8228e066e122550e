using System;
using System.Collections.Generic;

namespace GhostHands.Conformance
{
    /// <summary>Whether two meanings are the same.</summary>
    internal static class Compare
    {
        /// <summary>The first difference, or null if there is none.</summary>
        /// <param name="actual">What was decoded.</param>
        /// <param name="expected">What the golden file has.</param>
        /// <param name="tolerance">How far numbers may be from each other.</param>
        /// <param name="path">Where in the meaning this is, for people.</param>
        internal static string Difference(object actual, object expected, double tolerance, string path = "")
        {
            if (expected == null || actual == null)
                return expected == actual ? null : $"{path}: {Shown(actual)} is not {Shown(expected)}";
            if (expected.GetType() != actual.GetType())
                return $"{path}: {Shown(actual)} is not {Shown(expected)}";
            var map = expected as Dictionary<string, object>;
            if (map != null) return Maps((Dictionary<string, object>)actual, map, tolerance, path);
            var list = expected as List<object>;
            if (list != null) return Lists((List<object>)actual, list, tolerance, path);
            bool same = expected is double
                ? Near((double)actual, (double)expected, tolerance)
                : expected.Equals(actual);
            return same ? null : $"{path}: {Shown(actual)} is not {Shown(expected)}";
        }

        /// <summary>Mono reads some decimal fractions one bit off: that much is always allowed.</summary>
        private static bool Near(double actual, double expected, double tolerance)
        {
            return Math.Abs(actual - expected) <= Math.Max(tolerance, 3e-16 * Math.Abs(expected));
        }

        private static string Maps(
            Dictionary<string, object> actual, Dictionary<string, object> expected, double tolerance, string path)
        {
            foreach (string key in actual.Keys)
            {
                if (!expected.ContainsKey(key)) return $"{path}.{key} is too much";
            }
            foreach (KeyValuePair<string, object> item in expected)
            {
                object value;
                if (!actual.TryGetValue(item.Key, out value)) return $"{path}.{item.Key} is missing";
                string difference = Difference(value, item.Value, tolerance, $"{path}.{item.Key}");
                if (difference != null) return difference;
            }
            return null;
        }

        private static string Lists(List<object> actual, List<object> expected, double tolerance, string path)
        {
            if (actual.Count != expected.Count) return $"{path}: {actual.Count} items, not {expected.Count}";
            for (int i = 0; i < expected.Count; i++)
            {
                string difference = Difference(actual[i], expected[i], tolerance, $"{path}[{i}]");
                if (difference != null) return difference;
            }
            return null;
        }

        private static string Shown(object value)
        {
            return value == null ? "null" : $"{value} ({value.GetType().Name})";
        }
    }
}
