import { byId, setText } from "../ui/dom.js";
import { FramingGuide } from "./guide.js";
import { LightMeter } from "./light.js";
import { Overlay } from "./overlay.js";
import type { Sight } from "./sight.js";
import { clockFact, camerasFact, handsFigure, instrumentFact, othersFact } from "./sight_words.js";

/** The guide looks anew so often, also while no word comes; the figures change less often. */
const LOOK_MS = 250;
const LIGHT_MS = 1000;
/** Figures of what is not told any more are taken away. */
const SILENT_MS = 2000;

/** Shows what the bridge sees in this view: hands over the preview, advice, figures. */
export class SightView {
  readonly #overlay: Overlay;
  readonly #light: LightMeter;
  readonly #advice = byId("guide");
  readonly #facts = byId("facts");
  #guide = new FramingGuide();
  #live = false;
  #sight: Sight | null = null;
  #sightMs = 0;
  #lightNow: number | null = null;
  #lightMs = -Infinity;

  constructor(video: HTMLVideoElement) {
    this.#overlay = new Overlay(byId("overlay", HTMLCanvasElement), video);
    this.#light = new LightMeter(video);
    setInterval(() => this.#look(), LOOK_MS);
  }

  /** The newest word from the bridge; null once it is too old. */
  get sight(): Sight | null {
    return performance.now() - this.#sightMs < SILENT_MS ? this.#sight : null;
  }

  /** Whether this device sends: only then is there something to tell. */
  setLive(live: boolean): void {
    if (live === this.#live) return;
    this.#live = live;
    this.#sight = null;
    this.#guide = new FramingGuide();
    this.#overlay.show(null);
    this.#look();
  }

  show(sight: Sight): void {
    this.#sight = sight;
    this.#sightMs = performance.now();
    this.#overlay.show(sight);
  }

  #look(): void {
    this.#advice.hidden = !this.#live;
    if (this.#live) {
      const nowMs = performance.now();
      if (nowMs - this.#lightMs >= LIGHT_MS) {
        this.#lightMs = nowMs;
        this.#lightNow = this.#light.read();
      }
      const scene = { nowMs, sight: this.#sight, sightMs: this.#sightMs, light: this.#lightNow };
      const { text, tone, id } = this.#guide.step(scene);
      this.#advice.dataset.tone = tone;
      this.#advice.dataset.advice = id;
      setText(this.#advice, text);
    }
    this.#figures(this.#live ? this.sight : null);
  }

  #figures(sight: Sight | null): void {
    setText(byId("poses"), sight ? sight.rateHz.toFixed(0) : "–");
    setText(byId("delay"), sight?.latencyMs != null ? sight.latencyMs.toFixed(0) : "–");
    setText(byId("hands"), sight ? handsFigure(sight) : "–");
    this.#facts.hidden = !sight;
    if (!sight) return;
    setText(byId("fact-clock"), clockFact(sight));
    setText(byId("fact-others"), othersFact(sight));
    setText(byId("fact-cameras"), camerasFact(sight));
    setText(byId("fact-instrument"), instrumentFact(sight));
  }
}
