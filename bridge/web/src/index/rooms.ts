import { byId, el, setText } from "../ui/dom.js";
import { type RoomSummary, factsOf } from "./health.js";

/** The rooms of a bridge that asks for no tokens. */
export class RoomList {
  #shown = "";

  show(rooms: readonly RoomSummary[], wanted: string | null): void {
    const missing = wanted !== null && !rooms.some(({ name }) => name === wanted);
    setText(
      byId("rooms-note"),
      missing
        ? `There is no room “${wanted}” yet. It opens when a device publishes to it: choose Capture.`
        : rooms.length
          ? ""
          : "None yet. A room opens when a device publishes to it.",
    );
    // Rebuilt only on change: a link keeps its focus.
    const now = JSON.stringify(rooms.map((room) => [room.name, factsOf(room)]));
    if (now === this.#shown) return;
    this.#shown = now;
    byId("rooms").replaceChildren(...rooms.map(item));
  }
}

function item(room: RoomSummary): HTMLElement {
  const link = (page: string, words: string) =>
    el(
      "a",
      { href: `/${page}?room=${room.name}`, "aria-label": `${words}, room ${room.name}` },
      words,
    );
  return el(
    "li",
    { class: "room" },
    el("span", { class: "name" }, room.name),
    el("span", { class: "facts" }, factsOf(room)),
    el("div", { class: "row" }, link("capture", "Capture"), link("viewer", "Watch"), link("learn", "Learn")),
  );
}
