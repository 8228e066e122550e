using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading;
using GhostHands.Core;
using GhostHands.Protocol;
using NUnit.Framework;

namespace GhostHands.Tests
{
    /// <summary>What a connection is made of, without sockets and clocks.</summary>
    public sealed class ConnectionPartsTests
    {
        private const string Key = "dGhlIHNhbXBsZSBub25jZQ==";

        [Test]
        public void WaitsGrowUpToACapAndBeginAnew()
        {
            var backoff = new Backoff(() => 1);
            var waits = new List<int>();
            for (int i = 0; i < 8; i++) waits.Add(backoff.Next());
            Assert.That(waits, Is.EqualTo(new[] { 250, 500, 1000, 2000, 4000, 8000, 8000, 8000 }));
            backoff.Reset();
            Assert.That(new Backoff(() => 0).Next(), Is.EqualTo(188));
            Assert.That(backoff.Next(), Is.EqualTo(250));
        }

        [TestCase(4401, "unauthorised", "GiveUp")]
        [TestCase(4403, "forbidden", "GiveUp")]
        [TestCase(4406, "unsupported_version", "GiveUp")]
        [TestCase(4404, "unknown_room", "WaitForRoom")]
        [TestCase(4429, "rate_limited", "RetryLater")]
        [TestCase(4408, "too_slow", "Retry")]
        [TestCase(4400, "malformed", "Retry")]
        [TestCase(1009, "too_large", "Retry")]
        [TestCase(1011, "internal", "Retry")]
        [TestCase(1000, "lost", "Retry")]
        [TestCase(0, "lost", "Retry")]
        public void ACloseCodeSaysHowItGoesOn(int close, string code, string step)
        {
            Assert.That(CloseRules.CodeOf(close), Is.EqualTo(code));
            Assert.That(CloseRules.After(code).ToString(), Is.EqualTo(step));
        }

        [Test]
        public void EveryFailureThatSomebodyCanMendSaysHow()
        {
            foreach (string code in new[]
            {
                FailureCode.Unreachable, FailureCode.Certificate, FailureCode.NotABridge, ErrorCode.Unauthorised,
                ErrorCode.Forbidden, ErrorCode.UnsupportedVersion, ErrorCode.UnknownRoom, ErrorCode.TooSlow,
            })
            {
                Assert.That(FailureCode.Advice(code), Is.Not.Empty, code);
                StringAssert.StartsWith("x. ", new Failure(code, "x").Text);
            }
            Assert.That(new Failure(FailureCode.Lost, "x").Text, Is.EqualTo("x"));
        }

        [Test]
        public void PingsComeInABurstAndThenEveryTwoSeconds()
        {
            var pulse = new Pulse(1000);
            Assert.That(pulse.TakePing(5000), Is.False);
            pulse.Opened(5000);
            var pings = new List<long>();
            for (long now = 5000; now < 12000; now += 10)
            {
                if (pulse.TakePing(now)) pings.Add(now - 5000);
                Assert.That(pulse.WaitMs(now), Is.InRange(1, 500));
            }
            Assert.That(pings, Is.EqualTo(new long[] { 0, 100, 200, 400, 800, 2800, 4800, 6800 }));
        }

        [Test]
        public void SixSecondsOfSilenceAreTooMany()
        {
            var pulse = new Pulse(0);
            pulse.Heard(1000);
            Assert.That(pulse.IsSilent(6999), Is.False);
            Assert.That(pulse.WaitMs(6900), Is.EqualTo(100));
            Assert.That(pulse.IsSilent(7000), Is.True);
        }

        [Test]
        public void EventsComeInOrderAndTheOldestAreDropped()
        {
            var queue = new EventQueue(3);
            for (int i = 0; i < 5; i++) queue.Put(RoomEventKind.Problem, ConnectionState.Open, $"c{i}", null, 0);
            RoomEvent taken;
            var codes = new List<string>();
            while (queue.TryTake(out taken)) codes.Add(taken.Code);
            Assert.That(codes, Is.EqualTo(new[] { "c2", "c3", "c4" }));
            Assert.That(queue.Dropped, Is.EqualTo(2));
            Assert.That(taken, Is.Null);
        }

