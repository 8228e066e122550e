import { Backoff } from "../protocol/index.js";
import { BRIDGE_GONE, NO_WEBRTC, type Problem, WEBRTC_FAILED, roomFull } from "../ui/problems.js";
import { openClockChannel } from "./clock_channel.js";
import { orderCodecs } from "./codecs.js";
import { type Sight, openSightChannel } from "./sight.js";
import { WhipError, end, publish } from "./whip.js";

/** Where publishing stands. */
export type PublishState =
  | { kind: "idle" }
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "retrying"; problem: Problem }
  /** `denied`: for want of a token. */
  | { kind: "refused"; problem: Problem; denied?: boolean };

const MAX_BITRATE = 4_000_000;
/** A connection that is merely shaken often comes back within this time. */
const SHAKEN_MS = 3000;
/** An attempt that has not connected by then never will. */
const CONNECT_MS = 12_000;

const BROKEN: Problem = {
  title: "The connection broke.",
  text: "The network is gone, or the bridge.",
  next: "Trying again by itself.",
};

/** Keeps one camera's picture flowing to one view of a room, until it is stopped. */
export class Publisher {
  #state: PublishState = { kind: "idle" };
  #track: MediaStreamTrack | null = null;
  #url = "";
  #token: string | null = null;
  #peer: RTCPeerConnection | null = null;
  #session: string | null = null;
  #attempt: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #backoff = new Backoff({ firstMs: 500, maxMs: 10_000 });

  constructor(
    private readonly codecs: readonly string[],
    private readonly onState: (state: PublishState) => void,
    private readonly onSight: (sight: Sight) => void = () => {},
  ) {}

  get state(): PublishState {
    return this.#state;
  }

  /** The bridge that takes the stream, which need not be this page's; null while none does. */
  get bridge(): string | null {
    return this.#session && new URL(this.#session).origin;
  }

  /** The sender's statistics, null while there is none. */
  async stats(): Promise<RTCStatsReport | null> {
    return (await this.#peer?.getStats()) ?? null;
  }

  /** Publishes a track to a WHIP endpoint, now and again after every loss. */
  start(track: MediaStreamTrack, url: string, token: string | null): void {
    this.#track = track;
    this.#url = url;
    this.#token = token;
    this.#backoff.reset();
    this.#connect();
  }

  /** Sends another camera's picture from now on, without a new session. */
  async replaceTrack(track: MediaStreamTrack): Promise<void> {
    this.#track = track;
    await this.#peer?.getSenders()[0]?.replaceTrack(track);
  }

  /** Cuts a wait short. */
  retryNow(): void {
    if (this.#state.kind === "retrying") this.#connect();
  }

  /** Ends the session; also right before the page goes away. */
  stop(): void {
    this.#drop();
    this.#setState({ kind: "idle" });
  }

  #setState(state: PublishState): void {
    this.#state = state;
    this.onState(state);
  }

  #drop(): void {
    clearTimeout(this.#timer);
    this.#attempt?.abort();
    this.#peer?.close();
    if (this.#session) end(this.#session, this.#token);
    this.#attempt = this.#peer = this.#session = null;
  }

  #connect(): void {
    this.#drop();
    this.#setState({ kind: "connecting" });
    const attempt = new AbortController();
    this.#attempt = attempt;
    let peer: RTCPeerConnection;
    try {
      peer = this.#newPeer();
    } catch {
      this.#setState({ kind: "refused", problem: NO_WEBRTC });
      return;
    }
    this.#peer = peer;
    peer.addEventListener("connectionstatechange", () => {
      if (peer === this.#peer) this.#onConnection(peer.connectionState);
    });
    this.#timer = setTimeout(
      () => this.#retry(WEBRTC_FAILED),
      CONNECT_MS,
    );
    const token = this.#token;
    publish(peer, this.#url, { token, signal: attempt.signal }).then(
      (session) => {
        if (attempt.signal.aborted) end(session, token);
        else this.#session = session;
      },
      (error: Error) => {
        if (!attempt.signal.aborted) this.#failed(error);
      },
    );
  }

  #newPeer(): RTCPeerConnection {
    const peer = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    openClockChannel(peer);
    openSightChannel(peer, (sight) => {
      if (peer === this.#peer) this.onSight(sight);
    });
    const transceiver = peer.addTransceiver(this.#track!, {
      direction: "sendonly",
      sendEncodings: [{ maxBitrate: MAX_BITRATE }],
    });
    const offered = RTCRtpSender.getCapabilities("video")?.codecs;
    if (offered) transceiver.setCodecPreferences(orderCodecs(offered, this.codecs));
    return peer;
  }

  #onConnection(state: RTCPeerConnectionState): void {
    if (state === "connected") {
      clearTimeout(this.#timer);
      this.#backoff.reset();
      this.#setState({ kind: "live" });
    } else if (state === "disconnected") {
      this.#timer = setTimeout(() => this.#retry(BROKEN), SHAKEN_MS);
    } else if (state === "failed" || state === "closed") {
      this.#retry(BROKEN);
    }
  }

  #failed(error: Error): void {
    if (!(error instanceof WhipError)) {
      this.#retry({ ...WEBRTC_FAILED, text: `The browser says: ${error.message}.` });
    } else if (error.retryable) {
      this.#retry(triedAgain(error), error.retryAfterMs);
    } else {
      this.#drop();
      const problem = { title: "The stream was not taken", text: error.message, next: "" };
      this.#setState({ kind: "refused", problem, denied: error.denied });
    }
  }

  #retry(problem: Problem, afterMs: number | null = null): void {
    this.#drop();
    this.#setState({ kind: "retrying", problem });
    this.#timer = setTimeout(() => this.#connect(), afterMs ?? this.#backoff.next());
  }
}

/** What to say while the page tries again after an answer of the bridge, or none. */
function triedAgain({ message, full, status }: WhipError): Problem {
  if (status === null) return BRIDGE_GONE;
  const next = full ? roomFull("", "device").next : "Trying again by itself.";
  return { title: message, text: "", next };
}
