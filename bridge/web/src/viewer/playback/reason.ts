import type { PlaybackState } from "../../protocol/index.js";

/** Why the bar can do nothing, or not yet, with what to do; empty where it can. */
export function reasonFor(open: boolean, allowed: boolean, state: PlaybackState | null): string {
  if (!open) return "Shown once connected.";
  if (!state) {
    return "This bridge has no recordings to play here. Start it with ghosthands serve --lessons FOLDER.";
  }
  if (!allowed) {
    return "You may not play recordings in this room. Open it with a link to publish, or ask who runs the bridge.";
  }
  if (state.recording !== null) return "";
  return state.recordings.length > 0
    ? "Choose a recording to play it to everyone in the room."
    : "The lessons folder has no recordings yet.";
}
