using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using UnityEngine;

namespace EngineStub
{
    /// <summary>
    /// A player loop: Awake and OnEnable when an object becomes active, Update and LateUpdate each frame in the order
    /// of <see cref="DefaultExecutionOrder"/>, OnDisable and OnDestroy at the end.
    /// </summary>
    public static class Loop
    {
        private static readonly List<Life> Lives = new List<Life>();

        /// <summary>What was logged.</summary>
        public static IList<string> Logged => Debug.Lines;

        /// <summary>Sets what the inspector would.</summary>
        public static void Set(object target, string field, object value)
        {
            FieldInfo found = target.GetType().GetField(field, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);
            if (found == null) throw new ArgumentException($"{target.GetType()} has no {field}");
            found.SetValue(target, value);
        }

        /// <summary>A field's value.</summary>
        public static T Get<T>(object target, string field)
        {
            return (T)target.GetType().GetField(field, BindingFlags.Instance | BindingFlags.NonPublic).GetValue(target);
        }

        /// <summary>One frame.</summary>
        public static void Frame(double elapsedS)
        {
            Time.unscaledTimeAsDouble += elapsedS;
            Time.unscaledDeltaTime = (float)elapsedS;
            for (int i = 0; i < Lives.Count; i++) Lives[i].Run(Lives[i].Update);
            for (int i = 0; i < Lives.Count; i++) Lives[i].Run(Lives[i].LateUpdate);
        }

        /// <summary>The app is paused, or goes on.</summary>
        public static void Pause(bool paused)
        {
            foreach (Life life in Lives.ToList()) life.Pause(paused);
        }

        /// <summary>Destroys all there is.</summary>
        public static void Clear()
        {
            foreach (Life life in Lives.ToList()) Destroy(life.Behaviour.gameObject);
            Debug.Lines.Clear();
        }

        internal static void Added(Component component)
        {
            var behaviour = component as MonoBehaviour;
            if (behaviour == null) return;
            Lives.Add(new Life(behaviour));
            Lives.Sort((a, b) => a.Order.CompareTo(b.Order));
            Refresh();
        }

        internal static void Refresh()
        {
            foreach (Life life in Lives.ToList()) life.Awaken();
            foreach (Life life in Lives.ToList()) life.Switch();
        }

        internal static void Destroy(UnityEngine.Object obj)
        {
            if (obj == null) return;
            var whole = obj as GameObject;
            if (whole != null)
            {
                foreach (Life life in Lives.Where(life => life.Behaviour.gameObject == whole).ToList())
                {
                    life.End();
                    Lives.Remove(life);
                    life.Behaviour.destroyed = true;
                }
                whole.transform.destroyed = true;
            }
            obj.destroyed = true;
        }

        /// <summary>One component's methods; calls are made once, so that a frame makes nothing.</summary>
        private sealed class Life
        {
            private readonly Action _awake, _enable, _disable, _destroy;
            private readonly Action<bool> _pause;
            private bool _awoken, _on;

            internal Life(MonoBehaviour behaviour)
            {
                Behaviour = behaviour;
                var order = (DefaultExecutionOrder)Attribute.GetCustomAttribute(
                    behaviour.GetType(), typeof(DefaultExecutionOrder));
                Order = order == null ? 0 : order.Order;
                _awake = Call<Action>("Awake");
                _enable = Call<Action>("OnEnable");
                _disable = Call<Action>("OnDisable");
                _destroy = Call<Action>("OnDestroy");
                _pause = Call<Action<bool>>("OnApplicationPause");
                Update = Call<Action>("Update");
                LateUpdate = Call<Action>("LateUpdate");
            }

            internal MonoBehaviour Behaviour { get; }

            internal int Order { get; }

            internal Action Update { get; }

            internal Action LateUpdate { get; }

            internal void Run(Action method)
            {
                if (_on && method != null) method();
            }

            internal void Pause(bool paused)
            {
                if (_awoken && _pause != null) _pause(paused);
            }

            internal void Awaken()
            {
                if (_awoken || !Behaviour.gameObject.activeInHierarchy) return;
                _awoken = true;
                if (_awake != null) _awake();
            }

            internal void Switch()
            {
                bool on = _awoken && Behaviour.isActiveAndEnabled;
                if (on == _on) return;
                _on = on;
                Action method = on ? _enable : _disable;
                if (method != null) method();
            }

            internal void End()
            {
                bool was = _on;
                _on = false;
                if (was && _disable != null) _disable();
                if (_awoken && _destroy != null) _destroy();
            }

            private T Call<T>(string name) where T : class
            {
                MethodInfo method = Behaviour.GetType().GetMethod(
                    name, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public);
                return method == null ? null : Delegate.CreateDelegate(typeof(T), Behaviour, method) as T;
            }
        }
    }
}
