import type { MessageOf, PlaybackState } from "../protocol/index.js";

export type Control = MessageOf<"playback_control">;

const RATES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];
const BACK_S = 5;
/** What a loop goes over: the passage that was just heard. */
const LOOP_S = 8;
const LEAST_LOOP_S = 1;

const NOTHING = { recording: null, position_s: null, rate: null, loop_s: null };

/** A command with what it needs and nothing else. */
export function control(command: Control["command"], fields: Partial<Control> = {}): Control {
  return { type: "playback_control", ...NOTHING, ...fields, command };
}

/** Where playback is now, seconds; loops are followed. */
export function positionS(state: PlaybackState, bridgeNowNs: bigint | null): number {
  if (!state.playing || bridgeNowNs === null) return state.position_s;
  const movedS = (Math.max(0, Number(bridgeNowNs - state.time_ns)) / 1e9) * state.rate;
  const at = state.position_s + movedS;
  const [begin, end] = state.loop_s ?? [0, state.duration_s];
  if (state.loop_s && at > end!) return begin! + ((at - begin!) % (end! - begin!));
  return Math.min(at, state.duration_s);
}

export const playOrPause = (state: PlaybackState): Control =>
  state.playing ? control("pause") : control("play");

export function rateStep(state: PlaybackState, up: boolean): Control | null {
  const next = up
    ? RATES.find((rate) => rate > state.rate + 0.01)
    : [...RATES].reverse().find((rate) => rate < state.rate - 0.01);
  return next === undefined ? null : control("rate", { rate: next });
}

export const backFrom = (position: number): Control =>
  control("seek", { position_s: Math.max(0, position - BACK_S) });

/** Loops the last seconds, or ends the loop there is. */
export function loopFrom(state: PlaybackState, position: number): Control | null {
  if (state.loop_s) return control("loop");
  const end = Math.min(position, state.duration_s);
  const begin = Math.max(0, end - LOOP_S);
  return end - begin < LEAST_LOOP_S ? null : control("loop", { loop_s: [begin, end] });
}

/** Minutes and seconds, for people. */
export function clock(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
