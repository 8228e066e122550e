namespace GhostHands.Core
{
    /// <summary>Sorts some hundred numbers where they are (Shell 1959, gaps of Ciura 2001).</summary>
    /// <remarks><c>Array.Sort</c> of Mono allocates a delegate each time.</remarks>
    internal static class Sorting
    {
        private static readonly int[] Gaps = { 132, 57, 23, 10, 4, 1 };

        /// <summary>Sorts the first numbers of an array, the least first.</summary>
        internal static void Ascending(double[] values, int count)
        {
            foreach (int gap in Gaps)
            {
                for (int i = gap; i < count; i++)
                {
                    double value = values[i];
                    int at = i;
                    for (; at >= gap && values[at - gap] > value; at -= gap) values[at] = values[at - gap];
                    values[at] = value;
                }
            }
        }
    }
}
