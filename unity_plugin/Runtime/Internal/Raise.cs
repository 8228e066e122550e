using System;
using UnityEngine;

namespace GhostHands
{
    /// <summary>Calls an app's handlers: what one of them throws is logged, and stops nothing here.</summary>
    internal static class Raise
    {
        internal static void Event<T>(Action<T> handlers, T value, UnityEngine.Object sender)
        {
            if (handlers == null) return;
            try
            {
                handlers(value);
            }
            catch (Exception error)
            {
                Debug.LogException(error, sender);
            }
        }

        internal static void Event(Action handlers, UnityEngine.Object sender)
        {
            if (handlers == null) return;
            try
            {
                handlers();
            }
            catch (Exception error)
            {
                Debug.LogException(error, sender);
            }
        }
    }
}
