import {
  Connection,
  type ConnectionState,
  type Message,
  type MessageOf,
  type PlaybackState,
  type PoseHand,
  type Sendable,
  type Shape,
  type Side,
  type Surroundings,
} from "../protocol/index.js";
import { Feedback } from "../stage/finger_colors.js";
import { Playout } from "../stage/playout.js";
import { learnerName } from "./learner_name.js";
import { positionS } from "./playback.js";

export interface LessonEvents {
  onState(state: ConnectionState): void;
  onPlayback(state: PlaybackState): void;
  onShape(shape: Shape): void;
  /** null: where the teacher's instrument lies is not known any more. */
  onAnchor(anchor: MessageOf<"anchor"> | null): void;
  onHands(hands: readonly PoseHand[]): void;
}

/** A learner's connection to a room, and what it said last. No DOM, no 3D. */
export class Lesson {
  readonly playout = new Playout();
  readonly feedback = new Feedback();
  readonly shapes = new Map<Side, Shape>();
  anchor: MessageOf<"anchor"> | null = null;
  playback: PlaybackState | null = null;
  /** Poses taken, scores of this learner, and messages of own hands sent. */
  poses = 0;
  scores = 0;
  sent = 0;
  lastPoseMs = -Infinity;
  /** Of the next message of own hands: it rises as long as a learner is one, however often they enter. */
  seq = 0;
  #name: string | null = null;
  #session: string | null = null;
  #listener: Partial<LessonEvents> = {};
  readonly #connection: Connection;

  constructor(
    options: { url: string; client: string; token: string | null },
    private readonly surroundings: Surroundings,
    private readonly events: Pick<LessonEvents, "onState" | "onPlayback">,
  ) {
    this.#connection = new Connection(
      {
        ...options,
        role: "learn",
        onState: (state) => this.#onState(state),
        onMessage: (message) => this.#take(message),
      },
      surroundings,
    );
  }

  open(): void {
    this.#connection.open();
  }

  close(): void {
    this.#connection.close();
  }

  retryNow(): void {
    this.#connection.retryNow();
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  /** Who is told as well, while in the headset; null for nobody. */
  listen(listener: Partial<LessonEvents> | null): void {
    this.#listener = listener ?? {};
  }

  /** The bridge's clock, nanoseconds and milliseconds; null while it is not known. */
  nowNs(): bigint | null {
    return this.#connection.bridgeNowNs();
  }

  nowMs(): number | null {
    const ns = this.#connection.bridgeNowNs();
    return ns === null ? null : Number(ns) / 1e6;
  }

  /** Where the lesson is, seconds. */
  get positionS(): number {
    return this.playback ? positionS(this.playback, this.nowNs()) : 0;
  }

  send(message: Sendable | null): boolean {
    if (!message) return false;
    const sent = this.#connection.send(message);
    if (sent && message.type === "learner_hands") this.sent++;
    return sent;
  }

  #onState(state: ConnectionState): void {
    if (state.kind !== "open") this.playout.reset();
    this.events.onState(state);
    this.#listener.onState?.(state);
  }

  #take(message: Message): void {
    const nowMs = this.surroundings.nowMs();
    switch (message.type) {
      case "welcome":
        void this.#learnName(message.session);
        break;
      case "shape":
        this.shapes.set(message.side, message);
        this.#listener.onShape?.(message);
        break;
      case "anchor":
        this.anchor = message.size_m.every((size) => size > 0) ? message : null;
        this.#listener.onAnchor?.(this.anchor);
        break;
      case "pose": {
        const bridgeMs = this.nowMs();
        this.poses++;
        if (message.hands.length > 0) this.lastPoseMs = nowMs;
        this.#listener.onHands?.(message.hands);
        if (bridgeMs !== null) {
          this.playout.push(Number(message.time_ns) / 1e6, message.hands, bridgeMs);
        }
        break;
      }
      case "score":
        if (message.learner !== this.#name) break;
        this.scores++;
        this.feedback.take(message, nowMs);
        break;
      case "playback_state":
        this.playback = message;
        this.events.onPlayback(message);
        this.#listener.onPlayback?.(message);
        break;
      default:
        break;
    }
  }

  /** Others' scores come here, too: ours is known by the name the bridge gives this session. */
  async #learnName(session: string | null): Promise<void> {
    this.#session = session;
    const name = session === null ? null : await learnerName(session);
    if (session === this.#session) this.#name = name;
  }
}
