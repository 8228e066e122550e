import { ClockSync } from "./clock.js";
import { decode, encode } from "./codec.js";
import { ProtocolError } from "./errors.js";
import { type Message, type MessageOf, VERSION } from "./messages.js";

/** What a bridge may send once it has welcomed a watcher. */
const AFTER_WELCOME = new Set([
  "shape",
  "pose",
  "status",
  "anchor",
  "learner_hands",
  "score",
  "playback_state",
  "ping",
  "pong",
  "error",
  "bye",
]);

/** A learner is a watcher who also sends its own hands. */
export type WatchRole = "watch" | "learn";

/** What a page sends of its own accord, once it is welcome. */
export type Sendable = MessageOf<"learner_hands"> | MessageOf<"playback_control">;

/**
 * A watcher's or learner's side of one connection, sans-I/O: bytes in, messages and answers out.
 *
 * Times are nanoseconds of any monotonic local clock, handed in by the caller.
 */
export class WatchSession {
  readonly clock = new ClockSync();
  readonly #client: string;
  readonly #role: WatchRole;
  readonly #token: string | null;
  readonly #resume: string | null;
  readonly #maxRateHz: number | null;
  #welcome: MessageOf<"welcome"> | null = null;
  /** Poses taken since the last acknowledgement. */
  #taken = 0;

  constructor({
    client,
    role = "watch",
    token = null,
    resume = null,
    maxRateHz = null,
  }: {
    client: string;
    role?: WatchRole;
    token?: string | null;
    /** The `session` of the last connection's welcome, to go on as the same client. */
    resume?: string | null;
    maxRateHz?: number | null;
  }) {
    this.#client = client;
    this.#role = role;
    this.#token = token;
    this.#resume = resume;
    this.#maxRateHz = maxRateHz;
  }

  /** The bridge's welcome, null until it came. */
  get welcome(): MessageOf<"welcome"> | null {
    return this.#welcome;
  }

  /** The first bytes to send. */
  hello(): Uint8Array {
    return encode({
      type: "hello",
      versions: [VERSION],
      role: this.#role,
      client: this.#client,
      token: this.#token,
      resume: this.#resume,
      capabilities: [],
    });
  }

  /**
   * The bytes of a message that a page sends of its own accord.
   *
   * @throws ProtocolError before the welcome, and for hands from a watcher who is no learner.
   */
  send(message: Sendable): Uint8Array {
    if (this.#welcome === null || (message.type === "learner_hands" && this.#role !== "learn")) {
      throw new ProtocolError(`${message.type} must not be sent now`, "unexpected");
    }
    return encode(message);
  }

  /** The bytes of a ping sent now. */
  ping(nowNs: bigint): Uint8Array {
    return encode({ type: "ping", t0_ns: nowNs });
  }

  /**
   * Takes one message from the bridge.
   *
   * @returns the message, and the bytes to answer with, in order.
   * @throws ProtocolError when the bytes are not a message, or not one allowed now.
   */
  receive(bytes: Uint8Array, nowNs: bigint): { message: Message; replies: Uint8Array[] } {
    const message = decode(bytes);
    return { message, replies: this.#answer(message, nowNs) };
  }

  #answer(message: Message, nowNs: bigint): Uint8Array[] {
    if (this.#welcome === null && message.type === "welcome") {
      if (message.version !== VERSION) {
        throw new ProtocolError(
          `the bridge speaks version ${message.version}, this page ${VERSION}`,
          "unsupported_version",
        );
      }
      this.#welcome = message;
      // What it had subscribed to comes by itself.
      if (message.resumed) return [];
      return [encode({ type: "subscribe", max_rate_hz: this.#maxRateHz, precision: "compact" })];
    }
    const allowed = this.#welcome ? AFTER_WELCOME.has(message.type) : message.type === "error";
    if (!allowed) {
      throw new ProtocolError(`a bridge must not send ${message.type} now`, "unexpected");
    }
    switch (message.type) {
      case "pose":
        // Half the window at once: enough for the bridge to go on sending, at a fifth of the work.
        if (2 * ++this.#taken < this.#welcome!.ack_window) return [];
        this.#taken = 0;
        return [encode({ type: "ack", seq: message.seq })];
      case "ping":
        return [encode({ type: "pong", t0_ns: message.t0_ns, t1_ns: nowNs, t2_ns: nowNs })];
      case "pong":
        this.clock.add({
          t0Ns: message.t0_ns,
          t1Ns: message.t1_ns,
          t2Ns: message.t2_ns,
          t3Ns: nowNs,
        });
        return [];
      default:
        return [];
    }
  }
}
