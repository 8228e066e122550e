import { Backoff } from "./backoff.js";
import { ProtocolError } from "./errors.js";
import { type Message, SUBPROTOCOL } from "./messages.js";
import { type Sendable, type WatchRole, WatchSession } from "./session.js";

/** Where a connection stands. One that waits or is lost stays so while it tries again. */
export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "open"; room: string; server: string }
  | { kind: "waiting_for_room"; retryInMs: number }
  | { kind: "reconnecting"; retryInMs: number; reason: string }
  | { kind: "refused"; code: Refusal; reason: string }
  | { kind: "closed" };

/** Why a bridge lets nobody in however often one asks. */
export type Refusal = "unsupported_version" | "unauthorised" | "forbidden";

/** The part of a WebSocket that a connection uses. */
export interface SocketLike {
  binaryType: string;
  /** Bytes that wait to be sent; a socket that does not tell is taken to have none. */
  readonly bufferedAmount?: number;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  send(data: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

/** Everything a connection takes from its surroundings; tests hand in their own. */
export interface Surroundings {
  openSocket(url: string, subprotocol: string): SocketLike;
  /** A monotonic clock, milliseconds. */
  nowMs(): number;
  /** Calls back once after a delay; returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  random(): number;
}

export interface ConnectionOptions {
  url: string;
  client: string;
  /** `watch` unless own hands are sent, too. */
  role?: WatchRole;
  /** What lets in, where the bridge asks for it. */
  token?: string | null;
  onState(state: ConnectionState): void;
  onMessage(message: Message): void;
}

/** Close codes after which the same attempt would end the same way. */
const REFUSALS: ReadonlyMap<number, Refusal> = new Map([
  [4401, "unauthorised"],
  [4403, "forbidden"],
  [4406, "unsupported_version"],
]);
const UNSUPPORTED_VERSION = 4406;
const UNKNOWN_ROOM = 4404;
const RATE_LIMITED = 4429;
/** Sent by us when the bridge breaks the protocol. */
const PROTOCOL_BROKEN = 4400;

const ROOM_RETRY_MS = 1000;
/** A bridge that asked for fewer attempts gets them. */
const RATE_RETRY_MS = 15_000;
const PING_BURST_MS = [0, 100, 200, 400, 800];
const PING_EVERY_MS = 2000;
/** The bridge sends a status every second: this much silence means that it is gone. */
const SILENCE_MS = 6000;
/** With so much unsent, a network stands still, and what is added only comes too late. */
const MAX_UNSENT_BYTES = 32 * 1024;

/** A watcher's or learner's connection to a room, kept up: it reconnects until it is closed. */
export class Connection {
  #state: ConnectionState = { kind: "closed" };
  #session: WatchSession;
  #socket: SocketLike | null = null;
  #lastHeardMs = 0;
  #refusal: { code: string; message: string } | null = null;
  /** With which a lost connection may be resumed. */
  #resume: string | null = null;
  #timers = new Set<() => void>();
  #dropped = 0;
  readonly #backoff: Backoff;

  constructor(
    readonly options: ConnectionOptions,
    private readonly surroundings: Surroundings,
  ) {
    this.#session = this.#newSession();
    this.#backoff = new Backoff({ firstMs: 250, maxMs: 8000, random: surroundings.random });
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The bridge's clock now, nanoseconds; null while it is not known. */
  bridgeNowNs(): bigint | null {
    return this.#session.clock.toBridgeNs(this.#nowNs());
  }

  /** Shortest recent round trip to the bridge, milliseconds; null while it is not known. */
  roundTripMs(): number | null {
    const roundTripNs = this.#session.clock.roundTripNs;
    return roundTripNs === null ? null : Number(roundTripNs) / 1e6;
  }

  /** Messages that `send` did not send. */
  get dropped(): number {
    return this.#dropped;
  }

  /** With which the bridge knows this client: from the last welcome, null before it. */
  get resume(): string | null {
    return this.#resume;
  }

  /**
   * Sends a message now, or not at all: hands and commands that come late do harm. What cannot be
   * sent, because the connection is not open or too much waits unsent, is dropped and counted.
   *
   * @returns whether it was sent.
   * @throws ProtocolError for hands from a connection whose role is not `learn`.
   */
  send(message: Sendable): boolean {
    const socket = this.#socket;
    const full = (socket?.bufferedAmount ?? 0) > MAX_UNSENT_BYTES;
    if (!socket || this.#state.kind !== "open" || full) {
      this.#dropped++;
      return false;
    }
    socket.send(this.#session.send(message));
    return true;
  }

  /** Connects, now and again after every loss. */
  open(): void {
    if (this.#state.kind === "closed") this.#connect();
  }

  /** Cuts a wait short; an attempt that is under way goes on. */
  retryNow(): void {
    if (this.#retrying && !this.#socket) this.#connect();
  }

  /** Ends the connection for good. */
  close(): void {
    this.#drop(1000, "");
    this.#setState({ kind: "closed" });
  }

  get #retrying(): boolean {
    return this.#state.kind === "reconnecting" || this.#state.kind === "waiting_for_room";
  }

  #newSession(): WatchSession {
    return new WatchSession({
      client: this.options.client,
      role: this.options.role ?? "watch",
      token: this.options.token ?? null,
      resume: this.#resume,
    });
  }

  #nowNs(): bigint {
    return BigInt(Math.round(this.surroundings.nowMs() * 1e6));
  }

  #setState(state: ConnectionState): void {
    this.#state = state;
    this.options.onState(state);
  }

  #after(delayMs: number, callback: () => void): void {
    const cancel = this.surroundings.after(delayMs, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
  }

  /** Lets go of the socket and of everything scheduled for it. */
  #drop(code: number, reason: string): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code, reason);
  }

  #connect(): void {
    this.#drop(1000, "");
    this.#session = this.#newSession();
    this.#refusal = null;
    this.#lastHeardMs = this.surroundings.nowMs();
    if (!this.#retrying) this.#setState({ kind: "connecting" });
    const socket = this.surroundings.openSocket(this.options.url, SUBPROTOCOL);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(this.#session.hello());
    socket.onmessage = ({ data }) => this.#receive(socket, data);
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
    this.#socket = socket;
    this.#watchSilence();
  }

  #receive(socket: SocketLike, data: unknown): void {
    this.#lastHeardMs = this.surroundings.nowMs();
    try {
      if (!(data instanceof ArrayBuffer)) {
        throw new ProtocolError("the bridge sent text where only binary messages are allowed");
      }
      const { message, replies } = this.#session.receive(new Uint8Array(data), this.#nowNs());
      for (const reply of replies) socket.send(reply);
      this.#handle(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (error.code === "unsupported_version") {
        this.#drop(UNSUPPORTED_VERSION, error.code);
        this.#setState({ kind: "refused", code: error.code, reason: error.message });
      } else {
        this.#drop(PROTOCOL_BROKEN, error.code);
        this.#wait(error.message);
      }
    }
  }

