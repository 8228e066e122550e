import { byId, el, setText } from "../ui/dom.js";

/** What the bridge says at /rooms/{room}/recordings. */
export interface RecordingsState {
  mayRecord: boolean;
  whyNot: string;
  temporary: boolean;
  recording: string | null;
  mayControlPlayback: boolean;
  takes: readonly Take[];
}

export interface Take {
  name: string;
  seconds: number;
  complete: boolean;
  problem: string | null;
}

const NAME = /^[a-z0-9-]{1,96}$/;
const POLL_MS = 5000;
const UNKNOWN = "This bridge does not record by a button. Update it, or start it with --record FOLDER.";

/** Reads the bridge's answer; null where it is none. */
export function parseRecordings(value: unknown): RecordingsState | null {
  if (typeof value !== "object" || value === null) return null;
  const state = value as Record<string, unknown>;
  if (!Array.isArray(state.recordings)) return null;
  const takes = state.recordings.slice(0, 32).flatMap((one: unknown) => {
    const { name, seconds, complete, problem } = (one ?? {}) as Record<string, unknown>;
    if (typeof name !== "string" || !NAME.test(name)) return [];
    return [
      {
        name,
        seconds: Number(seconds) || 0,
        complete: complete === true,
        problem: typeof problem === "string" ? problem.slice(0, 200) : null,
      },
    ];
  });
  return {
    mayRecord: state.may_record === true,
    whyNot: typeof state.why_not === "string" ? state.why_not : "",
    temporary: state.temporary === true,
    recording: typeof state.recording === "string" ? state.recording : null,
    mayControlPlayback: state.may_control_playback === true,
    takes,
  };
}

/** The recording button, and what was recorded, to be downloaded. */
export class RecordingPanel {
  readonly #button = byId("record", HTMLButtonElement);
  readonly #why = byId("record-why");
  readonly #list = byId("takes");
  #state: RecordingsState | null = null;
  #open = false;
  #busy = false;
  #shown = "";
  #timer = 0;

  constructor(
    private readonly room: string,
    private readonly token: string | null,
    private readonly onState: (state: RecordingsState | null) => void = () => {},
  ) {
    this.#button.addEventListener("click", () => void this.toggle());
  }

  /** Connected or not; asks the bridge once there is one. */
  setOpen(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    clearInterval(this.#timer);
    if (open) {
      void this.refresh();
      this.#timer = window.setInterval(() => document.hidden || void this.refresh(), POLL_MS);
    } else {
      this.#state = null;
      this.#render("Shown once connected.");
    }
  }

  /** Asks the bridge what is recorded. */
  async refresh(): Promise<void> {
    if (this.#busy) return;
    try {
      const response = await this.#fetch("");
      this.#state = response.ok ? parseRecordings(await response.json()) : null;
      this.#render(this.#state ? null : UNKNOWN);
    } catch {
      this.#render("The bridge does not answer. It is asked again by itself.");
    }
  }

  /** Begins or ends a recording of the room. */
  async toggle(): Promise<void> {
    if (!this.#state?.mayRecord || this.#busy) return;
    this.#busy = true;
    this.#button.disabled = true;
    let problem: string | null = null;
    try {
      const response = await this.#fetch("", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ record: this.#state.recording === null }),
      });
      if (response.ok) this.#state = parseRecordings(await response.json());
      else problem = sentence((await response.text()).slice(0, 200));
    } catch {
      problem = "The bridge does not answer. Try again once it is back.";
    }
    this.#busy = false;
    this.#render(problem);
  }

  #fetch(path: string, options: RequestInit = {}): Promise<Response> {
    const headers = new Headers(options.headers);
    if (this.token) headers.set("Authorization", `Bearer ${this.token}`);
    return fetch(`/rooms/${this.room}/recordings${path}`, { ...options, headers });
  }

  #render(problem: string | null): void {
    const state = this.#state;
    this.onState(state);
    const recording = state?.recording != null;
    this.#button.disabled = !state?.mayRecord || this.#busy;
    this.#button.setAttribute("aria-pressed", `${recording}`);
    setText(this.#button, recording ? "Stop recording" : "Record");
    setText(this.#why, problem ?? (state ? reason(state) : ""));
    const takes = state?.takes.filter((take) => take.complete) ?? [];
    const shown = JSON.stringify(takes);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#list.replaceChildren(...takes.map((take) => this.#item(take)));
  }

  #item(take: Take): HTMLElement {
    const button = (kind: "mcap" | "glb", words: string) => {
      const made = el("button", { class: "button", type: "button" }, words);
      made.setAttribute("aria-label", `Download ${take.name} as ${words}`);
      made.addEventListener("click", () => void this.#download(take, kind, made));
      return made;
    };
    return el(
      "li",
      {},
      el("span", { class: "name" }, take.name),
      el("span", { class: "facts" }, `${take.seconds.toFixed(1)} s${take.problem ? `, ${take.problem}` : ""}`),
      el("div", { class: "buttons" }, button("mcap", "Recording"), button("glb", "3D (GLB)")),
    );
  }

  async #download(take: Take, kind: "mcap" | "glb", button: HTMLButtonElement): Promise<void> {
    button.disabled = true;
    setText(this.#why, kind === "glb" ? "The bridge makes the animation." : "Downloading.");
    try {
      const response = await this.#fetch(`/${take.name}.${kind}`);
      if (!response.ok) {
        this.#render(sentence((await response.text()).slice(0, 200)));
        return;
      }
      // By a blob: a plain link could not show the token.
      const url = URL.createObjectURL(await response.blob());
      el("a", { href: url, download: `${take.name}.${kind}` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      this.#render(null);
    } catch {
      this.#render("The download broke off. Try again.");
    } finally {
      button.disabled = false;
    }
  }
}

function reason(state: RecordingsState): string {
  if (!state.mayRecord) return `${sentence(state.whyNot)} Open this page with a link to publish.`;
  if (state.recording) return `Recording ${state.recording}.`;
  return state.temporary
    ? "Kept until the bridge ends: download what you want to keep."
    : "Saved in the bridge’s folder for recordings.";
}

function sentence(words: string): string {
  const text = words.trim().replace(/\.$/, "");
  return text ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : "";
}
