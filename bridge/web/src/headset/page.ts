import type { ConnectionState, PlaybackState, Side } from "../protocol/index.js";
import type { GhostPlace } from "./lesson_view.js";
import { byId, el, setText } from "../ui/dom.js";
import { type Problem, paragraph } from "../ui/problems.js";

/** What was chosen before entering. */
export interface Choices {
  instrument: string;
  sides: readonly Side[];
  place: GhostPlace;
  mirrored: boolean;
}

const SIDES_OF: Record<string, readonly Side[]> = { both: [0, 1], left: [0], right: [1] };
const KEPT = "ghosthands.learn";

/** The page around the headset: choices, how things stand, and what to do when they do not. */
export class Page {
  readonly form = byId("settings", HTMLFormElement);
  readonly lesson = byId("lesson", HTMLSelectElement);
  readonly retry = byId("notice-retry", HTMLButtonElement);
  readonly #enter = byId("enter", HTMLButtonElement);
  readonly #instrument = byId("instrument", HTMLSelectElement);
  readonly #sides = byId("sides", HTMLSelectElement);
  readonly #place = byId("place", HTMLSelectElement);
  readonly #mirrored = byId("mirrored", HTMLInputElement);

  constructor(room: string) {
    setText(byId("room"), room);
    this.#restore();
    this.form.addEventListener("change", () => this.#keep());
  }

  get choices(): Choices {
    return {
      instrument: this.#instrument.value,
      sides: SIDES_OF[this.#sides.value]!,
      place: this.#place.value as GhostPlace,
      mirrored: this.#mirrored.checked,
    };
  }

  /** Whether one may enter, how the button says it, and what is said below it. */
  setEnter(ready: boolean, label: string, hint: string): void {
    this.#enter.disabled = !ready;
    setText(this.#enter, label);
    setText(byId("enter-hint"), hint);
  }

  setState(words: string, tone: "good" | "warn" | "bad"): void {
    const pill = byId("state");
    setText(pill, words);
    pill.dataset.tone = tone;
  }

  setProblem(problem: Problem | null, { retry = false } = {}): void {
    byId("notice").hidden = problem === null;
    if (!problem) return;
    setText(byId("notice-title"), problem.title);
    setText(byId("notice-text"), paragraph(problem).trim());
    const link = byId("notice-link", HTMLAnchorElement);
    link.hidden = !problem.link;
    if (problem.link) {
      link.href = problem.link.href;
      setText(link, problem.link.label);
    }
    this.retry.hidden = !retry;
  }

  /** Offers the lessons that the room can play. */
  setLessons({ recordings, recording }: Pick<PlaybackState, "recordings" | "recording">): void {
    const names = ["", ...recordings];
    const shown = [...this.lesson.options].map(({ value }) => value);
    if (names.join("\n") !== shown.join("\n")) {
      this.lesson.replaceChildren(
        ...names.map((name) => el("option", { value: name }, name || "Live teacher")),
      );
    }
    this.lesson.value = recording ?? "";
  }

  #keep(): void {
    const values = [this.#instrument, this.#sides, this.#place].map(({ value }) => value);
    try {
      localStorage.setItem(KEPT, JSON.stringify([...values, this.#mirrored.checked]));
    } catch {
      // Then they are chosen again the next time.
    }
  }

  #restore(): void {
    try {
      const kept = JSON.parse(localStorage.getItem(KEPT) ?? "null");
      if (!Array.isArray(kept)) return;
      for (const [i, select] of [this.#instrument, this.#sides, this.#place].entries()) {
        if ([...select.options].some(({ value }) => value === kept[i])) select.value = kept[i];
      }
      this.#mirrored.checked = kept[3] === true;
    } catch {
      // Not ours, or not kept: the first of each.
    }
  }
}

/** How the connection stands, in a word or two. */
export function stateWords(state: ConnectionState): [string, "good" | "warn" | "bad"] {
  switch (state.kind) {
    case "open":
      return ["Connected", "good"];
    case "connecting":
      return ["Connecting", "warn"];
    case "waiting_for_room":
      return ["Waiting for the room", "warn"];
    case "reconnecting":
      return ["Connection lost, trying again", "warn"];
    case "refused":
      return ["Not let in", "bad"];
    case "closed":
      return ["Closed", "bad"];
  }
}
