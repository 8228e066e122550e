using System;
using System.Diagnostics;
using System.IO;
using System.Text;
using System.Threading;
using GhostHands.Editor;
using NUnit.Framework;

namespace GhostHands.LayerTests
{
    /// <summary>The editor's import of recordings, as far as it is a process.</summary>
    public sealed class ExportTests
    {
        [TestCase("plain", "\"plain\"")]
        [TestCase("two words", "\"two words\"")]
        [TestCase("a\"b", "\"a\\\"b\"")]
        [TestCase("C:\\folder\\", "\"C:\\folder\\\\\"")]
        [TestCase("$(touch x); `y`", "\"$(touch x); `y`\"")]
        public void ArgumentsAreQuoted(string argument, string quoted)
        {
            Assert.That(RecordingExport.Quoted(argument), Is.EqualTo(quoted));
        }

        [Test]
        public void NoShellReadsThem()
        {
            string problem;
            using (RecordingExport export = RecordingExport.Start("/bin/echo", "a $(b) \"c\"", "d e", out problem))
            {
                Assert.That(problem, Is.Null);
                Wait(export);
                Assert.That(export.Succeeded, Is.True);
                Assert.That(export.Said, Is.EqualTo("export a $(b) \"c\" d e --overwrite"));
            }
        }

        [Test]
        public void ARecordingBecomesAGlb()
        {
            string recording = Environment.GetEnvironmentVariable("GHOSTHANDS_RECORDING"), problem;
            string output = Path.ChangeExtension(recording, ".glb");
            string program = Environment.GetEnvironmentVariable("GHOSTHANDS_PROGRAM");
            using (RecordingExport export = RecordingExport.Start(program, recording, output, out problem))
            {
                Assert.That(problem, Is.Null);
                Wait(export);
                Assert.That(export.Succeeded, Is.True, export.Said);
            }
            byte[] made = File.ReadAllBytes(output);
            Assert.That(Encoding.ASCII.GetString(made, 0, 4), Is.EqualTo("glTF"));
        }

        [Test]
        public void AProgramThatIsNotThereIsTold()
        {
            string problem;
            Assert.That(RecordingExport.Start("/nowhere/ghosthands", "a", "b", out problem), Is.Null);
            StringAssert.Contains("pip install ghosthands", problem);
        }

        [Test]
        public void OneThatFailsIsToldInItsOwnWords()
        {
            string problem;
            using (RecordingExport export = RecordingExport.Start("/bin/ls", "/nowhere", "b", out problem))
            {
                Wait(export);
                Assert.That(export.Succeeded, Is.False);
                Assert.That(export.Said, Is.Not.Empty);
            }
        }

        private static void Wait(RecordingExport export)
        {
            Stopwatch clock = Stopwatch.StartNew();
            while (!export.Ended && clock.ElapsedMilliseconds < 30000) Thread.Sleep(5);
            Thread.Sleep(100); // what it said comes on another thread
        }
    }
}
