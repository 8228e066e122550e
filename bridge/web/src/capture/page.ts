import { byId, el, setText } from "../ui/dom.js";
import { type Notice, NoticeCard } from "../ui/notice_card.js";
import { QUALITIES, type Quality, type Wanted } from "./camera.js";
import type { Warning } from "./device_watch.js";
import type { Sent } from "./sent_stats.js";

type Tone = "good" | "warn" | "bad" | "off";

/** The elements of the capture page. */
export class Page {
  readonly start = byId("start", HTMLButtonElement);
  readonly flip = byId("flip", HTMLButtonElement);
  readonly camera = byId("camera", HTMLSelectElement);
  readonly quality = byId("quality", HTMLSelectElement);
  readonly view = byId("view", HTMLInputElement);
  readonly preview = byId("preview", HTMLVideoElement);
  readonly lock = byId("lock", HTMLButtonElement);
  readonly torch = byId("torch", HTMLButtonElement);
  readonly anchor = byId("anchor-open", HTMLButtonElement);
  readonly #state = byId("state");
  readonly #notice = new NoticeCard(byId("notices"));

  constructor(room: string, view: string) {
    setText(byId("room"), room);
    document.title = `Capture · ${room} · GhostHands`;
    byId("viewer-link", HTMLAnchorElement).href = `/viewer?room=${room}`;
    this.view.value = view;
    this.quality.append(...QUALITIES.map(({ id, label }) => el("option", { value: id }, label)));
    byId("settings").addEventListener("submit", (event) => event.preventDefault());
  }

  /** The resolution and frame rate that are chosen. */
  get wantedQuality(): Quality {
    return QUALITIES.find(({ id }) => id === this.quality.value) ?? QUALITIES[0];
  }

  showPicture(stream: MediaStream | null): void {
    this.preview.srcObject = stream;
  }

  setState(tone: Tone, words: string): void {
    this.#state.dataset.tone = tone;
    setText(this.#state, words);
  }

  /** Whether it is publishing: then the button stops it, and the view keeps its name. */
  setPublishing(on: boolean): void {
    this.start.dataset.on = `${on}`;
    setText(this.start, on ? "Stop" : "Start");
    this.anchor.disabled = !on;
    this.view.disabled = on;
  }

  /** Words over the picture; `hint` keeps the picture in sight. */
  setNotice(notice: Notice | null): void {
    this.#notice.show(notice);
  }

  /** Says what the device suffers from; `onLower` is for the button that lowers the quality. */
  setWarnings(warnings: readonly Warning[], onLower: (() => void) | null): void {
    const list = byId("warnings");
    // Figures in a text change each second: it is read out once, when the warning begins.
    const key = [...warnings.map(({ id }) => id), onLower !== null].join();
    if (list.dataset.key === key) return;
    list.dataset.key = key;
    list.replaceChildren(
      ...warnings.map(({ text, lower }) => {
        const line = el("p", {}, text);
        if (!lower || !onLower) return line;
        const button = el("button", { class: "button", type: "button" }, "Send a smaller picture");
        button.addEventListener("click", onLower);
        return el("div", {}, line, button);
      }),
    );
  }

  /** Lists the cameras and marks the one in use. */
  setCameras(cameras: readonly MediaDeviceInfo[], current: string | undefined): void {
    const named = cameras.filter(({ label }) => label);
    if (named.length === 0) return;
    this.camera.replaceChildren(
      ...named.map(({ deviceId, label }) => el("option", { value: deviceId }, label)),
    );
    this.camera.value = current ?? "";
  }

  /** Offers the other camera of a phone; null where front and back mean nothing. */
  setFacing(facing: Wanted["facing"] | null): void {
    this.flip.hidden = facing === null;
    setText(this.flip, facing === "user" ? "Switch to back camera" : "Switch to front camera");
  }

  setSent(sent: Sent | null): void {
    setText(byId("fps"), sent ? sent.fps.toFixed(0) : "–");
    setText(byId("size"), sent ? `${sent.width}×${sent.height}` : "–");
    setText(byId("bitrate"), sent ? sent.megabits.toFixed(1) : "–");
    byId("size").title = sent?.codec ?? "";
  }
}
