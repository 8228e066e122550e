namespace GhostHands.Protocol
{
    /// <summary>The fields of a hand in a compact pose (SPEC.md, "Compact pose").</summary>
    internal static class CompactLayout
    {
        internal const int HandBytes = 71;
        internal const double StepM = 5e-5;
        internal const int WristBits = 20;
        internal const int WristZero = 1 << (WristBits - 1);
        internal const int ConfidenceBits = 3;
        internal const int MaxConfidence = (1 << ConfidenceBits) - 1;
        internal const int LargestBits = 2;
        internal const double SqrtHalf = 0.70710678118654752440;

        /// <summary>How far a wrist may be from the stage's origin along each axis, metres.</summary>
        internal const double MaxWristM = (WristZero - 1) * StepM;

        /// <summary>Bits of each of three components: more where a longer arm hangs on the joint.</summary>
        internal static int Bits(int joint)
        {
            return joint == 0 ? 13 : joint % 3 == 1 ? 10 : 9;
        }

        /// <summary>The level of zero; levels go from 0 to twice this.</summary>
        internal static int Half(int joint)
        {
            return (1 << (Bits(joint) - 1)) - 1;
        }
    }
}
