import type { MessageOf, PlaybackState } from "../../protocol/index.js";
import { byId, el, setText } from "../../ui/dom.js";
import { sentence } from "../../ui/problems.js";
import { RATES, loopOf, positionNow, timeText } from "./clock.js";
import { PassageMarkers } from "./passage_markers.js";
import type { Passages } from "./passages.js";
import { reasonFor } from "./reason.js";
import { Slider } from "./slider.js";

type Control = MessageOf<"playback_control">;

/** How long a seek of the user's counts before the bridge has answered it. */
const PATIENCE_MS = 600;

/** The bar that plays the room's recordings. */
export class PlaybackBar {
  readonly #root = byId("playback");
  readonly #recording = byId("pb-recording", HTMLSelectElement);
  readonly #play = byId("pb-play", HTMLButtonElement);
  readonly #rate = byId("pb-rate", HTMLSelectElement);
  readonly #clear = byId("pb-clear", HTMLButtonElement);
  readonly #time = byId("pb-time");
  readonly #why = byId("pb-why");
  readonly #track = byId("pb-track");
  readonly #loopBand = byId("pb-loop");
  readonly #passages = new PassageMarkers((index) => this.playPassage(index));
  readonly #head: Slider;
  readonly #marks: readonly [Slider, Slider];
  #state: PlaybackState | null = null;
  #open = false;
  #allowed = true;
  #nowNs: bigint | null = null;
  /** Where A and B stand; null until they are set. */
  #ab: [number | null, number | null] = [null, null];
  #problem: string | null = null;
  #wantedS: number | null = null;
  #wantedUntilMs = 0;

