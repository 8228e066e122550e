import type { SocketLike, Surroundings } from "../protocol/index.js";

/** The browser's own sockets, clock and chance. */
export const browserSurroundings: Surroundings = {
  openSocket: (url, subprotocol) => new WebSocket(url, subprotocol) as unknown as SocketLike,
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};

/** Address of a room's WebSocket on the bridge that served this page. */
export function socketUrl(room: string): string {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/${room}`;
}
