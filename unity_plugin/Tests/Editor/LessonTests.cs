using System;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>Where a lesson is, its buttons' commands, and how it waits for its learner.</summary>
    public sealed class LessonTests
    {
        private const long SecondNs = 1000000000;

        [TestCase(false, 9, 10)]
        [TestCase(true, 0, 10)]
        [TestCase(true, 2, 11)]
        [TestCase(true, -3, 10)]
        [TestCase(true, 900, 60)]
        public void ThePositionMovesAtItsRateAndEnds(bool playing, int laterS, double meant)
        {
            PlaybackStateMessage state = State(playing, 10);
            state.Rate = 0.5;
            Assert.That(LessonPosition.At(state, (5 + laterS) * SecondNs), Is.EqualTo(meant).Within(1e-9));
            Assert.That(LessonPosition.At(state, null), Is.EqualTo(10));
        }

        [Test]
        public void ALoopIsFollowedRound()
        {
            PlaybackStateMessage state = State(true, 10);
            state.LoopS = new LoopRange(8, 12);
            Assert.That(LessonPosition.At(state, 8 * SecondNs), Is.EqualTo(9).Within(1e-9));
            Assert.That(LessonPosition.At(state, 16 * SecondNs), Is.EqualTo(9).Within(1e-9));
        }

        [TestCase(0, "0:00")]
        [TestCase(-3, "0:00")]
        [TestCase(65.9, "1:05")]
        [TestCase(3600, "60:00")]
        public void PeopleReadMinutes(double seconds, string text)
        {
            Assert.That(LessonPosition.Clock(seconds), Is.EqualTo(text));
        }

        [Test]
        public void ButtonsAreValidCommandsOrNone()
        {
            PlaybackStateMessage state = State(true, 10);
            Assert.That(Valid(LessonCommands.PlayOrPause(state)).Command, Is.EqualTo(PlaybackCommand.Pause));
            Assert.That(Valid(LessonCommands.RateStep(state, true)).Rate, Is.EqualTo(1.25));
            Assert.That(Valid(LessonCommands.RateStep(state, false)).Rate, Is.EqualTo(0.75));
            Assert.That(Valid(LessonCommands.Rate(9)).Rate, Is.EqualTo(2));
            Assert.That(Valid(LessonCommands.Seek(-4)).PositionS, Is.EqualTo(0));
            Assert.That(Valid(LessonCommands.Loop(9, 3)).LoopS.Value.BeginS, Is.EqualTo(3));
            Assert.That(Valid(LessonCommands.LoopFrom(state, 10)).LoopS.Value.BeginS, Is.EqualTo(2));
            Assert.That(Valid(LessonCommands.Load("etude")).Recording, Is.EqualTo("etude"));
            Assert.That(LessonCommands.Loop(3, 3.5), Is.Null);
            Assert.That(LessonCommands.LoopFrom(state, 0.5), Is.Null);
            state.Rate = 2;
            Assert.That(LessonCommands.RateStep(state, true), Is.Null);
            state.Rate = 0.25;
            Assert.That(LessonCommands.RateStep(state, false), Is.Null);
            state.LoopS = new LoopRange(1, 5);
            Assert.That(Valid(LessonCommands.LoopFrom(state, 4)).LoopS, Is.Null);
        }

        [Test]
        public void ItWaitsForWhoIsBehindAndGoesOn()
        {
            WaitMode wait = Behind(1.5);
            Assert.That(wait.LeadS, Is.EqualTo(1.5).Within(1e-9));
            Assert.That(wait.Advance(true, 0), Is.EqualTo(PlaybackCommand.Pause));
            Assert.That(wait.Advance(true, 100), Is.Null, "asked once");
            Assert.That(wait.Advance(false, 150), Is.Null);
            Assert.That(wait.Waiting, Is.True);
            Follow(wait, 0.5, false);
            Assert.That(wait.Advance(false, 200), Is.Null, "not yet");
            Follow(wait, 0.1, false);
            Assert.That(wait.Advance(false, 300), Is.EqualTo(PlaybackCommand.Play));
            Assert.That(wait.Advance(true, 350), Is.Null);
            Assert.That(wait.Waiting, Is.False);
        }

        [Test]
        public void ACommandThatDidNothingIsGivenAgain()
        {
            WaitMode wait = Behind(2);
            Assert.That(wait.Advance(true, 0), Is.EqualTo(PlaybackCommand.Pause));
            Assert.That(wait.Advance(true, WaitMode.AnswerMs - 1), Is.Null);
            Assert.That(wait.Advance(true, WaitMode.AnswerMs), Is.EqualTo(PlaybackCommand.Pause));
        }

        [Test]
        public void WhatAPersonPausesStaysPaused()
        {
            WaitMode wait = Behind(0.1);
            Assert.That(wait.Advance(true, 0), Is.Null);
            Assert.That(wait.Advance(false, 10), Is.Null);
            Assert.That(wait.Waiting, Is.False);
            Assert.That(wait.Advance(false, 9999), Is.Null);
        }

        [Test]
        public void WhoStartsItByHandIsLeftALittleTime()
        {
            WaitMode wait = Behind(2);
            wait.Advance(true, 0);
            wait.Advance(false, 10);
            Assert.That(wait.Advance(true, 20), Is.Null, "a person pressed play");
            Assert.That(wait.Waiting, Is.False);
            Assert.That(wait.Advance(true, 9999), Is.Null, "where the learner was is forgotten");
            Follow(wait, 2, true);
            Assert.That(wait.Advance(true, 9999), Is.EqualTo(PlaybackCommand.Pause));
        }

        [Test]
        public void GraceIsForWhoIsStillBehind()
        {
            WaitMode wait = Behind(2);
            wait.Advance(true, 0);
            wait.Advance(false, 10);
            wait.Advance(true, 20);
            Follow(wait, 2, true);
            Assert.That(wait.Advance(true, 19 + WaitMode.GraceMs), Is.Null);
            Assert.That(wait.Advance(true, 20 + WaitMode.GraceMs), Is.EqualTo(PlaybackCommand.Pause));
        }

        [Test]
        public void WhoHoldsStillIsWhereTheyWere()
        {
            WaitMode wait = Behind(0.1);
            Assert.That(wait.Advance(true, 0), Is.Null);
            wait.Take(new ScoreMessage { TimeNs = 6 * SecondNs }, State(true, 10));
            Assert.That(wait.LeadS, Is.EqualTo(1.1).Within(1e-9));
            Assert.That(wait.Advance(true, 10), Is.EqualTo(PlaybackCommand.Pause));
        }

        [Test]
        public void NobodyWaitsForWhoIsNotKnownOrUnlessAsked()
        {
            var wait = new WaitMode { Enabled = true };
            wait.Take(new ScoreMessage { TimeNs = 9 * SecondNs }, State(true, 10));
            Assert.That(wait.LeadS, Is.NaN);
            Assert.That(wait.Advance(true, 0), Is.Null);
            wait.Enabled = false;
            Follow(wait, 5, true);
            Assert.That(wait.Advance(true, 0), Is.Null);
        }

        private static WaitMode Behind(double byS)
        {
            var wait = new WaitMode { Enabled = true };
            wait.Advance(true, -1e4);
            wait.Reset();
            Follow(wait, byS, true);
            return wait;
        }

        private static void Follow(WaitMode wait, double byS, bool playing)
        {
            wait.Take(new ScoreMessage { TimeNs = 5 * SecondNs, PositionS = 10 - byS }, State(playing, 10));
        }

        private static PlaybackStateMessage State(bool playing, double positionS)
        {
            return new PlaybackStateMessage
            {
                TimeNs = 5 * SecondNs, Recording = "etude", DurationS = 60, PositionS = positionS, Playing = playing,
            };
        }

        private static PlaybackControlMessage Valid(PlaybackControlMessage command)
        {
            command.Validate();
            return command;
        }
    }
}
