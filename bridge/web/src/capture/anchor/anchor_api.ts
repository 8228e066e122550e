/** Tells a bridge where a view sees the instrument's corners. */

import { type Understood, readUnderstood } from "./understood.js";

/** Where and as whom. */
export interface AnchorTarget {
  /** Origin of the bridge that takes this device's stream. */
  bridge: string;
  room: string;
  token: string | null;
}

/** Corners of one view's picture, pixels, in the order of `CORNERS`. */
export interface TappedView {
  view: string;
  instrument: string;
  size_px: [number, number];
  corners_px: [number, number][];
}

/** The bridge did not do it; the message says why, and what to do. */
export class AnchorError extends Error {
  override readonly name = "AnchorError";
}

/** Sets the room's instrument. @throws AnchorError */
export async function setAnchor(target: AnchorTarget, taps: TappedView): Promise<Understood> {
  const answer = await ask(target, "POST", JSON.stringify(taps));
  const understood = readUnderstood(await answer.json().catch(() => null));
  if (!understood) throw new AnchorError("The bridge’s answer cannot be read: reload this page.");
  return understood;
}

/** Forgets it again. @throws AnchorError */
export async function forgetAnchor(target: AnchorTarget): Promise<void> {
  await ask(target, "DELETE", null);
}

async function ask(
  { bridge, room, token }: AnchorTarget,
  method: string,
  body: string | null,
): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(`${bridge}/rooms/${room}/anchor`, {
      method,
      headers: {
        ...(body && { "Content-Type": "application/json" }),
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body,
      signal: AbortSignal.timeout?.(20_000) ?? null,
    });
  } catch {
    throw new AnchorError("The bridge does not answer. Look at its terminal, then try again.");
  }
  if (answer.ok) return answer;
  const text = (await answer.text()).trim().split("\n")[0]!.slice(0, 500);
  throw new AnchorError(refusal(answer.status, text));
}

/** The bridge's own words, where it has some, as a sentence. */
export function refusal(status: number, text: string): string {
  const words = text && !text.startsWith("<") ? text : `The bridge answered ${status}: try again`;
  // "view phone: the outline ..." on the page of that very view.
  const plain = words.replace(/^view [a-z0-9-]+: /, "");
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1).replace(/\.$/, "")}.`;
}
