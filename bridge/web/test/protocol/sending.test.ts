import assert from "node:assert/strict";
import { test } from "node:test";

import { type Sendable, ProtocolError, WatchSession, encode } from "../../src/protocol/index.js";
import { WELCOME, connect } from "./fakes.js";

const PLAY: Sendable = {
  type: "playback_control",
  command: "play",
  recording: null,
  position_s: null,
  rate: null,
  loop_s: null,
};
const HANDS: Sendable = {
  type: "learner_hands",
  seq: 0,
  time_ns: 1n,
  learner: "",
  hands: [],
  openxr: [],
};

test("a learner says so in hello, and sends hands and commands once it is welcome", () => {
  const { world, connection } = connect({ role: "learn" });
  world.socket.onopen!();
  assert.equal(world.socket.ofType("hello")[0]!.role, "learn");
  world.socket.deliver({ ...WELCOME, session: "secret" } as typeof WELCOME);
  assert.equal(connection.send(PLAY), true);
  assert.equal(connection.send(HANDS), true);
  assert.deepEqual(world.socket.ofType("playback_control"), [PLAY]);
  assert.deepEqual(world.socket.ofType("learner_hands"), [HANDS]);
  assert.equal(connection.dropped, 0);
  assert.equal(connection.resume, "secret");
});

test("what cannot be sent now is dropped and counted, not kept", () => {
  const { world, connection } = connect({ role: "learn" });
  world.socket.onopen!();
  assert.equal(connection.send(PLAY), false); // before the welcome
  world.socket.deliver(WELCOME);
  world.socket.bufferedAmount = 40_000;
  assert.equal(connection.send(HANDS), false); // the network stands still
  world.socket.bufferedAmount = 0;
  const first = world.socket;
  first.onclose!({ code: 1006, reason: "" });
  assert.equal(connection.send(PLAY), false); // lost
  connection.close();
  assert.equal(connection.send(PLAY), false); // closed
  assert.equal(connection.dropped, 4);
  assert.deepEqual(first.ofType("playback_control"), []);
  assert.deepEqual(first.ofType("learner_hands"), []);
});

test("who only watches sends commands and no hands", () => {
  const { world, connection } = connect();
  world.socket.onopen!();
  assert.equal(world.socket.ofType("hello")[0]!.role, "watch");
  world.socket.deliver(WELCOME);
  assert.equal(connection.send(PLAY), true);
  assert.throws(() => connection.send(HANDS), ProtocolError);
});

test("a session sends nothing before its welcome", () => {
  const session = new WatchSession({ client: "test", role: "learn" });
  assert.throws(() => session.send(HANDS), { code: "unexpected" });
  session.receive(encode(WELCOME), 0n);
  assert.deepEqual(session.send(HANDS), encode(HANDS));
});