        [Test]
        public void AScoreInAnEventIsItsOwn()
        {
            var queue = new EventQueue(8);
            var score = new ScoreMessage { Learner = "a", Score = 1 };
            for (int i = 0; i < 3; i++)
            {
                score.Score = i;
                queue.PutMessage(RoomEventKind.Message, ConnectionState.Open, score);
            }
            RoomEvent taken;
            for (int i = 0; i < 3; i++)
            {
                Assert.That(queue.TryTake(out taken), Is.True);
                // What comes meanwhile does not write over the one that was taken.
                queue.PutMessage(RoomEventKind.Message, ConnectionState.Open, score);
                Assert.That(((ScoreMessage)taken.Message).Score, Is.EqualTo(i));
            }
        }

        [Test]
        public void ScoresThroughTheQueueAllocateNothing()
        {
            var queue = new EventQueue(8);
            var score = new ScoreMessage { Learner = "a", Score = 1 };
            score.Hands.Add(Side.Left);
            RoomEvent taken;
            Assert.That(Allocations.In(10000, () =>
            {
                queue.PutMessage(RoomEventKind.Message, ConnectionState.Open, score);
                queue.TryTake(out taken);
            }), Is.EqualTo(0));
        }

        [Test]
        public void TheHandshakeOfTheStandardIsTaken()
        {
            WebSocketHandshake.Check(Granted(), Key);
        }

        [TestCase("HTTP/1.1 404 Not Found", "", "not_a_bridge")]
        [TestCase("HTTP/1.1 200 OK", "", "not_a_bridge")]
        [TestCase("HTTP/1.1 503 Busy", "", "lost")]
        [TestCase("HTTP/1.1 429 Slow", "Retry-After: 7", "rate_limited")]
        [TestCase("HTTP/1.1 101 OK", "", "not_a_bridge")]
        [TestCase("HTTP/1.1 101 OK", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "not_a_bridge")]
        [TestCase(
            "HTTP/1.1 101 OK", "Sec-WebSocket-Accept: wrong\r\nSec-WebSocket-Protocol: ghosthands.v1", "not_a_bridge")]
        public void AnyOtherHandshakeIsRefused(string status, string headers, string code)
        {
            HttpHead head = HttpHead.Parse($"{status}\r\n{headers}\r\n\r\n");
            var error = Assert.Throws<FailureException>(() => WebSocketHandshake.Check(head, Key));
            Assert.That(error.Failure.Code, Is.EqualTo(code));
            Assert.That(error.Failure.RetryAfterMs, Is.EqualTo(code == "rate_limited" ? 7000 : 0));
        }

        [TestCase("SSH-2.0-OpenSSH\r\n\r\n")]
        [TestCase("HTTP/1.1\r\n\r\n")]
        [TestCase("HTTP/1.1 abc\r\n\r\n")]
        [TestCase("HTTP/1.1 99999999999\r\n\r\n")]
        [TestCase("\r\n\r\n")]
        [TestCase("")]
        public void WhatIsNoHttpIsNoBridge(string text)
        {
            var stream = new MemoryStream(Encoding.ASCII.GetBytes(text));
            var error = Assert.Throws<AggregateException>(
                () => HttpHead.ReadAsync(stream, CancellationToken.None).Wait());
            var failure = (FailureException)error.InnerException;
            Assert.That(failure.Failure.Code, Is.EqualTo(text.Length == 0 ? "lost" : "not_a_bridge"));
        }

