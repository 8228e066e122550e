import assert from "node:assert/strict";
import { test } from "node:test";

import { type Message, SUBPROTOCOL } from "../../src/protocol/index.js";
import { WELCOME, connect } from "./fakes.js";

const POSE: Message = { type: "pose", seq: 7, time_ns: 1n, hands: [] };

function opened() {
  const all = connect();
  all.world.socket.onopen!();
  all.world.socket.deliver(WELCOME);
  return all;
}

test("greets as a watcher and subscribes once welcomed", () => {
  const { world, states } = connect();
  assert.deepEqual(world.subprotocols, [SUBPROTOCOL]);
  assert.equal(world.socket.binaryType, "arraybuffer");
  world.socket.onopen!();
  assert.deepEqual(world.socket.sent, [
    {
      type: "hello",
      versions: [1],
      role: "watch",
      client: "test",
      token: null,
      resume: null,
      capabilities: [],
    },
  ]);
  world.socket.deliver(WELCOME);
  assert.deepEqual(world.socket.sent[1], {
    type: "subscribe",
    max_rate_hz: null,
    precision: "compact",
  });
  assert.deepEqual(states, [
    { kind: "connecting" },
    { kind: "open", room: "lesson", server: "test" },
  ]);
});

test("acknowledges half a window at once", () => {
  const { world, messages } = opened();
  for (let seq = 1; seq <= 12; seq++) world.socket.deliver({ ...POSE, seq });
  assert.deepEqual(
    world.socket.ofType("ack").map(({ seq }) => seq),
    [5, 10],
  );
  assert.equal(messages.filter(({ type }) => type === "pose").length, 12);
});

test("pings in a burst, then steadily, and learns the bridge's clock", () => {
  const { world, connection } = opened();
  world.pass(900);
  assert.equal(world.socket.ofType("ping").length, 5);
  assert.equal(connection.bridgeNowNs(), null);
  const { t0_ns } = world.socket.ofType("ping")[4]!;
  // Sent at 1800 ms here; the bridge's clock is 50 s ahead and it took 100 ms there and back.
  world.socket.deliver({
    type: "pong",
    t0_ns,
    t1_ns: t0_ns + 50_050_000_000n,
    t2_ns: t0_ns + 50_050_000_000n,
  });
  assert.equal(connection.bridgeNowNs(), BigInt(world.timeMs) * 1_000_000n + 50_000_000_000n);
  assert.equal(connection.roundTripMs(), 100);
  world.pass(3200);
  assert.equal(world.socket.ofType("ping").length, 7);
});

test("answers a ping with its own clock", () => {
  const { world } = opened();
  world.socket.deliver({ type: "ping", t0_ns: 77n });
  const nowNs = BigInt(world.timeMs) * 1_000_000n;
  assert.deepEqual(world.socket.ofType("pong"), [
    { type: "pong", t0_ns: 77n, t1_ns: nowNs, t2_ns: nowNs },
  ]);
});

test("comes back after a loss, waiting longer each time, and afresh after a welcome", () => {
  const { world, states } = opened();
  for (const waitMs of [250, 500, 1000, 2000, 4000, 8000, 8000]) {
    world.socket.onclose!({ code: 1006, reason: "" });
    assert.deepEqual(states.at(-1), {
      kind: "reconnecting",
      retryInMs: waitMs,
      reason: "the bridge went away",
    });
    const before = world.sockets.length;
    world.pass(waitMs - 1);
    assert.equal(world.sockets.length, before);
    world.pass(1);
    assert.equal(world.sockets.length, before + 1);
  }
  world.socket.onopen!();
  world.socket.deliver(WELCOME);
  world.socket.onclose!({ code: 1001, reason: "going away" });
  assert.deepEqual(states.at(-1), {
    kind: "reconnecting",
    retryInMs: 250,
    reason: "going away",
  });
});

test("comes back as the same client, which has subscribed already", () => {
  const welcome = (fields: object) => ({ ...WELCOME, ...fields }) as Message;
  const { world } = connect();
  world.socket.onopen!();
  world.socket.deliver(welcome({ session: "secret" }));
  world.socket.onclose!({ code: 1006, reason: "" });
  world.pass(250);
  world.socket.onopen!();
  assert.equal(world.socket.ofType("hello")[0]!.resume, "secret");
  world.socket.deliver(welcome({ session: "secret", resumed: true }));
  assert.equal(world.socket.ofType("subscribe").length, 0);
  world.socket.onclose!({ code: 1006, reason: "" });
  world.pass(250);
  world.socket.onopen!();
  world.socket.deliver(welcome({ session: "another" }));
  assert.equal(world.socket.ofType("subscribe").length, 1);
});

