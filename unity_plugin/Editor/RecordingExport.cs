using System;
using System.Diagnostics;
using System.Text;

namespace GhostHands.Editor
{
    /// <summary>
    /// Runs <c>ghosthands export RECORDING OUTPUT --overwrite</c>: the bridge's own program reads recordings, so that
    /// this package needs no reader of MCAP files. No shell is in between.
    /// </summary>
    internal sealed class RecordingExport : IDisposable
    {
        private readonly StringBuilder _said = new StringBuilder();
        private readonly Process _process;

        private RecordingExport(Process process)
        {
            _process = process;
        }

        /// <summary>It has ended.</summary>
        internal bool Ended => _process.HasExited;

        /// <summary>It has ended, and the output is there.</summary>
        internal bool Succeeded => Ended && _process.ExitCode == 0;

        /// <summary>What it said, for people.</summary>
        internal string Said
        {
            get
            {
                lock (_said) return _said.ToString().Trim();
            }
        }

        /// <summary>Starts it.</summary>
        /// <param name="program">The program's name or path.</param>
        /// <param name="recording">The recording's path.</param>
        /// <param name="output">The path of the file to make; its ending says what it is.</param>
        /// <param name="problem">Why it did not start, for people; null where it did.</param>
        /// <returns>Null where it did not start.</returns>
        internal static RecordingExport Start(string program, string recording, string output, out string problem)
        {
            problem = null;
            try
            {
                var start = new ProcessStartInfo
                {
                    FileName = program,
                    Arguments = $"export {Quoted(recording)} {Quoted(output)} --overwrite",
                    UseShellExecute = false,
                    CreateNoWindow = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                };
                var export = new RecordingExport(new Process { StartInfo = start });
                export._process.OutputDataReceived += export.Hear;
                export._process.ErrorDataReceived += export.Hear;
                export._process.Start();
                export._process.BeginOutputReadLine();
                export._process.BeginErrorReadLine();
                return export;
            }
            catch (Exception error)
            {
                // Which exception depends on the system; it means the same.
                problem = $"{program} does not start ({error.Message}): install it with pip install ghosthands, or " +
                    "give its path in Preferences, GhostHands";
                return null;
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            _process.Dispose();
        }

        /// <summary>
        /// One argument, as .NET's process splits them on every system: backslashes count only before quotes.
        /// </summary>
        internal static string Quoted(string argument)
        {
            var quoted = new StringBuilder("\"");
            int backslashes = 0;
            foreach (char c in argument)
            {
                if (c == '\\')
                {
                    backslashes++;
                    continue;
                }
                quoted.Append('\\', c == '"' ? 2 * backslashes + 1 : backslashes).Append(c);
                backslashes = 0;
            }
            return quoted.Append('\\', 2 * backslashes).Append('"').ToString();
        }

        private void Hear(object sender, DataReceivedEventArgs heard)
        {
            if (heard.Data == null) return;
            lock (_said) _said.AppendLine(heard.Data);
        }
    }
}