        [Test]
        public void AHeadWithoutEndIsNotReadForEver()
        {
            var stream = new MemoryStream(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + new string('a', 1 << 20)));
            Assert.Throws<AggregateException>(() => HttpHead.ReadAsync(stream, CancellationToken.None).Wait());
            Assert.That(stream.Position, Is.LessThan(20000));
        }

        [Test]
        public void WhatFollowsAHeadStaysInTheStream()
        {
            var stream = new MemoryStream(Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nA: b\r\n\r\nrest"));
            HttpHead head = HttpHead.ReadAsync(stream, CancellationToken.None).Result;
            Assert.That(head["a"], Is.EqualTo("b"));
            Assert.That(new StreamReader(stream).ReadToEnd(), Is.EqualTo("rest"));
        }

        [Test]
        public void ALearnerIsCalledByItsSession()
        {
            // printf secret | sha256sum
            Assert.That(LearnerName.Of("secret"), Is.EqualTo("learner-2bb80d53"));
            Assert.That(LearnerName.Of(null), Is.Null);
        }

        [Test]
        public void ACertificateIsKnownByItsFingerprint()
        {
            var certificate = new X509Certificate(Convert.FromBase64String(Certificate));
            string fingerprint = TlsPolicy.FingerprintOf(certificate);
            TlsPolicy pinned, other, none;
            string problem;
            string typed = Colons(fingerprint.ToLowerInvariant());
            Assert.That(TlsPolicy.TryPin(typed, out pinned, out problem), Is.True, problem);
            Assert.That(TlsPolicy.TryPin(new string('0', 64), out other, out problem), Is.True);
            Assert.That(TlsPolicy.TryPin("12:34", out none, out problem), Is.False);
            StringAssert.Contains("64 hex digits", problem);
            Assert.That(TlsPolicy.TryPin("fingerprint", out none, out problem), Is.False);
            const SslPolicyErrors untrusted = SslPolicyErrors.RemoteCertificateChainErrors;
            Assert.That(pinned.Refuse(certificate, untrusted), Is.Null);
            StringAssert.Contains("another certificate", other.Refuse(certificate, SslPolicyErrors.None));
            Assert.That(TlsPolicy.Any.Refuse(certificate, untrusted), Is.Null);
            Assert.That(TlsPolicy.Any.Refuse(null, untrusted), Is.Not.Null);
            Assert.That(TlsPolicy.Trusted.Refuse(certificate, SslPolicyErrors.None), Is.Null);
            StringAssert.Contains(fingerprint, TlsPolicy.Trusted.Refuse(certificate, untrusted));
        }

        private static string Colons(string hex)
        {
            var text = new StringBuilder();
            for (int i = 0; i < hex.Length; i += 2) text.Append(i > 0 ? ":" : "").Append(hex, i, 2);
            return text.ToString();
        }

        private static HttpHead Granted()
        {
            return HttpHead.Parse(
                "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
                "Sec-WebSocket-Protocol: ghosthands.v1\r\n\r\n");
        }

        private const string Certificate =
            "MIIBbjCCARWgAwIBAgIUau7d1M8OOGr4VQ70rDr8LhUYmHwwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBeDAgFw0yNjExMjIwMzA4" +
            "NTZaGA8yMTI2MTAyOTAzMDg1NlowDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNuZ6bQ+bt0wOCRPAycj" +
            "4Pll5kzc2wBH78p/L28bwdWsKq9mtQa0pA2iCpKFKQ0pcWzzh3K0ZFhbpoAyDDVlCOCjUzBRMB0GA1UdDgQWBBSZ8dIkD4hlq3XY" +
            "Vv0EZ6znA7Z9jDAfBgNVHSMEGDAWgBSZ8dIkD4hlq3XYVv0EZ6znA7Z9jDAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cA" +
            "MEQCIAS2zr9387RORVimL4dE+e5f7Jacg8LNzQowAYG5yxFIAiAUhOU9cGoI5t4PbUJgawnhZtslAbBKBgKsu0gr2ZHLaA==";
    }
}
