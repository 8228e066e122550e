using System;
using System.Collections.Generic;

namespace UnityEngine
{
    [AttributeUsage(AttributeTargets.Field)]
    public sealed class SerializeField : Attribute
    {
    }

    [AttributeUsage(AttributeTargets.Field)]
    public sealed class TooltipAttribute : Attribute
    {
        public TooltipAttribute(string tooltip)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Field)]
    public sealed class MinAttribute : Attribute
    {
        public MinAttribute(float min)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class AddComponentMenu : Attribute
    {
        public AddComponentMenu(string menuName)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class DisallowMultipleComponent : Attribute
    {
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class DefaultExecutionOrder : Attribute
    {
        public DefaultExecutionOrder(int order)
        {
            Order = order;
        }

        internal int Order { get; }
    }

    public static class Application
    {
        public static event Action onBeforeRender;

        public static string version => "0.1";

        public static bool isPlaying => true;

        internal static void BeforeRender()
        {
            if (onBeforeRender != null) onBeforeRender();
        }
    }

    public static class Time
    {
        public static double unscaledTimeAsDouble { get; internal set; }

        public static float unscaledDeltaTime { get; internal set; }
    }

    public static class Debug
    {
        internal static readonly List<string> Lines = new List<string>();

        public static void Log(object message)
        {
            Lines.Add("log " + message);
        }

        public static void LogWarning(object message)
        {
            Lines.Add("warning " + message);
        }

        public static void LogWarning(object message, Object context)
        {
            LogWarning(message);
        }

        public static void LogError(object message)
        {
            Lines.Add("error " + message);
        }

        public static void LogError(object message, Object context)
        {
            LogError(message);
        }

        public static void LogException(Exception exception, Object context)
        {
            Lines.Add("exception " + exception.Message);
        }
    }

    public static class PlayerPrefs
    {
        private static readonly Dictionary<string, string> Kept = new Dictionary<string, string>();

        public static string GetString(string key, string defaultValue)
        {
            string value;
            return Kept.TryGetValue(key, out value) ? value : defaultValue;
        }

        public static void SetString(string key, string value)
        {
            Kept[key] = value;
        }

        public static void DeleteKey(string key)
        {
            Kept.Remove(key);
        }

        public static void Save()
        {
        }
    }

    public static class Resources
    {
        public static T Load<T>(string path) where T : Object
        {
            return new Shader { name = path } as T;
        }

        public static T GetBuiltinResource<T>(string path) where T : Object
        {
            return new Font { name = path } as T;
        }
    }
}

namespace UnityEngine.Events
{
    public delegate void UnityAction();

    public delegate void UnityAction<T0>(T0 arg0);

    public delegate void UnityAction<T0, T1>(T0 arg0, T1 arg1);

    public class UnityEvent
    {
        private UnityAction _calls;

        public void AddListener(UnityAction call)
        {
            _calls += call;
        }

        public void Invoke()
        {
            if (_calls != null) _calls();
        }
    }

    public class UnityEvent<T0>
    {
        private UnityAction<T0> _calls;

        public void AddListener(UnityAction<T0> call)
        {
            _calls += call;
        }

        public void Invoke(T0 arg0)
        {
            if (_calls != null) _calls(arg0);
        }
    }

    public class UnityEvent<T0, T1>
    {
        private UnityAction<T0, T1> _calls;

        public void AddListener(UnityAction<T0, T1> call)
        {
            _calls += call;
        }

        public void Invoke(T0 arg0, T1 arg1)
        {
            if (_calls != null) _calls(arg0, arg1);
        }
    }
}

namespace UnityEngine.XR
{
    public enum XRNode
    {
        CenterEye = 2,
    }

    public struct InputFeatureUsage<T>
    {
    }

    public static class CommonUsages
    {
        public static InputFeatureUsage<Vector3> centerEyePosition;
        public static InputFeatureUsage<Quaternion> centerEyeRotation;
    }

    public struct InputDevice
    {
        public bool isValid => false;

        public bool TryGetFeatureValue(InputFeatureUsage<Vector3> usage, out Vector3 value)
        {
            value = default(Vector3);
            return false;
        }

        public bool TryGetFeatureValue(InputFeatureUsage<Quaternion> usage, out Quaternion value)
        {
            value = default(Quaternion);
            return false;
        }
    }

    public static class InputDevices
    {
        public static InputDevice GetDeviceAtXRNode(XRNode node) => default(InputDevice);
    }
}
