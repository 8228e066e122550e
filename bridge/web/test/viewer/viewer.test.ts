import assert from "node:assert/strict";
import { test } from "node:test";

import { PerspectiveCamera, Vector3 } from "three";

import type { ConnectionState, Status } from "../../src/protocol/index.js";
import { frame } from "../../src/viewer/framing.js";
import { noticeFor } from "../../src/viewer/notice.js";
import { ArrivalStats, RecentValues } from "../../src/viewer/stats.js";
import { restJoints } from "../hands.js";

const FOV_RAD = (35 * Math.PI) / 180;

test("framing keeps every keypoint in the picture, wide or tall", () => {
  const two = [...restJoints(), ...restJoints().map((x, i) => (i % 3 === 0 ? 0.5 - x : x))];
  for (const aspect of [0.45, 1, 16 / 9, 3]) {
    const { position, target, floorY } = frame(two, FOV_RAD, aspect);
    const camera = new PerspectiveCamera(35, aspect, 0.01, 10);
    camera.position.copy(position);
    camera.lookAt(target);
    camera.updateMatrixWorld();
    for (let i = 0; i < two.length; i += 3) {
      const { x, y } = new Vector3().fromArray(two, i).project(camera);
      assert.ok(Math.abs(x) < 1 && Math.abs(y) < 1, `${aspect}: ${x} ${y}`);
      assert.ok(floorY < two[i + 1]!);
    }
  }
});

test("rate and age count the last second only", () => {
  const stats = new ArrivalStats();
  for (let i = 0; i < 60; i++) stats.add(i * 50, i < 50 ? 500 : 80 + (i % 3));
  assert.equal(stats.rateHz(2950), 20);
  assert.equal(stats.rateHz(3450), 10);
  assert.equal(stats.medianAgeMs(3450), 81);
  assert.equal(stats.rateHz(5000), 0);
  assert.equal(stats.medianAgeMs(5000), null);
  stats.add(6000, null);
  assert.equal(stats.rateHz(6000), 1);
  assert.equal(stats.medianAgeMs(6000), null);
});

const open: ConnectionState = { kind: "open", room: "lesson", server: "" };
const status = (live: boolean): Status => ({
  type: "status",
  views: [{ view: "phone", live, rate_hz: 30, width: 1280, height: 720, dropped: 0, hands: 0 }],
  pose_rate_hz: 0,
  latency_ms: null,
  recording: false,
});

test("every state has its plain words", () => {
  const input = { room: "lesson", failure: null, status: null, handsSeen: false };
  const title = (connection: ConnectionState, more = {}) =>
    noticeFor({ ...input, connection, ...more })?.title ?? null;
  assert.equal(title({ kind: "connecting" }), "Connecting");
  assert.equal(title({ kind: "waiting_for_room", retryInMs: 1 }), "Waiting for room “lesson”");
  const lost: ConnectionState = { kind: "reconnecting", retryInMs: 1, reason: "x is gone" };
  assert.equal(title(lost), "Connection lost");
  assert.equal(title(lost, { handsSeen: true }), "Connection lost");
  assert.match(noticeFor({ ...input, connection: lost })!.text, /^X is gone\. /);
  assert.equal(title(open, { status: status(false) }), "No device is publishing yet");
  assert.equal(title(open, { status: status(true) }), "No hands in sight");
  assert.equal(title(open, { status: status(true), handsSeen: true }), null);
  const failure = { title: "No WebGL", text: "" };
  assert.equal(title(open, { failure, handsSeen: true }), "No WebGL");
  assert.deepEqual(noticeFor({ ...input, connection: open, status: status(false) })!.action, {
    label: "Capture with this device",
    href: "/capture?room=lesson",
  });
});

test("who is not let in learns what to ask for, and where to type a code", () => {
  const input = { room: "lesson", failure: null, status: null, handsSeen: false };
  const refused = (code: "unauthorised" | "forbidden" | "unsupported_version", hadToken = true) =>
    noticeFor({
      ...input,
      hadToken,
      connection: { kind: "refused", code, reason: "it has expired" },
    })!;
  assert.equal(refused("unauthorised", false).title, "This room asks for a link or a join code");
  assert.equal(refused("unauthorised").title, "This link does not open this room");
  assert.match(refused("unauthorised").text, /^It has expired. Ask for a new link/);
  assert.deepEqual(refused("forbidden").action, {
    label: "Type a join code",
    href: "/?room=lesson",
  });
  assert.match(refused("unsupported_version").title, /too old or too new/);
});

test("a room that is full says what to do", () => {
  const input = { room: "lesson", failure: null, status: null, handsSeen: false };
  const reason = "room lesson is full";
  const full = noticeFor({
    ...input,
    connection: { kind: "reconnecting", retryInMs: 250, reason },
  })!;
  assert.equal(full.title, "Room “lesson” is full");
  assert.match(full.text, /Close the page on a screen/);
  assert.deepEqual(full.action, { label: "Try now", retry: true });
});

test("recent values tell the middle and the worst of the last seconds", () => {
  const values = new RecentValues(1000);
  assert.equal(values.quantiles(0, [0.5]), null);
  for (let i = 0; i <= 700; i++) values.add(i, i < 600 ? 1e6 : 700 - i);
  assert.deepEqual(values.quantiles(1599.5, [0, 0.5, 0.95, 1]), [0, 50, 95, 100]);
  values.add(2550, 7);
  assert.deepEqual(values.quantiles(2601, [0.5, 0.95]), [7, 7]);
  values.reset();
  assert.equal(values.quantiles(2601, [0.5]), null);
});
