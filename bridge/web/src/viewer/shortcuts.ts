import { byId, el } from "../ui/dom.js";

/** What one key does; the list of them is the help panel. */
export interface Shortcut {
  /** As `KeyboardEvent.key` says it. */
  keys: readonly string[];
  /** The keys for people, where they are not the same. */
  shown?: string;
  words: string;
  run(): void;
}

/** The page's keys, and the panel that tells them. */
export class Shortcuts {
  readonly #dialog = byId("help", HTMLDialogElement);

  constructor(private readonly shortcuts: readonly Shortcut[]) {
    byId("help-list").replaceChildren(
      ...shortcuts.flatMap(({ keys, shown, words }) => [
        el("dt", {}, el("kbd", {}, shown ?? keys[0]!)),
        el("dd", {}, words),
      ]),
    );
    byId("help-open").addEventListener("click", () => this.toggleHelp());
    // A click beside the panel closes it, as everywhere.
    this.#dialog.addEventListener("click", (event) => {
      if (event.target === this.#dialog) this.#dialog.close();
    });
    addEventListener("keydown", (event) => this.#onKey(event));
  }

  toggleHelp(): void {
    if (this.#dialog.open) this.#dialog.close();
    else this.#dialog.showModal();
  }

  #onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.key === "?") {
      event.preventDefault();
      this.toggleHelp();
      return;
    }
    // Whoever types, or uses a control with its own keys, means that.
    const within = event.target instanceof Element ? event.target : null;
    if (this.#dialog.open || within?.closest("select, input, textarea, [role=slider]")) return;
    if (event.key === " " && within?.closest("button, a, label")) return;
    const found = this.shortcuts.find(({ keys }) => keys.includes(event.key));
    if (!found) return;
    event.preventDefault();
    found.run();
  }
}