test("retryNow cuts the wait short, once", () => {
  const { world, connection } = opened();
  world.socket.onclose!({ code: 1006, reason: "" });
  connection.retryNow();
  connection.retryNow();
  assert.equal(world.sockets.length, 2);
  world.pass(5000);
  assert.equal(world.sockets.length, 2);
});

test("an unknown room is waited for, every second, however long, without a flicker", () => {
  const { world, states } = connect();
  for (let i = 1; i <= 20; i++) {
    world.socket.onopen!();
    world.socket.deliver({ type: "error", code: "unknown_room", message: "no room lesson" });
    world.socket.onclose!({ code: 4404, reason: "unknown_room" });
    world.pass(1000);
    assert.equal(world.sockets.length, i + 1);
  }
  assert.deepEqual(states[0], { kind: "connecting" });
  for (const state of states.slice(1)) {
    assert.deepEqual(state, { kind: "waiting_for_room", retryInMs: 1000 });
  }
  world.socket.onopen!();
  world.socket.deliver(WELCOME);
  assert.equal(states.at(-1)!.kind, "open");
});

test("another version is final", () => {
  const { world, states } = connect();
  world.socket.onopen!();
  world.socket.deliver({ type: "error", code: "unsupported_version", message: "I speak 2" });
  world.socket.onclose!({ code: 4406, reason: "" });
  assert.deepEqual(states.at(-1), {
    kind: "refused",
    code: "unsupported_version",
    reason: "I speak 2",
  });
  world.pass(60_000);
  assert.equal(world.sockets.length, 1);
});

test("a welcome in another version is refused from here", () => {
  const { world, states } = connect();
  world.socket.onopen!();
  world.socket.deliver({ ...WELCOME, version: 2 } as Message);
  assert.equal(states.at(-1)!.kind, "refused");
  assert.equal(world.socket.closedWith, 4406);
});

test("a bridge that breaks the protocol is left, and tried again", () => {
  const { world, states } = opened();
  world.socket.deliverBytes(Uint8Array.of(0xc1));
  assert.equal(world.sockets[0]!.closedWith, 4400);
  assert.equal(states.at(-1)!.kind, "reconnecting");
  world.pass(250);
  assert.equal(world.sockets.length, 2);
  world.socket.onopen!();
  world.socket.deliver(POSE); // before the welcome
  assert.equal(world.socket.closedWith, 4400);
  world.pass(500);
  world.socket.onmessage!({ data: "text" });
  assert.equal(world.socket.closedWith, 4400);
});

test("a silent bridge is left after six seconds, a speaking one never", () => {
  const { world, states } = opened();
  for (let i = 0; i < 20; i++) {
    world.pass(1000);
    world.socket.deliver({ type: "bye", reason: "" });
  }
  assert.equal(world.sockets.length, 1);
  world.pass(5999);
  assert.equal(states.at(-1)!.kind, "open");
  world.pass(1);
  assert.deepEqual(states.at(-1), {
    kind: "reconnecting",
    retryInMs: 250,
    reason: "the bridge does not answer",
  });
  assert.equal(world.sockets[0]!.closedWith, 1000);
});

test("close is final and leaves nothing behind", () => {
  const { world, states, connection } = opened();
  connection.close();
  assert.deepEqual(states.at(-1), { kind: "closed" });
  assert.equal(world.pendingTimers, 0);
  assert.equal(world.socket.onmessage, null);
});

test("shows its token in hello, and is not let in again and again", () => {
  const { world, states } = connect({ token: "a.b" });
  world.socket.onopen!();
  assert.equal(world.socket.ofType("hello")[0]!.token, "a.b");
  world.socket.deliver({ type: "error", code: "unauthorised", message: "it has expired" });
  world.socket.onclose!({ code: 4401, reason: "unauthorised" });
  assert.deepEqual(states.at(-1), {
    kind: "refused",
    code: "unauthorised",
    reason: "it has expired",
  });
  world.pass(60_000);
  assert.equal(world.sockets.length, 1);
});

test("knows a refusal by its close code alone", () => {
  const { world, states } = connect();
  world.socket.onclose!({ code: 4403, reason: "forbidden" });
  assert.deepEqual(states.at(-1), { kind: "refused", code: "forbidden", reason: "forbidden" });
});

test("gives a bridge that asks for fewer attempts fewer attempts", () => {
  const { world, states } = connect();
  world.socket.onclose!({ code: 4429, reason: "rate_limited" });
  assert.deepEqual(states.at(-1), {
    kind: "reconnecting",
    retryInMs: 15_000,
    reason: "too many attempts",
  });
});
