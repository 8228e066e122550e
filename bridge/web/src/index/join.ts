import { type Scope } from "../ui/tokens.js";

/** What a join code opened. */
export interface Joined {
  room: string;
  scope: Scope;
  token: string;
}

/** Why a join code opened nothing, in words for the person who typed it. */
export class JoinError extends Error {
  override readonly name = "JoinError";
}

/**
 * Exchanges a join code for a token.
 *
 * @throws JoinError when the code is wrong, or the bridge cannot be asked.
 */
export async function join(room: string, code: string): Promise<Joined> {
  let response: Response;
  try {
    response = await fetch(`/rooms/${room}/join`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code }),
      cache: "no-store",
    });
  } catch {
    throw new JoinError("The bridge does not answer. Is it still running?");
  }
  if (response.status === 401) {
    throw new JoinError("That is not the code of this room. Check both, and try again.");
  }
  if (response.status === 429) {
    const seconds = Number(response.headers.get("Retry-After")) || 60;
    throw new JoinError(`Too many attempts. Try again in ${seconds} seconds.`);
  }
  if (!response.ok) throw new JoinError(`The bridge refused the code (${response.status}).`);
  const answer: any = await response.json().catch(() => null);
  if (typeof answer?.token !== "string" || !["publish", "watch"].includes(answer.scope)) {
    throw new JoinError("The bridge's answer cannot be read. Reload this page.");
  }
  return { room, scope: answer.scope, token: answer.token };
}

/**
 * The page that a scope is for.
 *
 * @param learns whether whoever joins wears a headset: then it is the headset's page.
 */
export function pageFor(
  { room, scope }: Pick<Joined, "room" | "scope">,
  { learns = false } = {},
): string {
  const watching = learns ? "learn" : "viewer";
  return `/${scope === "publish" ? "capture" : watching}?room=${room}`;
}

/** Whether a browser is one of those that run in headsets. */
export function isHeadset(userAgent: string): boolean {
  return /OculusBrowser|Quest|Pico|Wolvic|VisionOS/i.test(userAgent);
}
