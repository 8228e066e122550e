using System.IO;
using UnityEditor;
using UnityEngine;

namespace GhostHands.Editor
{
    /// <summary>
    /// Assets, GhostHands, Import Recording: makes a GLB of a recording (both hands skinned and animated) among the
    /// project's assets. Unity reads GLB files with a glTF package (com.unity.cloud.gltfast, say); without one the file
    /// is there, but stays a file.
    /// </summary>
    internal static class RecordingImport
    {
        private const string ProgramKey = "GhostHands.program";
        private const string Title = "GhostHands";
        private static RecordingExport _export;
        private static string _asset;

        private static string Program => EditorPrefs.GetString(ProgramKey, "ghosthands");

        [MenuItem("Assets/GhostHands/Import Recording...")]
        private static void Import()
        {
            string recording = EditorUtility.OpenFilePanel("Recording to import", "", "mcap");
            if (string.IsNullOrEmpty(recording)) return;
            string asset = EditorUtility.SaveFilePanelInProject(
                "Where the animation goes", Path.GetFileNameWithoutExtension(recording), "glb", "");
            if (string.IsNullOrEmpty(asset)) return;
            string problem;
            _export = RecordingExport.Start(Program, recording, Path.GetFullPath(asset), out problem);
            if (_export == null)
            {
                EditorUtility.DisplayDialog(Title, problem, "OK");
                return;
            }
            _asset = asset;
            EditorUtility.DisplayProgressBar(Title, $"Making {asset}", 0.5f);
            EditorApplication.update += Poll;
        }

        [MenuItem("Assets/GhostHands/Import Recording...", true)]
        private static bool MayImport()
        {
            return _export == null;
        }

        private static void Poll()
        {
            if (!_export.Ended) return;
            EditorApplication.update -= Poll;
            EditorUtility.ClearProgressBar();
            if (_export.Succeeded) Take();
            else EditorUtility.DisplayDialog(Title, $"No GLB was made: {_export.Said}", "OK");
            _export.Dispose();
            _export = null;
        }

        private static void Take()
        {
            AssetDatabase.ImportAsset(_asset);
            bool read = AssetDatabase.LoadAssetAtPath<GameObject>(_asset) != null;
            if (!read)
                Debug.LogWarning(
                    $"GhostHands: {_asset} was made, but nothing here reads GLB files: add com.unity.cloud.gltfast");
            else Debug.Log($"GhostHands: {_asset} was made");
        }

        [SettingsProvider]
        private static SettingsProvider Settings()
        {
            return new SettingsProvider("Preferences/GhostHands", SettingsScope.User) { guiHandler = ShowSettings };
        }

        private static void ShowSettings(string search)
        {
            string given = EditorGUILayout.TextField("Program ghosthands", Program);
            if (given != Program) EditorPrefs.SetString(ProgramKey, given);
        }
    }
}
