/** WHIP, the client's side (RFC 9725): one offer, one answer, one DELETE. */

/** Why a bridge did not take a stream, in words for the person who holds the phone. */
export class WhipError extends Error {
  override readonly name = "WhipError";

  constructor(
    message: string,
    /** Whether the same attempt may succeed later. */
    readonly retryable: boolean,
    /** When the bridge asks to be tried again, milliseconds. */
    readonly retryAfterMs: number | null = null,
    /** Whether it was for want of a token. */
    readonly denied = false,
    /** The answer's HTTP status; null where none came. */
    readonly status: number | null = null,
  ) {
    super(message);
  }

  /** Whether places were the matter. */
  get full(): boolean {
    return this.status === 503;
  }
}

/** Address of a room's endpoint for one view. */
export function whipUrl(room: string, view: string): string {
  return `/whip/${room}?view=${view}`;
}

/**
 * Offers a peer connection's session; resolves once the answer is applied.
 *
 * @returns the session's address, to end it by.
 * @throws WhipError when the bridge refuses or cannot be reached.
 */
export async function publish(
  peer: RTCPeerConnection,
  url: string,
  {
    gatherMs = 1500,
    token = null,
    signal,
  }: { gatherMs?: number; token?: string | null; signal: AbortSignal },
): Promise<string> {
  await peer.setLocalDescription(await peer.createOffer());
  // The offer carries its candidates: one request instead of a trickle of them.
  await gathered(peer, gatherMs);
  const response = await offer(url, peer.localDescription!.sdp, token, signal);
  const text = await response.text();
  if (response.status !== 201) throw refusal(response.status, text, response.headers);
  const location = response.headers.get("Location");
  if (!location) throw new WhipError("The bridge's answer names no session.", true, null, false, 201);
  try {
    await peer.setRemoteDescription({ type: "answer", sdp: text });
  } catch {
    throw new WhipError("This browser cannot use the bridge's answer.", false);
  }
  return new URL(location, response.url).href;
}

/**
 * Posts an offer, to the bridge that has the room when that is another one.
 *
 * The browser follows its 307 (RFC 9725, section 4.5) by itself, but leaves the token behind when
 * the other bridge is of another origin (Fetch standard, HTTP-redirect fetch). So where it was led
 * is asked once more, with the token.
 */
async function offer(
  url: string,
  sdp: string,
  token: string | null,
  signal: AbortSignal,
): Promise<Response> {
  const post = async (to: string): Promise<Response> => {
    try {
      return await fetch(to, {
        method: "POST",
        headers: { "Content-Type": "application/sdp", ...bearer(token) },
        body: sdp,
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new WhipError("The bridge cannot be reached.", true);
    }
  };
  const response = await post(url);
  return response.redirected && response.status === 401 && token ? post(response.url) : response;
}

/** Ends a session. It outlives the page that asks: a closed tab must not stay in the lesson. */
export function end(session: string, token: string | null = null): void {
  fetch(session, { method: "DELETE", headers: bearer(token), keepalive: true }).catch(() => {
    // The bridge is gone, and the session with it.
  });
}

function bearer(token: string | null): Record<string, string> {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** What a status other than 201 means to the user. */
export function refusal(status: number, text: string, headers: Headers): WhipError {
  const detail = text.trim().split("\n")[0]!.slice(0, 200);
  const because = detail && !detail.startsWith("<") ? ` (${detail})` : "";
  if (status === 401 || status === 403) {
    return new WhipError(
      `The bridge does not let this device in${because || ": ask for a new link"}.`,
      false,
      null,
      true,
      status,
    );
  }
  if (status === 503 || status === 429) {
    const seconds = Number(headers.get("Retry-After"));
    const retryAfterMs = seconds > 0 ? Math.min(seconds, 60) * 1000 : null;
    const reason = status === 503 ? "The bridge has no place left" : "Too many attempts";
    return new WhipError(`${reason}${because}.`, true, retryAfterMs, false, status);
  }
  if (status === 404) {
    const words = `This room does not exist${because}. Open the link again.`;
    return new WhipError(words, false, null, false, status);
  }
  if (status >= 500) {
    return new WhipError(`The bridge failed${because}.`, true, null, false, status);
  }
  const words = `The bridge refused the stream: ${status}${because}.`;
  return new WhipError(words, false, null, false, status);
}

function gathered(peer: RTCPeerConnection, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (peer.iceGatheringState !== "complete") return;
      clearTimeout(timer);
      peer.removeEventListener("icegatheringstatechange", check);
      resolve();
    };
    const timer = setTimeout(resolve, limitMs);
    peer.addEventListener("icegatheringstatechange", check);
    check();
  });
}
