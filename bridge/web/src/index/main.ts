import { byId, el, setText } from "../ui/dom.js";
import { roomFrom, toName } from "../ui/names.js";
import { keepToken } from "../ui/tokens.js";
import { type RoomSummary, asksForTokens, factsOf, readHealth } from "./health.js";
import { JoinError, join, pageFor } from "./join.js";

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

function prepareJoin(): void {
  const form = byId("join", HTMLFormElement);
  const room = byId("join-room", HTMLInputElement);
  const code = byId("join-code", HTMLInputElement);
  const enter = byId("join-enter", HTMLButtonElement);
  room.value = roomFrom(new URLSearchParams(location.search));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    enter.disabled = true;
    setText(byId("join-note"), "");
    enterRoom(toName(room.value) ?? "", code.value)
      .catch((error: Error) => {
        if (!(error instanceof JoinError)) throw error;
        setText(byId("join-note"), error.message);
      })
      .finally(() => (enter.disabled = false));
  });
}

async function enterRoom(room: string, code: string): Promise<void> {
  if (!room) throw new JoinError("Type the room’s name, as the bridge shows it.");
  const joined = await join(room, code);
  if (!keepToken(joined.room, joined.scope, joined.token)) {
    throw new JoinError("This browser keeps nothing for this page. Open the bridge’s link instead.");
  }
  location.assign(pageFor(joined));
}

async function refresh(): Promise<void> {
  try {
    const response = await fetch("/health", { cache: "no-store" });
    const health: unknown = await response.json();
    const guarded = asksForTokens(health);
    byId("join").hidden = !guarded;
    byId("ways").hidden = byId("rooms-section").hidden = guarded;
    show(readHealth(health));
  } catch {
    show([]);
    setText(byId("rooms-note"), "The bridge does not answer. Is it still running?");
  }
  setTimeout(() => void refresh(), REFRESH_MS);
}

prepareJoin();
void refresh();
