import {
  type ConnectionState,
  LEFT,
  RIGHT,
  type Status,
  type ViewStatus,
} from "../protocol/index.js";
import { byId, el, setText } from "../ui/dom.js";
import { type Notice, NoticeCard } from "../ui/notice_card.js";

/** Numbers of the status panel; null is shown as a dash. */
export interface Figures {
  poseRateHz: number | null;
  /** Capture to drawn picture, of half and of 95 % of the last pictures. */
  drawnMs: readonly [p50: number, p95: number] | null;
  /** Capture to this page. */
  arrivedMs: number | null;
  roundTripMs: number | null;
}

type Tone = "good" | "warn" | "bad";

const STATES: Record<ConnectionState["kind"], [Tone, string]> = {
  connecting: ["warn", "Connecting"],
  open: ["good", "Connected"],
  waiting_for_room: ["warn", "Waiting for the room"],
  reconnecting: ["bad", "Reconnecting"],
  refused: ["bad", "Refused"],
  closed: ["bad", "Closed"],
};

/** Everything on the viewer page that is not the stage. */
export class Panel {
  readonly #state = byId("state");
  readonly #notice: NoticeCard;
  readonly #views = byId("views");
  readonly #cards = new Map<string, ViewCard>();

  constructor(room: string, onRetry: () => void) {
    setText(byId("room"), room);
    document.title = `${room} · GhostHands`;
    this.#notice = new NoticeCard(byId("notices"), onRetry);
  }

  setConnection(state: ConnectionState): void {
    const [tone, words] = STATES[state.kind];
    this.#state.dataset.tone = tone;
    setText(this.#state, words);
  }

  setFigures({ poseRateHz, drawnMs, arrivedMs, roundTripMs }: Figures): void {
    const digits = (value: number | null, places = 0) => value?.toFixed(places) ?? "–";
    setText(byId("pose-rate"), digits(poseRateHz));
    setText(byId("latency"), digits(drawnMs?.[0] ?? null));
    this.#setSync(roundTripMs, drawnMs?.[1] ?? null, arrivedMs);
    // Below 10 ms the first decimal says more than the unit.
    setText(
      byId("round-trip"),
      digits(roundTripMs, roundTripMs !== null && roundTripMs < 10 ? 1 : 0),
    );
  }

  /** Says what the latency is made of, and how well it is known. */
  #setSync(roundTripMs: number | null, p95Ms: number | null, arrivedMs: number | null): void {
    if (roundTripMs === null) {
      setText(byId("sync"), "Clock not yet known");
      return;
    }
    const lines = [`Clock within ${Math.max(0.1, roundTripMs / 2).toFixed(1)} ms`];
    if (arrivedMs !== null) lines.unshift(`Poses here after ${arrivedMs.toFixed(0)} ms`);
    if (p95Ms !== null) lines.unshift(`95 % drawn within ${p95Ms.toFixed(0)} ms`);
    setText(byId("sync"), lines.join("\n"));
  }

  /** Shows the room's views; null while they are not known. */
  setStatus(status: Status | null): void {
    const views = status?.views ?? [];
    byId("no-views").hidden = views.length > 0;
    setText(byId("no-views"), status ? "No device has joined yet." : "Shown once connected.");
    for (const [name, card] of this.#cards) {
      if (views.some(({ view }) => view === name)) continue;
      card.element.remove();
      this.#cards.delete(name);
    }
    for (const view of views) {
      let card = this.#cards.get(view.view);
      if (!card) {
        card = new ViewCard(view.view);
        this.#cards.set(view.view, card);
        this.#views.append(card.element);
      }
      card.update(view);
    }
  }

  setNotice(notice: Notice | null): void {
    this.#notice.show(notice);
  }
}

/** One camera of the room. */
class ViewCard {
  readonly element: HTMLLIElement;
  readonly #live = el("span", { class: "pill" });
  readonly #facts = el("p", { class: "facts" });
  readonly #hands = ["left", "right"].map((side) => el("span", { class: side }));

  constructor(name: string) {
    this.element = el(
      "li",
      { class: "view" },
      el("header", {}, el("span", { class: "name" }, name), this.#live),
      this.#facts,
      el("div", { class: "seen" }, ...this.#hands),
    );
  }

  update({ live, rate_hz, width, height, dropped, hands }: ViewStatus): void {
    this.#live.dataset.tone = live ? "good" : "bad";
    setText(this.#live, live ? "Live" : "Stopped");
    const size = width ? `${width}×${height}` : "no picture yet";
    const rate = `${rate_hz.toFixed(0)} fps`;
    const lost = dropped === 0 ? "none dropped" : `${dropped} dropped`;
    setText(this.#facts, [...(live ? [rate] : []), size, lost].join(" · "));
    for (const side of [LEFT, RIGHT]) {
      const badge = this.#hands[side]!;
      const seen = live && (hands & (1 << side)) !== 0;
      badge.classList.toggle("yes", seen);
      setText(badge, `${side === LEFT ? "Left" : "Right"} ${seen ? "seen" : "not seen"}`);
    }
  }
}