  /** @param send sends a command; false where it could not be sent. */
  constructor(
    private readonly send: (control: Control) => boolean,
    private readonly stepS: () => number,
  ) {
    this.#head = new Slider(byId("pb-head"), this.#track, {
      text: (value) => `${timeText(value)} of ${timeText(this.#durationS)}`,
      onMove: (value, done) => done && this.seek(value),
    });
    const mark = (index: 0 | 1, id: string) =>
      new Slider(byId(id), this.#track, {
        text: (value) => `${"AB"[index]} at ${timeText(value)}`,
        onMove: (value, done) => {
          this.#ab[index] = value;
          this.#drawLoop();
          if (done) this.#loop();
        },
      });
    this.#marks = [mark(0, "pb-a"), mark(1, "pb-b")];
    for (const rate of RATES) {
      this.#rate.append(el("option", { value: `${rate}` }, `${rate}×`));
    }
    this.#rate.value = "1";
    this.#recording.addEventListener("change", () => this.#load(this.#recording.value));
    this.#play.addEventListener("click", () => this.togglePlay());
    byId("pb-back").addEventListener("click", () => this.step(-1));
    byId("pb-forward").addEventListener("click", () => this.step(1));
    byId("pb-set-a").addEventListener("click", () => this.setMark(0));
    byId("pb-set-b").addEventListener("click", () => this.setMark(1));
    this.#clear.addEventListener("click", () => this.clearLoop());
    this.#rate.addEventListener("change", () => this.#command({ command: "rate", rate: Number(this.#rate.value) }));
    this.#track.addEventListener("pointerdown", (event) => {
      if (event.target !== this.#track || this.#head.disabled) return;
      this.#head.grab(event);
      this.#head.thumb.dispatchEvent(new PointerEvent("pointermove", { clientX: event.clientX }));
    });
    this.#render();
  }

  /** What the room says of playback. */
  setState(state: PlaybackState): void {
    if (state.problem) this.#problem = sentence(state.problem);
    else if (state.recording !== this.#state?.recording || state.playing) this.#problem = null;
    const another = state.recording !== this.#state?.recording;
    this.#state = state;
    this.#wantedS = null;
    if (state.loop_s) {
      if (!this.#marks.some((mark) => mark.dragging)) {
        this.#ab = [state.loop_s[0]!, state.loop_s[1]!];
      }
    } else if (another) {
      this.#ab = [null, null];
    }
    if (another) this.#passages.setDuration(state.duration_s);
    this.#render();
  }

  /** Connected or not: without a connection nothing can be told to the room. */
  setOpen(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    if (!open) {
      this.#state = null;
      this.#problem = null;
      this.#ab = [null, null];
    }
    this.#render();
  }

  /** Whether the bridge takes commands from this page. */
  setAllowed(allowed: boolean): void {
    if (allowed === this.#allowed) return;
    this.#allowed = allowed;
    this.#render();
  }

  get state(): PlaybackState | null {
    return this.#state;
  }

  setPassages(passages: Passages): void {
    this.#passages.set(passages);
  }

  /** Says something in the bar's own line. */
  say(words: string): void {
    this.#problem = words;
    this.#render();
  }

  /** Moves head and time on; called a few times a second. */
  update(nowNs: bigint | null): void {
    this.#nowNs = nowNs;
    if (!this.#state) return;
    const at = this.positionS;
    this.#head.set(at, this.#durationS);
    setText(this.#time, `${timeText(at)} / ${timeText(this.#durationS)}`);
  }

  /** Where the recording is, or shall be once the bridge has heard of it. */
  get positionS(): number {
    if (this.#wantedS !== null && performance.now() < this.#wantedUntilMs) return this.#wantedS;
    return this.#state ? positionNow(this.#state, this.#nowNs) : 0;
  }

  togglePlay(): void {
    if (!this.#mayControl) return;
    this.#command({ command: this.#state!.playing ? "pause" : "play" });
  }

  seek(positionS: number): void {
    if (!this.#mayControl) return;
    const to = Math.min(this.#durationS, Math.max(0, positionS));
    this.#wantedS = to;
    this.#wantedUntilMs = performance.now() + PATIENCE_MS;
    this.#command({ command: "seek", position_s: to });
    this.update(this.#nowNs);
  }

  /** One frame on or back; stops what plays. */
  step(frames: number): void {
    if (!this.#mayControl) return;
    const from = this.positionS;
    if (this.#state!.playing) this.#command({ command: "pause" });
    this.seek(from + frames * this.stepS());
  }

  /** Sets A or B to where it is now; with both set, it loops. */
  setMark(index: 0 | 1): void {
    if (!this.#mayControl) return;
    this.#ab[index] = this.positionS;
    this.#drawLoop();
    this.#loop();
  }

  changeRate(steps: number): void {
    if (!this.#mayControl) return;
    const at = RATES.findIndex((rate) => rate >= this.#state!.rate);
    const rate = RATES[Math.min(RATES.length - 1, Math.max(0, at + steps))]!;
    this.#command({ command: "rate", rate });
  }

  clearLoop(): void {
    this.#ab = [null, null];
    if (this.#mayControl) this.#command({ command: "loop", loop_s: null });
    this.#drawLoop();
  }

  /** Loops a passage of the comparison. */
  playPassage(index: number): void {
    const times = this.#passages.timesOf(index);
    if (!times) return;
    if (!this.#loaded) {
      this.say("Load the recording that was compared, then choose the passage again.");
      return;
    }
    const loop = loopOf(...times, this.#durationS);
    if (!loop || !this.#allowed) return;
    this.#ab = loop;
    this.#command({ command: "loop", loop_s: loop });
    this.seek(loop[0]);
    this.#command({ command: "play" });
    this.#drawLoop();
  }

  get #loaded(): boolean {
    return this.#open && this.#state !== null && this.#state.recording !== null;
  }

  get #mayControl(): boolean {
    return this.#loaded && this.#allowed;
  }

  get #durationS(): number {
    return this.#state?.duration_s ?? 0;
  }

  #load(name: string): void {
    this.#problem = null;
    this.#command(name ? { command: "load", recording: name } : { command: "unload" });
  }

  #loop(): void {
    const [a, b] = this.#ab;
    const loop = a === null || b === null ? null : loopOf(a, b, this.#durationS);
    if (loop) this.#command({ command: "loop", loop_s: loop });
  }

  #command(control: Partial<Control> & Pick<Control, "command">): void {
    const whole: Control = {
      type: "playback_control",
      recording: null,
      position_s: null,
      rate: null,
      loop_s: null,
      ...control,
    };
    if (!this.send(whole)) this.say("The bridge could not be told. It is tried again once you ask again.");
  }

  #render(): void {
    const state = this.#state;
    const some = state !== null && (state.recordings.length > 0 || state.recording !== null);
    const can = this.#open && this.#allowed && some;
    this.#root.toggleAttribute("data-disabled", !can);
    this.#recording.disabled = !can;
    for (const control of this.#root.querySelectorAll<HTMLButtonElement | HTMLSelectElement>(
      "[data-loaded]",
    )) {
      control.disabled = !this.#mayControl;
    }
    this.#head.setDisabled(!this.#mayControl);
    this.#drawNames();
    setText(this.#play, state?.playing ? "Pause" : "Play");
    this.#play.dataset.playing = `${state?.playing === true}`;
    if (state && document.activeElement !== this.#rate) this.#rate.value = `${nearest(state.rate)}`;
    if (!this.#loaded) {
      setText(this.#time, "–");
      this.#head.set(0, 0);
    } else {
      this.update(this.#nowNs);
    }
    this.#drawLoop();
    setText(this.#why, this.#problem ?? reasonFor(this.#open, this.#allowed, state));
  }

  #drawNames(): void {
    const names = this.#state ? [...this.#state.recordings] : [];
    const loaded = this.#state?.recording ?? "";
    if (loaded && !names.includes(loaded)) names.unshift(loaded);
    const shown = [...this.#recording.options].slice(1).map((option) => option.value);
    if (names.length !== shown.length || names.some((name, i) => name !== shown[i])) {
      const none = el("option", { value: "" }, "No recording");
      this.#recording.replaceChildren(none, ...names.map((name) => el("option", { value: name }, name)));
    }
    if (this.#recording.value !== loaded) this.#recording.value = loaded;
  }

  #drawLoop(): void {
    const [a, b] = this.#ab;
    const duration = this.#durationS;
    for (const [i, value] of [a, b].entries()) {
      const mark = this.#marks[i]!;
      mark.thumb.hidden = value === null || !this.#loaded;
      mark.setDisabled(mark.thumb.hidden || !this.#allowed);
      if (value !== null) mark.set(value, duration);
    }
    const both = a !== null && b !== null && duration > 0 && this.#loaded;
    this.#loopBand.hidden = !both;
    if (both) {
      this.#loopBand.style.left = `${(100 * Math.min(a, b)) / duration}%`;
      this.#loopBand.style.width = `${(100 * Math.abs(b - a)) / duration}%`;
    }
    this.#clear.disabled = !this.#loaded || (a === null && b === null);
  }
}

function nearest(rate: number): number {
  return RATES.reduce((best, one) => (Math.abs(one - rate) < Math.abs(best - rate) ? one : best));
}
