import { byId } from "../ui/dom.js";
import type { Preset } from "./framing.js";
import type { PlaybackBar } from "./playback/bar.js";
import type { RecordingPanel } from "./recording_panel.js";
import type { Scene } from "./scene.js";
import { Shortcuts } from "./shortcuts.js";

const PRESETS: readonly Preset[] = ["player", "top", "left", "right"];

/** Buttons and keys: where the camera stands, what is shown, and the keys of the playback bar. */
export class Controls {
  readonly #opacity = byId("opacity", HTMLInputElement);
  #framed = false;

  constructor(
    private readonly scene: Scene,
    bar: PlaybackBar,
    recording: RecordingPanel,
  ) {
    for (const button of document.querySelectorAll<HTMLElement>("[data-preset]")) {
      button.addEventListener("click", () => this.#stand(button.dataset.preset as Preset));
    }
    const toggles = {
      follow: () => this.#follow(!scene.followHands),
      skeleton: () => this.#toggle("skeleton", (on) => scene.setSkeleton(on)),
      trails: () => this.#toggle("trails", (on) => (scene.showTrails = on)),
      presses: () => this.#toggle("presses", (on) => (scene.presses.enabled = on)),
      beside: () =>
        this.#toggle("beside", (on) => scene.learner.place(on ? "beside" : "superimposed")),
    };
    for (const [id, run] of Object.entries(toggles)) byId(id).addEventListener("click", run);
    byId("reset").addEventListener("click", () => this.#reset());
    this.#opacity.addEventListener("input", () => this.#setOpacity());
    new Shortcuts([
      { keys: ["1"], words: "As the player sees it", run: () => this.#stand("player") },
      { keys: ["2"], words: "From above", run: () => this.#stand("top") },
      { keys: ["3"], words: "From the left", run: () => this.#stand("left") },
      { keys: ["4"], words: "From the right", run: () => this.#stand("right") },
      { keys: ["5", "f"], words: "Follow the hands", run: toggles.follow },
      { keys: ["r"], words: "Reset the view", run: () => this.#reset() },
      { keys: ["k"], words: "Skeleton", run: toggles.skeleton },
      { keys: ["t"], words: "Fingertip trails", run: toggles.trails },
      { keys: ["m"], words: "Marks of pressed keys", run: toggles.presses },
      { keys: ["l"], words: "Teacher and learner side by side", run: toggles.beside },
      { keys: ["["], words: "Ghost less opaque", run: () => this.#fade(-10) },
      { keys: ["]"], words: "Ghost more opaque", run: () => this.#fade(10) },
      { keys: [" "], shown: "Space", words: "Play, pause", run: () => bar.togglePlay() },
      { keys: ["j"], words: "5 seconds back", run: () => bar.seek(bar.positionS - 5) },
      { keys: [";"], words: "5 seconds on", run: () => bar.seek(bar.positionS + 5) },
      { keys: [","], words: "One frame back", run: () => bar.step(-1) },
      { keys: ["."], words: "One frame on", run: () => bar.step(1) },
      { keys: ["<"], words: "Slower", run: () => bar.changeRate(-1) },
      { keys: [">"], words: "Faster", run: () => bar.changeRate(1) },
      { keys: ["a"], words: "Loop from here", run: () => bar.setMark(0) },
      { keys: ["b"], words: "Loop to here", run: () => bar.setMark(1) },
      { keys: ["x"], words: "End the loop", run: () => bar.clearLoop() },
      { keys: ["R"], words: "Record, stop recording", run: () => void recording.toggle() },
    ]);
  }

  /** Keeps the hands in the picture for as long as the user leaves the camera alone. */
  keepInSight(handsShown: boolean): void {
    const { view } = this.scene;
    if (!view.autoFraming || this.scene.followHands) return;
    const points = this.scene.keypointsM();
    if (!handsShown || points.length === 0) {
      // Nothing to look at yet but the instrument.
      const corners = this.#framed ? [] : this.scene.cornersM();
      if (corners.length > 0 && !view.inSight(corners)) view.frameOn(corners);
      return;
    }
    if (!this.#framed) view.frameOn(points);
    else if (!view.inSight(points)) view.frameOn(points, { glide: true });
    this.#framed = true;
  }

  #stand(preset: Preset): void {
    const { view } = this.scene;
    view.preset = preset;
    view.autoFraming = true;
    this.#frame();
    for (const one of PRESETS) {
      const button = document.querySelector(`[data-preset=${one}]`);
      button?.setAttribute("aria-pressed", `${one === preset}`);
    }
  }

  #reset(): void {
    this.#follow(false);
    this.#stand("front");
  }

  #frame(): void {
    const points = this.scene.keypointsM();
    const seen = points.length > 0 ? points : this.scene.cornersM();
    if (seen.length > 0) this.scene.view.frameOn(seen, { glide: true });
  }

  #follow(on: boolean): void {
    this.scene.followHands = on;
    if (on) this.#frame();
    byId("follow").setAttribute("aria-pressed", `${on}`);
  }

  #toggle(id: string, apply: (on: boolean) => void): void {
    const on = byId(id).getAttribute("aria-pressed") !== "true";
    byId(id).setAttribute("aria-pressed", `${on}`);
    apply(on);
  }

  #fade(percent: number): void {
    this.#opacity.value = `${Number(this.#opacity.value) + percent}`;
    this.#setOpacity();
  }

  #setOpacity(): void {
    this.scene.setOpacity(Number(this.#opacity.value) / 100);
  }
}
