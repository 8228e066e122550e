using System;

namespace GhostHands.Tests
{
    /// <summary>Counts what a frame allocates.</summary>
    internal static class Allocations
    {
        /// <summary>Bytes made in many frames, after some that may make what is used again.</summary>
        internal static long In(int frames, Action frame)
        {
            for (int i = 0; i < 20; i++) frame();
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < frames; i++) frame();
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
