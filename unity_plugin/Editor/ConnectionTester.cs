using System.Collections.Generic;
using GhostHands.Core;
using GhostHands.Protocol;
using UnityEditor;
using UnityEngine;

namespace GhostHands.Editor
{
    /// <summary>
    /// A window that joins a room without a scene: whether the bridge answers, with which certificate, how far away
    /// it is, and what it sends. Window, GhostHands, Connection Tester.
    /// </summary>
    public sealed class ConnectionTester : EditorWindow
    {
        private const int MaxLines = 200;
        private const double RepaintS = 0.25;

        private readonly List<string> _lines = new List<string>();
        private readonly PoseCounter _poses = new PoseCounter();
        private ConnectionSettings _settings = new ConnectionSettings { role = Role.Watch };
        private RoomConnection _connection;
        private StatusMessage _status;
        private Vector2 _scroll;
        private double _paintedS;

        [MenuItem("Window/GhostHands/Connection Tester")]
        private static void Open()
        {
            GetWindow<ConnectionTester>("GhostHands");
        }

        private void OnEnable()
        {
            EditorApplication.update += Poll;
        }

        private void OnDisable()
        {
            EditorApplication.update -= Poll;
            Leave();
        }

        private void OnGUI()
        {
            _settings.link = EditorGUILayout.TextField("Link", _settings.link);
            _settings.certificate = (CertificateCheck)EditorGUILayout.EnumPopup("Certificate", _settings.certificate);
            if (_settings.certificate == CertificateCheck.Fingerprint)
                _settings.fingerprint = EditorGUILayout.TextField("Fingerprint (SHA-256)", _settings.fingerprint);
            EditorGUILayout.BeginHorizontal();
            if (GUILayout.Button(_connection == null ? "Join" : "Join again")) Join();
            if (_connection != null && GUILayout.Button("Leave")) Leave();
            if (_connection != null && GUILayout.Button("Try again now")) _connection.RetryNow();
            EditorGUILayout.EndHorizontal();
            if (_connection != null) ShowState();
            _scroll = EditorGUILayout.BeginScrollView(_scroll);
            foreach (string line in _lines) EditorGUILayout.LabelField(line, EditorStyles.wordWrappedLabel);
            EditorGUILayout.EndScrollView();
        }

        private void ShowState()
        {
            EditorGUILayout.LabelField("State", _connection.State.ToString());
            double roundTripMs = _connection.RoundTripNs / 1e6;
            EditorGUILayout.LabelField("Round trip", roundTripMs < 0 ? "not known yet" : $"{roundTripMs:0.0} ms");
            EditorGUILayout.LabelField("Poses", $"{_poses.RateHz(EditorApplication.timeSinceStartup):0.0} a second here");
            EditorGUILayout.LabelField("Playout delay", $"{_poses.Playout.TargetDelayMs:0} ms");
            EditorGUILayout.LabelField("Dropped", $"{_connection.Dropped} sent, {_connection.DroppedEvents} events");
            if (_status == null) return;
            string latency = _status.LatencyMs.HasValue ? $"{_status.LatencyMs.Value:0} ms" : "no poses";
            EditorGUILayout.LabelField("Bridge", $"{_status.PoseRateHz:0.0} poses a second, capture to pose {latency}");
            foreach (ViewStatus view in _status.Views)
                EditorGUILayout.LabelField(
                    $"Camera {view.View}", $"{view.Width}×{view.Height}, {view.RateHz:0.0} a second, {view.Dropped} dropped");
        }

        private void Join()
        {
            Leave();
            RoomLink link;
            RoomOptions options;
            string problem;
            if (!_settings.TryRead(out link, out options, out problem))
            {
                Say($"{FailureCode.BadLink}: {problem}");
                return;
            }
            options.Client = "GhostHands connection tester";
            _poses.Reset();
            _connection = new RoomConnection(link, options, _poses);
            _connection.Open();
        }

        private void Leave()
        {
            if (_connection == null) return;
            _connection.Dispose();
            _connection = null;
            _status = null;
            Say("left");
        }

        private void Poll()
        {
            RoomEvent taken;
            while (_connection != null && _connection.TryTake(out taken)) Take(taken);
            if (EditorApplication.timeSinceStartup - _paintedS < RepaintS) return;
            _paintedS = EditorApplication.timeSinceStartup;
            if (_connection != null) Repaint();
        }

        private void Take(RoomEvent taken)
        {
            var status = taken.Message as StatusMessage;
            if (status != null)
            {
                _status = status;
                return;
            }
            var welcome = taken.Message as WelcomeMessage;
            string what = taken.Kind == RoomEventKind.Message ? taken.Message.Type : taken.State.ToString();
            if (welcome != null) what += $": room {welcome.Room} of {welcome.Server}";
            if (taken.Code != null) what += $": {taken.Code}: {taken.Text}";
            if (taken.RetryInMs > 0) what += $" (again in {taken.RetryInMs / 1000.0:0.0} s)";
            Say(what);
        }

        /// <summary>The newest is on top.</summary>
        private void Say(string line)
        {
            _lines.Insert(0, $"{System.DateTime.Now:HH:mm:ss}  {line}");
            if (_lines.Count > MaxLines) _lines.RemoveAt(MaxLines);
            Repaint();
        }
    }
}
