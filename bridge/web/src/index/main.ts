import { byId, setText } from "../ui/dom.js";
import { roomFrom, toName } from "../ui/names.js";
import { BRIDGE_GONE } from "../ui/problems.js";
import { keepToken } from "../ui/tokens.js";
import { asksForTokens, readHealth } from "./health.js";
import { prepareHelp } from "./help.js";
import { Invite } from "./invite.js";
import { JoinError, isHeadset, join, pageFor } from "./join.js";
import { readLobby } from "./lobby.js";
import { RoomList } from "./rooms.js";

const REFRESH_MS = 2000;
/** Tokens in the links are renewed long before they end, and rooms come and go. */
const INVITE_EVERY_MS = 20_000;

/** The front page: invitations on the bridge's own machine, the way in for everyone else. */
class Lobby {
  readonly #search = new URLSearchParams(location.search);
  readonly #room = roomFrom(this.#search);
  readonly #rooms = new RoomList();
  readonly #invite = new Invite((index) => {
    this.#address = index;
    void this.#askForInvitation();
  });
  #address = 0;
  #invited = false;
  #invitedMs = -Infinity;

  start(): void {
    prepareHelp(this.#room);
    this.#prepareJoin();
    for (const page of ["capture", "viewer", "learn"]) {
      byId(page, HTMLAnchorElement).href = `/${page}?room=${this.#room}`;
    }
    void this.#refresh();
  }

  async #refresh(): Promise<void> {
    try {
      const now = performance.now();
      if (now - this.#invitedMs > INVITE_EVERY_MS) await this.#askForInvitation();
      if (this.#invited) await this.#invite.refresh();
      const response = await fetch("/health", { cache: "no-store" });
      this.#show(await response.json());
      byId("notice").hidden = true;
    } catch {
      this.#invitedMs = -Infinity; // A bridge that comes back may have another secret.
      setText(byId("notice-title"), BRIDGE_GONE.title);
      setText(byId("notice-text"), `${BRIDGE_GONE.text} ${BRIDGE_GONE.next}`);
      byId("notice").hidden = false;
      this.#rooms.show([], null);
      setText(byId("rooms-note"), "");
    }
    setTimeout(() => void this.#refresh(), REFRESH_MS);
  }

  #show(health: unknown): void {
    const guarded = asksForTokens(health);
    byId("join").hidden = this.#invited || !guarded;
    byId("ways").hidden = byId("rooms-section").hidden = this.#invited || guarded;
    this.#rooms.show(readHealth(health), this.#search.has("room") ? this.#room : null);
  }

  async #askForInvitation(): Promise<void> {
    const response = await fetch(`/lobby?address=${this.#address}`, { cache: "no-store" });
    // Nobody is invited by a bridge that has no such address.
    const invitation = response.ok ? readLobby(await response.json()) : null;
    this.#invited = invitation !== null;
    this.#invitedMs = performance.now();
    this.#invite.show(invitation);
    byId("certificate").hidden = invitation !== null && invitation.certificate !== "own";
  }

  #prepareJoin(): void {
    const room = byId("join-room", HTMLInputElement);
    const code = byId("join-code", HTMLInputElement);
    const enter = byId("join-enter", HTMLButtonElement);
    room.value = this.#room;
    byId("join", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      enter.disabled = true;
      setText(byId("join-note"), "");
      const learns = this.#search.get("page") === "learn" || isHeadset(navigator.userAgent);
      enterRoom(toName(room.value) ?? "", code.value, learns)
        .catch((error: Error) => {
          if (!(error instanceof JoinError)) throw error;
          setText(byId("join-note"), error.message);
          code.focus();
        })
        .finally(() => (enter.disabled = false));
    });
  }
}

async function enterRoom(room: string, code: string, learns: boolean): Promise<void> {
  if (!room) throw new JoinError("Type the room’s name, as the bridge shows it.");
  const joined = await join(room, code);
  if (!keepToken(joined.room, joined.scope, joined.token)) {
    throw new JoinError("This browser keeps nothing for this page. Open the bridge’s link instead.");
  }
  location.assign(pageFor(joined, { learns }));
}

new Lobby().start();