  #handle(message: Message): void {
    if (message.type === "welcome") {
      this.#backoff.reset();
      this.#resume = message.session;
      this.#setState({ kind: "open", room: message.room, server: message.server });
      for (const delayMs of PING_BURST_MS) this.#after(delayMs, () => this.#ping());
      this.#after(PING_EVERY_MS, () => this.#keepPinging());
    } else if (message.type === "error") {
      // The close that follows decides what happens next.
      this.#refusal = message;
    }
    this.options.onMessage(message);
  }

  #ping(): void {
    this.#socket?.send(this.#session.ping(this.#nowNs()));
  }

  #keepPinging(): void {
    this.#ping();
    this.#after(PING_EVERY_MS, () => this.#keepPinging());
  }

  #watchSilence(): void {
    const silentMs = this.surroundings.nowMs() - this.#lastHeardMs;
    if (silentMs >= SILENCE_MS) {
      this.#drop(1000, "");
      this.#wait("the bridge does not answer");
    } else {
      this.#after(SILENCE_MS - silentMs, () => this.#watchSilence());
    }
  }

  #lost(code: number, reason: string): void {
    this.#socket = null;
    this.#drop(1000, "");
    const refusal =
      REFUSALS.get(code) ?? [...REFUSALS.values()].find((one) => one === this.#refusal?.code);
    if (code === UNKNOWN_ROOM || this.#refusal?.code === "unknown_room") {
      this.#setState({ kind: "waiting_for_room", retryInMs: ROOM_RETRY_MS });
      this.#after(ROOM_RETRY_MS, () => this.#connect());
    } else if (refusal) {
      this.#setState({
        kind: "refused",
        code: refusal,
        reason: this.#refusal?.message ?? reason,
      });
    } else if (code === RATE_LIMITED || this.#refusal?.code === "rate_limited") {
      this.#wait(this.#refusal?.message || "too many attempts", RATE_RETRY_MS);
    } else {
      this.#wait(this.#refusal?.message || reason || "the bridge went away");
    }
  }

  #wait(reason: string, leastMs = 0): void {
    const retryInMs = Math.max(leastMs, this.#backoff.next());
    this.#setState({ kind: "reconnecting", retryInMs, reason });
    this.#after(retryInMs, () => this.#connect());
  }
}
