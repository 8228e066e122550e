/** Tokens of this tab: what lets this page into a room (docs/security.md). */

export type Scope = "publish" | "watch";

/** What the address says after `#`, and where tokens stay: tests hand in their own. */
export interface TokenPlaces {
  hash: string;
  storage: Pick<Storage, "getItem" | "setItem">;
  /** Takes the token out of the address, so that nobody copies it with the link. */
  clearHash(): void;
}

/** The browser's own. */
const PLACES: TokenPlaces = {
  get hash() {
    return location.hash;
  },
  get storage() {
    return sessionStorage;
  },
  clearHash() {
    history.replaceState(null, "", location.pathname + location.search);
  },
};

/**
 * The token for a room: the one of the link that was opened, else the one this tab has had before.
 *
 * It never leaves the fragment, which browsers send to nobody, for anything but this tab's storage.
 */
export function tokenFor(room: string, scope: Scope, places: TokenPlaces = PLACES): string | null {
  const given = new URLSearchParams(places.hash.replace(/^#/, "")).get("token");
  if (given) {
    if (keepToken(room, scope, given, places)) places.clearHash();
    return given;
  }
  try {
    return places.storage.getItem(keyOf(room, scope));
  } catch {
    return null;
  }
}

/** Keeps a token for this tab; false where the browser keeps nothing. */
export function keepToken(
  room: string,
  scope: Scope,
  token: string,
  places: TokenPlaces = PLACES,
): boolean {
  try {
    places.storage.setItem(keyOf(room, scope), token);
    return true;
  } catch {
    return false;
  }
}

/** Follows a link to the same page with another token, which a browser takes for a scroll. */
export function followNewTokens(): void {
  addEventListener("hashchange", () => {
    if (location.hash.includes("token=")) location.reload();
  });
}

function keyOf(room: string, scope: Scope): string {
  return `ghosthands.token.${room}.${scope}`;
}
