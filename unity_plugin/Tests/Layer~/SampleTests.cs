using EngineStub;
using GhostHands.Core;
using GhostHands.Protocol;
using GhostHands.Samples;
using NUnit.Framework;
using UnityEngine;

namespace GhostHands.LayerTests
{
    /// <summary>The sample's panel and its buttons, in the engine's stub.</summary>
    public sealed class SampleTests
    {
        private const int Labels = 2, NoInstrument = 8, Nudge = 1, Keep = 9;

        private Scene _scene;
        private Transform _panel;

        [SetUp]
        public void Begin()
        {
            Clear();
            _scene = new Scene();
            var space = new GameObject("Tracking Space");
            var head = new GameObject("Head");
            _panel = new GameObject("Panel").transform;
            head.transform.SetParent(space.transform, false);
            head.transform.localPosition = new Vector3(0f, 1.2f, 0f);
            _panel.SetParent(space.transform, false);
            var lesson = new GameObject("Lesson");
            lesson.SetActive(false);
            var sample = lesson.AddComponent<FollowAlong>();
            Loop.Set(sample, "connection", _scene.Connection);
            Loop.Set(sample, "instrument", _scene.Instrument);
            Loop.Set(sample, "hands", _scene.Hands);
            Loop.Set(sample, "player", _scene.Player);
            Loop.Set(sample, "stage", _scene.Stage);
            Loop.Set(sample, "head", head.transform);
            Loop.Set(sample, "panel", _panel);
            lesson.SetActive(true);
        }

        [TearDown]
        public void Clear()
        {
            Loop.Clear();
            PlayerPrefs.DeleteKey("GhostHands.place.piano-88");
        }

        [Test]
        public void ThePanelLeadsFromTouchingToTheLesson()
        {
            _scene.Play(null, 30);
            Assert.That(Title, Is.EqualTo("Touch the front left corner"));
            Press(NoInstrument);
            Assert.That(_scene.Instrument.Step, Is.EqualTo(CalibrationStep.Check));
            Vector3 before = _scene.Instrument.transform.localPosition;
            Assert.That(before.z, Is.EqualTo(0.42f).Within(1e-4));
            Assert.That(before.y, Is.EqualTo(0.78f).Within(1e-4));
            Press(Nudge);
            Assert.That(_scene.Instrument.transform.localPosition.x, Is.EqualTo(before.x + 0.004f).Within(1e-5));
            Press(Keep);
            Assert.That(_scene.Instrument.Kept, Is.True);
            Assert.That(Title, Is.EqualTo("Live teacher"));
            Assert.That(Loop.Logged, Is.Empty);
        }

        [Test]
        public void WhatFailsIsOnThePanel()
        {
            _scene.Connection.Connect("nonsense");
            _scene.Play(null, 30);
            StringAssert.Contains("a link to a room begins with https://", Text(1));
        }

        private string Title => Text(0);

        private string Text(int label)
        {
            return _panel.GetChild(label).gameObject.GetComponent<TextMesh>().text;
        }

        /// <summary>A fingertip comes from in front, goes through, and away.</summary>
        private void Press(int button)
        {
            Transform at = _panel.GetChild(Labels + button);
            Assert.That(at.gameObject.activeInHierarchy, Is.True);
            foreach (float behind in new[] { -0.05f, -0.03f, 0.001f, -0.2f }) Feed(at.TransformPoint(new Vector3(0f, 0f, behind)));
            _scene.Play(null, 30);
        }

        private void Feed(Vector3 tip)
        {
            _scene.Hands.SetTracked(Side.Right, true);
            for (int joint = 0; joint < 26; joint++)
                _scene.Hands.SetJoint(Side.Right, joint, new Pose(tip, Quaternion.identity));
            _scene.Play(null, 1);
        }
    }
}
