using System;
using GhostHands.Protocol;

namespace GhostHands.Core
{
    /// <summary>
    /// The commands of a lesson's buttons, as on the bridge's headset page (bridge/web/src/headset/playback.ts).
    /// Those that would change nothing are null.
    /// </summary>
    public static class LessonCommands
    {
        /// <summary>How far "back" goes, seconds.</summary>
        public const double BackS = 5;

        /// <summary>What a loop goes over: the passage that was just heard, seconds.</summary>
        public const double LoopS = 8;

        /// <summary>A shorter loop, seconds, is none.</summary>
        public const double LeastLoopS = 1;

        private static readonly double[] Rates = { 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2 };

        /// <summary>Plays if it is paused, pauses if it plays.</summary>
        public static PlaybackControlMessage PlayOrPause(PlaybackStateMessage state)
        {
            return Of(state.Playing ? PlaybackCommand.Pause : PlaybackCommand.Play);
        }

        /// <summary>The next rate up or down.</summary>
        public static PlaybackControlMessage RateStep(PlaybackStateMessage state, bool up)
        {
            double found = 0;
            foreach (double rate in Rates)
            {
                if (up && found.Equals(0d) && rate > state.Rate + 0.01) found = rate;
                if (!up && rate < state.Rate - 0.01) found = rate;
            }
            return found > 0 ? Rate(found) : null;
        }

        /// <summary>A rate, brought into 0.25 to 2.</summary>
        public static PlaybackControlMessage Rate(double rate)
        {
            double within = Math.Min(Rates[Rates.Length - 1], Math.Max(Rates[0], rate));
            return new PlaybackControlMessage { Command = PlaybackCommand.Rate, Rate = within };
        }

        /// <summary>To a place in the recording, seconds.</summary>
        public static PlaybackControlMessage Seek(double positionS)
        {
            return new PlaybackControlMessage { Command = PlaybackCommand.Seek, PositionS = Math.Max(0, positionS) };
        }

        /// <summary>Repeats from A to B, in either order; null where that is too short.</summary>
        public static PlaybackControlMessage Loop(double oneS, double otherS)
        {
            double beginS = Math.Max(0, Math.Min(oneS, otherS)), endS = Math.Max(oneS, otherS);
            if (!(endS - beginS >= LeastLoopS)) return null;
            return new PlaybackControlMessage { Command = PlaybackCommand.Loop, LoopS = new LoopRange(beginS, endS) };
        }

        /// <summary>Loops the last seconds, or ends the loop there is.</summary>
        public static PlaybackControlMessage LoopFrom(PlaybackStateMessage state, double positionS)
        {
            if (state.LoopS.HasValue) return Of(PlaybackCommand.Loop);
            double endS = Math.Min(positionS, state.DurationS);
            return Loop(Math.Max(0, endS - LoopS), endS);
        }

        /// <summary>Loads one of the state's recordings.</summary>
        public static PlaybackControlMessage Load(string recording)
        {
            return new PlaybackControlMessage { Command = PlaybackCommand.Load, Recording = recording };
        }

        /// <summary>A command that needs nothing else: play, pause, unload, or loop to end it.</summary>
        public static PlaybackControlMessage Of(PlaybackCommand command)
        {
            return new PlaybackControlMessage { Command = command };
        }
    }
}
