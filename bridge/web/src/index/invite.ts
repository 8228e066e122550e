import { byId, el, setText } from "../ui/dom.js";
import { factsOf, readRoom } from "./health.js";
import {
  type Invitation,
  type InvitedPage,
  type PageLink,
  type RoomInvitation,
  hereLink,
  nameOf,
  shownLink,
  tokenIn,
} from "./lobby.js";

const SVG = "http://www.w3.org/2000/svg";

const WORDS: Record<InvitedPage, { title: string; text: string; code: string }> = {
  capture: {
    title: "Teacher",
    text: "Scan with the phone, then with the tablet, that film the hands.",
    code: "QR code of the capture page",
  },
  viewer: {
    title: "Learner",
    text: "Scan with any phone or tablet to watch the ghost hands.",
    code: "QR code of the viewer",
  },
  learn: {
    title: "Headset",
    text: "Open this address in the headset’s own browser; a join code lets it in.",
    code: "QR code of the headset page",
  },
};

/** The invitations that the bridge's own machine shows: links, QR codes, join codes. */
export class Invite {
  readonly #section = byId("invite");
  readonly #address = byId("address", HTMLSelectElement);
  readonly #rooms = byId("invite-rooms");
  #shown = "";
  #invitation: Invitation | null = null;

  /** @param onAddress called with the index of the address that was chosen. */
  constructor(onAddress: (index: number) => void) {
    this.#address.addEventListener("change", () => onAddress(Number(this.#address.value)));
  }

  show(invitation: Invitation | null): void {
    this.#invitation = invitation;
    this.#section.hidden = invitation === null;
    // Rebuilt only on change: what has the focus keeps it.
    const now = JSON.stringify(invitation);
    if (!invitation || now === this.#shown) return;
    this.#shown = now;
    const { addresses, chosen, rooms } = invitation;
    const reachable = addresses[chosen]?.kind !== "machine";
    this.#address.replaceChildren(
      ...addresses.map((address, i) => el("option", { value: `${i}` }, nameOf(address))),
    );
    this.#address.value = `${chosen}`;
    byId("address-field").hidden = addresses.length < 2;
    if (!reachable) {
      setText(
        byId("invite-note"),
        "This bridge listens to this computer only: no phone reaches it. Start it with ghosthands serve, without --host, to invite one.",
      );
    }
    this.#rooms.replaceChildren(...rooms.map((room) => roomCard(room, reachable)));
  }

  /** Asks the bridge how each room does. */
  async refresh(): Promise<void> {
    for (const { room, links } of this.#invitation?.rooms ?? []) {
      const token = links.map(({ url }) => tokenIn(url)).find((found) => found !== null);
      const response = await fetch(`/rooms/${room}`, {
        cache: "no-store",
        headers: token ? { Authorization: `Bearer ${token}` } : {},
      });
      const summary = response.ok ? readRoom(room, await response.json()) : null;
      const facts = document.getElementById(factsId(room));
      if (facts) setText(facts, summary ? factsOf(summary) : "no device is publishing");
    }
  }
}

const factsId = (room: string): string => `facts-${room}`;

function roomCard({ room, codes, links }: RoomInvitation, reachable: boolean): HTMLElement {
  const title = `room-${room}`;
  const base = links[0] ? new URL(links[0].url).origin : location.origin;
  return el(
    "section",
    { class: "room-card", "aria-labelledby": title },
    el(
      "div",
      { class: "room-head" },
      el("h2", { id: title }, `Room ${room}`),
      el("p", { class: "facts", id: factsId(room), role: "status" }),
    ),
    el("div", { class: "codes" }, ...links.map((link) => codeCard(link, room, reachable))),
    ...(codes
      ? [
          el(
            "p",
            { class: "typed" },
            "To type instead of scanning: ",
            el("b", {}, base),
            ", room ",
            el("b", {}, room),
            ", join code ",
            el("b", {}, codes.watch),
            " to watch, ",
            el("b", {}, codes.publish),
            " to send video.",
          ),
        ]
      : []),
  );
}

function codeCard({ page, url, qr }: PageLink, room: string, reachable: boolean): HTMLElement {
  const words = WORDS[page];
  const copy = el("button", { class: "button", type: "button" }, "Copy link");
  copy.setAttribute("aria-label", `Copy link: ${words.title}, room ${room}`);
  copy.addEventListener("click", () => void copyLink(copy, url));
  return el(
    "article",
    { class: "code", "data-page": page },
    el("h3", {}, words.title),
    el("p", { class: "soft" }, words.text),
    ...(reachable ? [drawing(qr, words.code)] : []),
    el("p", { class: "url" }, shownLink(url)),
    el(
      "div",
      { class: "row" },
      copy,
      el(
        "a",
        {
          class: "button",
          href: hereLink(url),
          "aria-label": `Open here: ${words.title}, room ${room}`,
        },
        "Open here",
      ),
    ),
  );
}

/** A QR code: dark on white in both themes, as cameras want it. */
function drawing({ size, path }: PageLink["qr"], name: string): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "qr");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", name);
  const modules = document.createElementNS(SVG, "path");
  modules.setAttribute("d", path);
  svg.append(modules);
  return svg;
}

async function copyLink(button: HTMLButtonElement, url: string): Promise<void> {
  let said = "Copied";
  try {
    await navigator.clipboard.writeText(url);
  } catch {
    said = "Not allowed"; // Without leave, or on a page that is not secure.
  }
  setText(button, said);
  setTimeout(() => setText(button, "Copy link"), 2000);
}
