import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { answerClock, wallClockNs } from "../../src/capture/clock_channel.js";
import { orderCodecs, preferredFrom } from "../../src/capture/codecs.js";
import { SentStats } from "../../src/capture/sent_stats.js";
import { WhipError, end, publish, refusal, whipUrl } from "../../src/capture/whip.js";
import { factsOf, readHealth } from "../../src/index/health.js";
import { roomFrom, toName } from "../../src/ui/names.js";
import { cameraProblem } from "../../src/ui/problems.js";

describe("codecs", () => {
  const chromium = [
    { mimeType: "video/VP8" },
    { mimeType: "video/rtx" },
    { mimeType: "video/VP9", sdpFmtpLine: "profile-id=0" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=64001f" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=0;profile-level-id=42e01f" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=42e01f" },
    { mimeType: "video/AV1" },
    { mimeType: "video/ulpfec" },
  ];
  const names = (preferred: string[]) =>
    orderCodecs(chromium, preferred).map(({ mimeType, sdpFmtpLine }) =>
      [mimeType.slice(6), sdpFmtpLine?.slice(-6)].filter(Boolean).join(" "),
    );

  test("baseline H.264 first, then VP8; what the bridge cannot decode is not offered", () => {
    assert.deepEqual(names(["H264", "VP8"]), [
      "H264 42e01f",
      "H264 64001f",
      "H264 42e01f",
      "VP8",
      "rtx",
      "ulpfec",
    ]);
    assert.match(orderCodecs(chromium, ["H264"])[0]!.sdpFmtpLine!, /packetization-mode=1/);
  });

  test("the address may put VP8 first, and nothing unknown", () => {
    const from = (query: string) => preferredFrom(new URLSearchParams(query));
    assert.deepEqual(from("codec=vp8"), ["VP8", "H264"]);
    assert.deepEqual(from("codec=av1"), ["H264", "VP8"]);
    assert.deepEqual(from(""), ["H264", "VP8"]);
    assert.equal(names(["VP8", "H264"])[0], "VP8");
  });
});

describe("clock channel", () => {
  test("echoes the bridge's time to the nanosecond", () => {
    assert.equal(
      answerClock('{"type": "ping", "t0_ns": 9223372036854775807}', 1700000000000000001n),
      '{"type":"pong","t0_ns":9223372036854775807,"t1_ns":1700000000000000001}',
    );
    const reordered = '{"t0_ns":1234567890123456789,"more":1,"type":"ping"}';
    assert.equal(JSON.parse(answerClock(reordered, 5n)!).t1_ns, 5);
    assert.match(answerClock(reordered, 5n)!, /1234567890123456789/);
  });

  test("answers nothing else", () => {
    const others = [
      "",
      "{",
      "null",
      "[]",
      '{"type":"pong","t0_ns":1}',
      '{"type":"ping"}',
      '{"type":"ping","t0_ns":"1"}',
      '{"type":"ping","t0_ns":-1}',
      " ".repeat(600),
      7,
      null,
    ];
    for (const other of others) assert.equal(answerClock(other, 1n), null);
  });

  test("the wall clock is the date's, in nanoseconds", () => {
    assert.ok(Math.abs(Number(wallClockNs() / 1_000_000n) - Date.now()) < 2000);
  });
});

/** A peer connection that has gathered, or never will. */
class FakePeer extends EventTarget {
  iceGatheringState = "complete";
  localDescription: { sdp: string } | null = null;
  remote: unknown = null;

  async createOffer() {
    return { type: "offer", sdp: "offer" };
  }

  async setLocalDescription(offer: { sdp: string }) {
    this.localDescription = { sdp: `${offer.sdp} with candidates` };
  }

  async setRemoteDescription(answer: { sdp: string }) {
    if (answer.sdp === "nonsense") throw new Error("cannot parse");
    this.remote = answer;
  }
}

function withFetch(answer: (url: string, init: RequestInit) => Response) {
  const requests: [string, RequestInit][] = [];
  globalThis.fetch = async (url, init) => {
    requests.push([String(url), init!]);
    const response = answer(String(url), init!);
    Object.defineProperty(response, "url", { value: `https://bridge.test${url}` });
    return response;
  };
  return requests;
}

const signal = new AbortController().signal;
const offer = (peer: FakePeer) =>
  publish(peer as unknown as RTCPeerConnection, whipUrl("lesson", "phone"), {
    signal,
    gatherMs: 5,
  });

describe("WHIP", () => {
  test("posts the offer, applies the answer, and returns where to end it", async () => {
    const requests = withFetch(
      () => new Response("answer", { status: 201, headers: { Location: "/whip/lesson/1f" } }),
    );
    const peer = new FakePeer();
    assert.equal(await offer(peer), "https://bridge.test/whip/lesson/1f");
    const [url, init] = requests[0]!;
    assert.equal(url, "/whip/lesson?view=phone");
    assert.equal(init.method, "POST");
    assert.deepEqual(init.headers, { "Content-Type": "application/sdp" });
    assert.equal(init.body, "offer with candidates");
    assert.deepEqual(peer.remote, { type: "answer", sdp: "answer" });
    end("https://bridge.test/whip/lesson/1f");
    assert.equal(requests[1]![1].method, "DELETE");
    assert.equal(requests[1]![1].keepalive, true);
  });

  test("shows its token as a bearer, at the end too", async () => {
    const requests = withFetch(
      () => new Response("answer", { status: 201, headers: { Location: "/whip/lesson/1f" } }),
    );
    const url = whipUrl("lesson", "phone");
    await publish(new FakePeer() as unknown as RTCPeerConnection, url, { signal, token: "a.b" });
    end("https://bridge.test/whip/lesson/1f", "a.b");
    for (const [, { headers }] of requests) {
      assert.equal((headers as Record<string, string>).Authorization, "Bearer a.b");
    }
  });

  test("does not wait for candidates for ever", async () => {
    withFetch(() => new Response("answer", { status: 201, headers: { Location: "/x" } }));
    const peer = new FakePeer();
    peer.iceGatheringState = "gathering";
    assert.equal(await offer(peer), "https://bridge.test/x");
  });

  test("tells what may be tried again from what may not", async () => {
    const cases: [number, Record<string, string>, boolean, number | null][] = [
      [400, {}, false, null],
      [401, {}, false, null],
      [403, {}, false, null],
      [404, {}, false, null],
      [415, {}, false, null],
      [429, { "Retry-After": "3" }, true, 3000],
      [500, {}, true, null],
      [503, { "Retry-After": "2" }, true, 2000],
      [503, { "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" }, true, null],
      [503, { "Retry-After": "999999" }, true, 60_000],
    ];
    for (const [status, headers, retryable, afterMs] of cases) {
      withFetch(() => new Response("no", { status, headers }));
      await assert.rejects(offer(new FakePeer()), (error) => {
        assert.ok(error instanceof WhipError, `${error}`);
        assert.deepEqual([error.retryable, error.retryAfterMs], [retryable, afterMs], `${status}`);
        return true;
      });
    }
  });

  test("a bridge that is gone, or answers nonsense, is told in words", async () => {
    globalThis.fetch = async () => {
      throw new TypeError("failed to fetch");
    };
    await assert.rejects(offer(new FakePeer()), /cannot be reached/);
    withFetch(() => new Response("nonsense", { status: 201, headers: { Location: "/x" } }));
    await assert.rejects(offer(new FakePeer()), { retryable: false });
    withFetch(() => new Response("answer", { status: 201 }));
    await assert.rejects(offer(new FakePeer()), /names no session/);
  });

  test("who is not let in learns why, and where to type a code", () => {
    for (const status of [401, 403]) {
      const error = refusal(status, "this token has expired\n", new Headers());
      assert.match(error.message, /does not let this device in \(this token has expired\)/);
      assert.deepEqual([error.denied, error.retryable], [true, false]);
    }
    assert.match(refusal(401, "", new Headers()).message, /ask for a new link/);
    assert.match(refusal(429, "slowly", new Headers()).message, /^Too many attempts \(slowly\)/);
    assert.equal(refusal(404, "", new Headers()).denied, false);
  });

  test("repeats the bridge's reason, but no web page", () => {
    assert.match(refusal(422, "no video in the offer\n", new Headers()).message, /no video/);
    assert.doesNotMatch(refusal(502, "<html>…", new Headers()).message, /html/);
  });
});

test("camera errors say what to do", () => {
  const problem = (name: string) => cameraProblem({ name, message: "odd" }, "desktop");
  const title = (name: string) => problem(name).title;
  assert.equal(title("NotAllowedError"), "The camera was refused");
  assert.equal(title("NotFoundError"), "No camera found");
  assert.equal(title("NotReadableError"), "The camera is busy");
  assert.match(problem("TypeError").text, /TypeError: odd/);
});

test("sent rates are over the time between two readings", () => {
  const stats = new SentStats();
  const report = (bytes: number, timestamp: number): [string, unknown][] => [
    ["a", { type: "outbound-rtp", kind: "audio", bytesSent: 1 }],
    ["c", { mimeType: "video/H264" }],
    ["m", { framesPerSecond: 29 }],
    [
      "v",
      {
        type: "outbound-rtp",
        kind: "video",
        bytesSent: bytes,
        timestamp,
        codecId: "c",
        mediaSourceId: "m",
        qualityLimitationReason: "cpu",
        frameWidth: 1280,
        frameHeight: 720,
        framesPerSecond: 30,
      },
    ],
  ];
  assert.equal(stats.read(report(1000, 5000))!.megabits, 0);
  assert.deepEqual(stats.read(report(251_000, 6000)), {
    fps: 30,
    width: 1280,
    height: 720,
    megabits: 2,
    codec: "H264",
    cameraFps: 29,
    limit: "cpu",
  });
  assert.equal(stats.read(null), null);
  assert.equal(stats.read(report(900_000, 9000))!.megabits, 0);
});

test("typed names become allowed ones", () => {
  assert.equal(toName("  Anna’s Phone 2! "), "anna-s-phone-2");
  assert.equal(toName("ÄÖ"), null);
  assert.equal(toName("x".repeat(40)), "x".repeat(32));
  assert.equal(roomFrom(new URLSearchParams("room=../etc")), "etc");
  assert.equal(roomFrom(new URLSearchParams("")), "lesson");
});

test("the front page reads health, or as much of it as there is", () => {
  const view = (name: string, live: boolean) => ({ view: name, live });
  const rooms = readHealth({
    rooms: { lesson: { views: [view("phone", true), view("old", false)], pose_rate_hz: 29.6 } },
  });
  assert.deepEqual(rooms, [{ name: "lesson", live: ["phone"], poseRateHz: 29.6 }]);
  assert.equal(factsOf(rooms[0]!), "phone live · 30 poses/s");
  assert.equal(factsOf({ name: "a", live: [], poseRateHz: 0 }), "no device is publishing");
  for (const odd of [null, 3, {}, { rooms: null }]) assert.deepEqual(readHealth(odd), []);
  assert.deepEqual(readHealth({ rooms: { a: null } }), [{ name: "a", live: [], poseRateHz: 0 }]);
});
