using System;
using UnityEngine;

namespace UnityEditor
{
    [AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
    public sealed class MenuItem : Attribute
    {
        public MenuItem(string itemName)
        {
        }

        public MenuItem(string itemName, bool isValidateFunction)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Class)]
    public sealed class CustomEditor : Attribute
    {
        public CustomEditor(Type inspectedType)
        {
        }
    }

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class SettingsProviderAttribute : Attribute
    {
    }

    public enum SettingsScope
    {
        User,
    }

    public class SettingsProvider
    {
        public SettingsProvider(string path, SettingsScope scopes)
        {
        }

        public Action<string> guiHandler { get; set; }
    }

    public enum MessageType
    {
        None,
        Info,
        Warning,
        Error,
    }

    public sealed class SerializedProperty
    {
        public string stringValue { get; set; } = "";
    }

    public sealed class SerializedObject
    {
        public SerializedProperty FindProperty(string propertyPath) => new SerializedProperty();
    }

    public class Editor
    {
        public UnityEngine.Object target { get; set; }

        public SerializedObject serializedObject { get; } = new SerializedObject();

        public virtual void OnInspectorGUI()
        {
        }

        public virtual bool RequiresConstantRepaint() => false;

        public bool DrawDefaultInspector() => false;
    }

    public class EditorWindow
    {
        public static T GetWindow<T>(string title) where T : EditorWindow => default(T);

        public void Repaint()
        {
        }
    }

    public static class EditorStyles
    {
        public static GUIStyle wordWrappedLabel => new GUIStyle();
    }

    public static class EditorGUILayout
    {
        public static string TextField(string label, string text) => text;

        public static Enum EnumPopup(string label, Enum selected) => selected;

        public static void LabelField(string label, GUIStyle style)
        {
        }

        public static void LabelField(string label, string label2)
        {
        }

        public static void HelpBox(string message, MessageType type)
        {
        }

        public static Rect BeginHorizontal() => default(Rect);

        public static void EndHorizontal()
        {
        }

        public static Vector2 BeginScrollView(Vector2 scrollPosition) => scrollPosition;

        public static void EndScrollView()
        {
        }
    }

    public static class EditorApplication
    {
        public delegate void CallbackFunction();

        public static CallbackFunction update;

        public static double timeSinceStartup => 0;
    }

    public static class EditorPrefs
    {
        public static string GetString(string key, string defaultValue) => defaultValue;

        public static void SetString(string key, string value)
        {
        }
    }

    public static class EditorUtility
    {
        public static string OpenFilePanel(string title, string directory, string extension) => "";

        public static string SaveFilePanelInProject(string title, string defaultName, string extension, string message) => "";

        public static bool DisplayDialog(string title, string message, string ok) => true;

        public static void DisplayProgressBar(string title, string info, float progress)
        {
        }

        public static void ClearProgressBar()
        {
        }
    }

    public static class AssetDatabase
    {
        public static void ImportAsset(string path)
        {
        }

        public static T LoadAssetAtPath<T>(string assetPath) where T : UnityEngine.Object => null;
    }
}

namespace UnityEngine
{
    public struct Rect
    {
    }

    public sealed class GUIStyle
    {
    }

    public sealed class GUILayoutOption
    {
    }

    public static class GUILayout
    {
        public static bool Button(string text, params GUILayoutOption[] options) => false;
    }
}
