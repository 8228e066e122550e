import assert from "node:assert/strict";
import { test } from "node:test";

import { factsOf, readHealth, readRoom } from "../../src/index/health.js";
import { isHeadset } from "../../src/index/join.js";
import { hereLink, nameOf, readLobby, shownLink, tokenIn } from "../../src/index/lobby.js";

const URL = "https://192.168.1.20:8443/capture?room=lesson&autostart=1#token=a.b";
const LINK = { page: "capture", url: URL, qr: { size: 57, path: "M4 4h7v1h-7z" } };
const ANSWER = {
  invited: true,
  certificate: "own",
  addresses: [{ url: "https://192.168.1.20:8443", kind: "network" }],
  chosen: 0,
  rooms: [{ room: "lesson", codes: { watch: "AAAA-AAAA", publish: "BBBB-BBBB" }, links: [LINK] }],
};

test("an invitation is read as the bridge writes it", () => {
  const { invited: _, ...rest } = ANSWER;
  assert.deepEqual(readLobby(ANSWER), rest);
  assert.equal(readLobby({ ...ANSWER, rooms: [{ room: "x", codes: null }] })!.rooms[0]!.codes, null);
});

test("who is not invited, and what is no answer, gets none", () => {
  for (const answer of [{ invited: false }, { invited: "yes" }, { invited: true }, null, [], "x"]) {
    assert.equal(readLobby(answer), null);
  }
});

test("links that are none, and drawings that are not only drawings, are left out", () => {
  const bad = [
    { ...LINK, page: "admin" },
    { ...LINK, url: "javascript:alert(1)" },
    { ...LINK, url: "/capture" },
    { ...LINK, qr: { size: "57", path: "" } },
    { ...LINK, qr: { size: 57, path: 'M4 4"><script>' } },
    null,
  ];
  const read = readLobby({ ...ANSWER, rooms: [{ room: "lesson", codes: null, links: bad }] })!;
  assert.deepEqual(read.rooms[0]!.links, []);
});

test("people read an address without its token; this browser opens it where it is", () => {
  assert.equal(shownLink(URL), "192.168.1.20:8443/capture");
  assert.equal(hereLink(URL), "/capture?room=lesson&autostart=1#token=a.b");
  assert.equal(tokenIn(URL), "a.b");
  assert.equal(tokenIn("https://x.test/viewer"), null);
  assert.equal(nameOf({ url: "https://a.local:8443", kind: "name" }), "a.local:8443 (name in this network)");
  assert.equal(nameOf({ url: "https://192.168.1.20:8443", kind: "network" }), "192.168.1.20:8443");
});

test("a room's state is one line", () => {
  const live = { views: [{ view: "phone", live: true }, { view: "old", live: false }] };
  assert.equal(factsOf(readRoom("lesson", live)), "phone live · no hands yet");
  assert.equal(factsOf(readRoom("lesson", { ...live, pose_rate_hz: 29.6 })), "phone live · 30 poses/s");
  assert.equal(factsOf(readRoom("lesson", null)), "no device is publishing");
  assert.deepEqual(readHealth({ rooms: { a: live } })[0]!.live, ["phone"]);
});

test("a headset's browser is known", () => {
  assert.ok(isHeadset("Mozilla/5.0 (X11; Linux x86_64; Quest 3) OculusBrowser/40.0 Chrome/132 VR Safari/537"));
  assert.ok(!isHeadset("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari"));
});
