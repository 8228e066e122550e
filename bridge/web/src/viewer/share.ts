import { byId, setText } from "../ui/dom.js";

const SHOWN_MS = 6000;

/** What a token is for, from its own claims (bridge/access/tokens.py); null where it cannot be read. */
export function scopeOf(token: string): string | null {
  try {
    const claims = atob(token.split(".")[0]!.replaceAll("-", "+").replaceAll("_", "/"));
    const [, scope] = claims.split(" ");
    return scope === "watch" || scope === "publish" ? scope : null;
  } catch {
    return null;
  }
}

/**
 * A link with which others watch the room. A token to watch goes with it, any other never: whoever
 * gets the link could publish.
 */
export function shareLink(origin: string, room: string, token: string | null): string {
  const link = `${origin}/viewer?room=${encodeURIComponent(room)}`;
  return token !== null && scopeOf(token) === "watch" ? `${link}#token=${token}` : link;
}

/** The button that shares the room: by the device's own menu where there is one, else by copying. */
export class Share {
  #timer = 0;

  constructor(
    private readonly room: string,
    private readonly token: string | null,
  ) {
    byId("share").addEventListener("click", () => void this.#share());
  }

  async #share(): Promise<void> {
    const url = shareLink(location.origin, this.room, this.token);
    const invites = this.token === null || url.includes("#token=");
    if (navigator.share && matchMedia("(pointer: coarse)").matches) {
      try {
        await navigator.share({ title: `GhostHands: room ${this.room}`, url });
        return;
      } catch (error) {
        if ((error as Error).name === "AbortError") return;
      }
    }
    try {
      await navigator.clipboard.writeText(url);
      this.#say(
        invites
          ? "The link is copied: whoever opens it watches this room."
          : "The link is copied. It holds no token, as yours lets one publish: give the join code to watch with it.",
      );
    } catch {
      this.#say(`Copy this address: ${url}`);
    }
  }

  #say(words: string): void {
    const toast = byId("toast");
    setText(toast, words);
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => setText(toast, ""), SHOWN_MS);
  }
}
