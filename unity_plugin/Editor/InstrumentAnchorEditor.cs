using GhostHands.Core;
using UnityEditor;
using UnityEngine;

namespace GhostHands.Editor
{
    /// <summary>What an instrument's name means, and while it plays the calibration with its nudges.</summary>
    [CustomEditor(typeof(InstrumentAnchor))]
    public sealed class InstrumentAnchorEditor : UnityEditor.Editor
    {
        private const float StepM = 0.004f, StepDegrees = 0.5f;

        /// <inheritdoc/>
        public override void OnInspectorGUI()
        {
            DrawDefaultInspector();
            var anchor = (InstrumentAnchor)target;
            Instrument instrument = Instrument.Find(serializedObject.FindProperty("instrument").stringValue);
            if (instrument == null)
            {
                EditorGUILayout.HelpBox("This names no instrument whose size is known.", MessageType.Error);
                return;
            }
            EditorGUILayout.LabelField("Size", $"{instrument.WidthM * 1000:0} × {instrument.DepthM * 1000:0} mm");
            if (!Application.isPlaying) return;
            EditorGUILayout.HelpBox($"{anchor.Title}\n{anchor.Guidance}", MessageType.Info);
            if (anchor.Step == CalibrationStep.Check) ShowNudges(anchor);
            EditorGUILayout.BeginHorizontal();
            if (GUILayout.Button("Touch again")) anchor.TouchAgain();
            if (GUILayout.Button("In front")) PutInFront(anchor);
            if (GUILayout.Button("Keep")) anchor.Keep();
            EditorGUILayout.EndHorizontal();
        }

        /// <inheritdoc/>
        public override bool RequiresConstantRepaint()
        {
            return Application.isPlaying;
        }

        private static void ShowNudges(InstrumentAnchor anchor)
        {
            EditorGUILayout.BeginHorizontal();
            if (GUILayout.Button("← Left")) anchor.Nudge(-StepM, 0f, 0f);
            if (GUILayout.Button("Right →")) anchor.Nudge(StepM, 0f, 0f);
            if (GUILayout.Button("Farther")) anchor.Nudge(0f, 0f, StepM);
            if (GUILayout.Button("Nearer")) anchor.Nudge(0f, 0f, -StepM);
            EditorGUILayout.EndHorizontal();
            EditorGUILayout.BeginHorizontal();
            if (GUILayout.Button("↑ Up")) anchor.Nudge(0f, StepM, 0f);
            if (GUILayout.Button("↓ Down")) anchor.Nudge(0f, -StepM, 0f);
            if (GUILayout.Button("↺ Turn")) anchor.Nudge(0f, 0f, 0f, StepDegrees);
            if (GUILayout.Button("Turn ↻")) anchor.Nudge(0f, 0f, 0f, -StepDegrees);
            EditorGUILayout.EndHorizontal();
        }

        private static void PutInFront(InstrumentAnchor anchor)
        {
            if (Camera.main != null) anchor.PutInFront(Camera.main.transform);
        }
    }
}
