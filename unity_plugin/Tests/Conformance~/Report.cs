using System;

namespace GhostHands.Conformance
{
    /// <summary>One line for each check, <c>ok NAME</c> or <c>FAIL NAME: why</c>, for people and for pytest.</summary>
    internal sealed class Report
    {
        internal int Failures { get; private set; }

        /// <summary>Runs a check, which returns what is wrong, or null. Whatever it throws is wrong, too.</summary>
        internal void Check(string name, Func<string> check)
        {
            string wrong;
            try
            {
                wrong = check();
            }
            catch (Exception error)
            {
                wrong = error.ToString().Replace("\n", " ");
            }
            if (wrong != null) Failures++;
            Console.WriteLine(wrong == null ? $"ok {name}" : $"FAIL {name}: {wrong}");
        }
    }
}
