using System;
using System.Collections.Generic;

namespace UnityEngine
{
    /// <summary>Destroyed objects equal null, as Unity's do.</summary>
    public class Object
    {
        internal bool destroyed;

        public string name { get; set; } = "";

        public static void Destroy(Object obj)
        {
            EngineStub.Loop.Destroy(obj);
        }

        public static bool operator ==(Object a, Object b)
        {
            bool noA = ReferenceEquals(a, null) || a.destroyed, noB = ReferenceEquals(b, null) || b.destroyed;
            return noA || noB ? noA && noB : ReferenceEquals(a, b);
        }

        public static bool operator !=(Object a, Object b) => !(a == b);

        public override bool Equals(object other) => this == other as Object;

        public override int GetHashCode() => base.GetHashCode();
    }

    public class Component : Object
    {
        public GameObject gameObject { get; internal set; }

        public Transform transform => gameObject.transform;

        public T GetComponent<T>() => gameObject.GetComponent<T>();
    }

    public class Behaviour : Component
    {
        public bool enabled { get; set; } = true;

        public bool isActiveAndEnabled => enabled && gameObject.activeInHierarchy;
    }

    public class MonoBehaviour : Behaviour
    {
    }

    public class GameObject : Object
    {
        internal readonly List<Component> components = new List<Component>();

        public GameObject() : this("")
        {
        }

        public GameObject(string name)
        {
            this.name = name;
            transform = new Transform { gameObject = this, name = name };
        }

        public Transform transform { get; }

        public bool activeSelf { get; private set; } = true;

        public bool activeInHierarchy =>
            activeSelf && (transform.parent == null || transform.parent.gameObject.activeInHierarchy);

        public static GameObject CreatePrimitive(PrimitiveType type)
        {
            var made = new GameObject(type.ToString());
            made.AddComponent<Collider>();
            made.AddComponent<MeshRenderer>();
            return made;
        }

        public T AddComponent<T>() where T : Component
        {
            var added = (T)Activator.CreateInstance(typeof(T));
            added.gameObject = this;
            added.name = name;
            components.Add(added);
            if (added is TextMesh) AddComponent<MeshRenderer>();
            EngineStub.Loop.Added(added);
            return added;
        }

        public T GetComponent<T>()
        {
            foreach (Component component in components)
            {
                if (component is T) return (T)(object)component;
            }
            return default(T);
        }

        public void SetActive(bool value)
        {
            activeSelf = value;
            EngineStub.Loop.Refresh();
        }
    }

    public class Transform : Component
    {
        private readonly List<Transform> _children = new List<Transform>();

        public Transform parent { get; private set; }

        public Vector3 localPosition { get; set; }

        public Quaternion localRotation { get; set; } = Quaternion.identity;

        public Vector3 localScale { get; set; } = new Vector3(1f, 1f, 1f);

        public int childCount => _children.Count;

        public Quaternion rotation => parent == null ? localRotation : parent.rotation * localRotation;

        public Vector3 position => parent == null ? localPosition : parent.TransformPoint(localPosition);

        public void SetParent(Transform parent, bool worldPositionStays)
        {
            if (worldPositionStays) throw new NotSupportedException("not in this stub");
            if (this.parent != null) this.parent._children.Remove(this);
            this.parent = parent;
            if (parent != null) parent._children.Add(this);
        }

        public Transform GetChild(int index) => _children[index];

        public Vector3 TransformPoint(Vector3 point) => position + rotation * point;

        public Vector3 InverseTransformPoint(Vector3 point) => Quaternion.Inverse(rotation) * (point - position);

        public void SetPositionAndRotation(Vector3 position, Quaternion rotation)
        {
            localPosition = parent == null ? position : parent.InverseTransformPoint(position);
            localRotation = parent == null ? rotation : Quaternion.Inverse(parent.rotation) * rotation;
        }
    }

    public class Collider : Component
    {
    }

    public class Camera : Behaviour
    {
        public static Camera main => null;
    }

    public enum PrimitiveType
    {
        Cube = 3,
    }

    public enum TextAnchor
    {
        UpperLeft = 0,
        MiddleCenter = 4,
    }

    public class Font : Object
    {
        public Material material { get; set; } = new Material(new Shader());
    }

    public class TextMesh : Component
    {
        public string text { get; set; }

        public Font font { get; set; }

        public int fontSize { get; set; }

        public float characterSize { get; set; }

        public TextAnchor anchor { get; set; }
    }
}
