import { el } from "./dom.js";

/** What is said over a stage or picture that has nothing else to show. */
export interface Notice {
  title: string;
  text: string;
  /** What the user can do about it. */
  action?: { label: string; href: string } | { label: string; retry: true };
  /** Shown small, over a stage that is otherwise fine. */
  hint?: boolean;
}

/**
 * Words over a stage, in an element that is there from the beginning (a live region is read out
 * only then). Other words are another card, so that none moves or changes its size in sight.
 */
export class NoticeCard {
  #key = "";

  constructor(
    private readonly host: HTMLElement,
    private readonly onRetry: () => void = () => {},
  ) {}

  show(notice: Notice | null): void {
    const key = JSON.stringify(notice);
    if (key === this.#key) return;
    this.#key = key;
    const hadFocus = this.host.contains(document.activeElement);
    this.host.replaceChildren(...(notice ? [this.#card(notice)] : []));
    if (hadFocus) this.host.querySelector<HTMLElement>(".button")?.focus();
  }

  #card({ title, text, action, hint }: Notice): HTMLElement {
    const card = el(
      "div",
      { class: hint ? "notice hint" : "notice", id: "notice" },
      el("h2", { id: "notice-title" }, title),
      el("p", { id: "notice-text" }, text),
    );
    if (action && "href" in action) {
      const attributes = { class: "button primary", id: "notice-link", href: action.href };
      card.append(el("a", attributes, action.label));
    } else if (action) {
      const attributes = { class: "button primary", id: "notice-retry", type: "button" };
      const button = el("button", attributes, action.label);
      button.addEventListener("click", this.onRetry);
      card.append(button);
    }
    return card;
  }
}
