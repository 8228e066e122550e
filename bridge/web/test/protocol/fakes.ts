import {
  Connection,
  type ConnectionState,
  type Message,
  type SocketLike,
  type Surroundings,
  type WatchRole,
  decode,
  encode,
} from "../../src/protocol/index.js";

export class FakeSocket implements SocketLike {
  binaryType = "blob";
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly sent: Message[] = [];
  closedWith: number | null = null;

  send(data: Uint8Array): void {
    this.sent.push(decode(data));
  }

  close(code = 1005): void {
    this.closedWith = code;
  }

  /** The bridge sends a message. */
  deliver(message: Message): void {
    this.deliverBytes(encode(message));
  }

  deliverBytes(bytes: Uint8Array): void {
    this.onmessage!({ data: bytes.slice().buffer });
  }

  ofType<T extends Message["type"]>(type: T): Extract<Message, { type: T }>[] {
    return this.sent.filter((message) => message.type === type) as Extract<Message, { type: T }>[];
  }
}

/** A clock that stands until it is moved, and sockets that a test plays the bridge on. */
export class FakeWorld implements Surroundings {
  timeMs = 1000;
  readonly sockets: FakeSocket[] = [];
  readonly subprotocols: string[] = [];
  #timers: { atMs: number; callback: () => void }[] = [];

  openSocket(_url: string, subprotocol: string): SocketLike {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    this.subprotocols.push(subprotocol);
    return socket;
  }

  nowMs(): number {
    return this.timeMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.timeMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  random(): number {
    return 1;
  }

  get pendingTimers(): number {
    return this.#timers.length;
  }

  /** Lets time pass, with everything that falls due on the way. */
  pass(durationMs: number): void {
    const endMs = this.timeMs + durationMs;
    for (;;) {
      const due = this.#timers.filter(({ atMs }) => atMs <= endMs);
      if (due.length === 0) break;
      const next = due.reduce((a, b) => (b.atMs < a.atMs ? b : a));
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.timeMs = Math.max(this.timeMs, next.atMs);
      next.callback();
    }
    this.timeMs = endMs;
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }
}

/** A connection in a fake world, with all that it reported. */
export function connect({
  token = null,
  role = "watch",
}: { token?: string | null; role?: WatchRole } = {}) {
  const world = new FakeWorld();
  const states: ConnectionState[] = [];
  const messages: Message[] = [];
  const connection = new Connection(
    {
      url: "ws://bridge/ws/lesson",
      client: "test",
      token,
      role,
      onState: (state) => states.push(state),
      onMessage: (message) => messages.push(message),
    },
    world,
  );
  connection.open();
  return { world, states, messages, connection };
}

export const WELCOME: Message = {
  type: "welcome",
  version: 1,
  room: "lesson",
  server: "test",
  time_ns: 5n,
  ack_window: 10,
  session: null,
  resumed: false,
  capabilities: [],
};
