using GhostHands.Core;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>Links that people get, and what they make of them.</summary>
    public sealed class RoomLinkTests
    {
        [TestCase("https://10.0.0.5:8443/viewer?room=lesson#token=ab.c-d", "wss://10.0.0.5:8443/ws/lesson", "ab.c-d")]
        [TestCase(" https://h.local/learn?x=1&room=a-1#token=t ", "wss://h.local:443/ws/a-1", "t")]
        [TestCase("https://h:8443/capture?room=lesson&view=phone&autostart=1#token=t", "wss://h:8443/ws/lesson", "t")]
        [TestCase("http://127.0.0.1:8080/viewer?room=lesson", "ws://127.0.0.1:8080/ws/lesson", null)]
        [TestCase("wss://h:8443/ws/lesson#token=t", "wss://h:8443/ws/lesson", "t")]
        [TestCase("ws://[::1]:80/ws/lesson", "ws://[::1]:80/ws/lesson", null)]
        [TestCase("HTTPS://H:8443/viewer?room=lesson#a=b&token=x%2By", "wss://h:8443/ws/lesson", "x+y")]
        public void ALinkIsRead(string text, string socket, string token)
        {
            RoomLink link;
            string problem;
            Assert.That(RoomLink.TryParse(text, out link, out problem), Is.True, problem);
            Assert.That(link.ToString(), Is.EqualTo(socket));
            Assert.That(link.Token, Is.EqualTo(token));
            Assert.That(problem, Is.Null);
        }

        [TestCase(null, "empty")]
        [TestCase("  ", "empty")]
        [TestCase("lesson", "begins with")]
        [TestCase("ftp://h/viewer?room=lesson", "begins with")]
        [TestCase("https:///viewer?room=lesson", "begins with")]
        [TestCase("https://me:secret@h/viewer?room=lesson", "no user name")]
        [TestCase("https://h:8443/viewer", "names no room")]
        [TestCase("https://h:8443/viewer?rooms=lesson", "names no room")]
        [TestCase("https://h:8443/viewer?room=Lesson", "room's name")]
        [TestCase("https://h:8443/viewer?room=", "room's name")]
        [TestCase("https://h:8443/viewer?room=a/../b", "room's name")]
        [TestCase("https://h:8443/viewer?room=lesson#token=", "token")]
        [TestCase("https://h:8443/viewer?room=lesson#token=a%0d%0ab", "token")]
        public void WhatIsNoLinkIsTold(string text, string problem)
        {
            RoomLink link;
            string told;
            Assert.That(RoomLink.TryParse(text, out link, out told), Is.False);
            Assert.That(link, Is.Null);
            StringAssert.Contains(problem, told);
        }

        [Test]
        public void ALongTextIsRefusedBeforeItIsRead()
        {
            RoomLink link;
            string told;
            string text = "https://h/viewer?room=lesson#token=" + new string('a', 10000);
            Assert.That(RoomLink.TryParse(text, out link, out told), Is.False);
            StringAssert.Contains("too long", told);
        }
    }
}
