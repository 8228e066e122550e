import { byId, el, setText } from "../ui/dom.js";
import { type RoomSummary, factsOf, readHealth } from "./health.js";

const REFRESH_MS = 2000;

let shown = "";

function show(rooms: readonly RoomSummary[]): void {
  setText(
    byId("rooms-note"),
    rooms.length ? "" : "None yet. A room opens when a device publishes to it.",
  );
  // Rebuilt only on change: a link keeps its focus.
  const now = JSON.stringify(rooms.map((room) => [room.name, factsOf(room)]));
  if (now === shown) return;
  shown = now;
  byId("rooms").replaceChildren(
    ...rooms.map((room) =>
      el(
        "li",
        { class: "room" },
        el("span", { class: "name" }, room.name),
        el("span", { class: "facts" }, factsOf(room)),
        el(
          "nav",
          { "aria-label": `Room ${room.name}` },
          el("a", { href: `/capture?room=${room.name}` }, "Capture"),
          el("a", { href: `/viewer?room=${room.name}` }, "Watch"),
        ),
      ),
    ),
  );
}

async function refresh(): Promise<void> {
  try {
    const response = await fetch("/health", { cache: "no-store" });
    show(readHealth(await response.json()));
  } catch {
    show([]);
    setText(byId("rooms-note"), "The bridge does not answer. Is it still running?");
  }
  setTimeout(() => void refresh(), REFRESH_MS);
}

void refresh();
