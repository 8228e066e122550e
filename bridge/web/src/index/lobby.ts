/** What the bridge's `/lobby` tells a browser on its own machine (bridge/lobby.py). */

export type InvitedPage = "capture" | "viewer" | "learn";

/** An address of the bridge: from where it is reached. */
export interface Address {
  url: string;
  kind: "public" | "name" | "network" | "machine";
}

/** The link to a page, and its QR code: dark modules as an SVG path, one unit each. */
export interface PageLink {
  page: InvitedPage;
  url: string;
  qr: { size: number; path: string };
}

export interface RoomInvitation {
  room: string;
  /** Join codes by scope; null where rooms ask for no token. */
  codes: { watch: string; publish: string } | null;
  links: PageLink[];
}

export interface Invitation {
  /** `own` where browsers warn of the certificate. */
  certificate: "own" | "given" | "none";
  addresses: Address[];
  chosen: number;
  rooms: RoomInvitation[];
}

/** Reads `/lobby`; null where this browser is not invited, or the answer is none. */
export function readLobby(answer: any): Invitation | null {
  if (answer?.invited !== true || !Array.isArray(answer.addresses)) return null;
  const rooms = Array.isArray(answer.rooms) ? answer.rooms : [];
  return {
    certificate: ["own", "given"].includes(answer.certificate) ? answer.certificate : "none",
    addresses: answer.addresses.map((one: any) => ({ url: String(one?.url), kind: one?.kind })),
    chosen: Number(answer.chosen) || 0,
    rooms: rooms.map((room: any) => ({
      room: String(room?.room),
      codes: room?.codes
        ? { watch: String(room.codes.watch), publish: String(room.codes.publish) }
        : null,
      links: (Array.isArray(room?.links) ? room.links : []).filter(isLink),
    })),
  };
}

function isLink(link: any): link is PageLink {
  return (
    ["capture", "viewer", "learn"].includes(link?.page) &&
    isAddress(link.url) &&
    Number.isInteger(link.qr?.size) &&
    /^[Mhvz\d -]*$/.test(String(link.qr.path))
  );
}

function isAddress(text: unknown): boolean {
  try {
    return ["http:", "https:"].includes(new URL(String(text)).protocol);
  } catch {
    return false;
  }
}

/** The same page on the address at which this browser is: it has accepted that certificate. */
export function hereLink(url: string): string {
  const { pathname, search, hash } = new URL(url);
  return pathname + search + hash;
}

/** An address as people read it: without its token, and without what is only for scanning. */
export function shownLink(url: string): string {
  const { host, pathname } = new URL(url);
  return host + pathname;
}

/** The token in a link, null where there is none. */
export function tokenIn(url: string): string | null {
  return new URLSearchParams(new URL(url).hash.slice(1)).get("token");
}

/** An address in a list of them, with what it is. */
export function nameOf({ url, kind }: Address): string {
  const { host } = new URL(url);
  const kinds = { public: "public", name: "name in this network", network: "", machine: "this computer only" };
  return kinds[kind] ? `${host} (${kinds[kind]})` : host;
}
