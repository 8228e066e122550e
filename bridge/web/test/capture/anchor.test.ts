import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  AnchorError,
  forgetAnchor,
  refusal,
  setAnchor,
} from "../../src/capture/anchor/anchor_api.js";
import { CornerTaps } from "../../src/capture/anchor/corner_taps.js";
import { instrumentName } from "../../src/capture/anchor/instrument.js";
import { describe as inWords, readUnderstood } from "../../src/capture/anchor/understood.js";

const ANSWER = {
  instrument: "piano-61",
  white_keys: 36,
  size_m: [0.8461, 0.1502],
  view: "phone",
  views: ["phone"],
  reprojection_px: 0.42,
  camera_m: [-0.9, 0.6, 0.2],
  focal: 0.8,
  notes: [],
  lines: [[0.1, 0.8, 0.9, 0.8]],
};

describe("corner taps", () => {
  test("are asked for in order, corrected, and taken back", () => {
    const taps = new CornerTaps();
    assert.equal(taps.next, "front left");
    assert.equal(taps.canUndo, false);
    for (const x of [0.1, 0.9, 0.8, 0.2]) taps.place({ x, y: 0.5 });
    assert.equal(taps.complete, true);
    taps.place({ x: 0.5, y: 0.5 });
    assert.equal(taps.corners.length, 4);
    taps.remember();
    taps.move(1, { x: 0.95, y: 0.4 });
    taps.move(1, { x: 1.3, y: -0.1 });
    assert.deepEqual(taps.corners[1], { x: 1, y: 0 });
    taps.undo();
    assert.deepEqual(taps.corners[1], { x: 0.9, y: 0.5 });
    taps.undo();
    assert.equal(taps.next, "back left");
    for (let times = 0; times < 9; times++) taps.undo();
    assert.deepEqual(taps.corners, []);
  });

  test("the nearest within reach is taken hold of", () => {
    const taps = new CornerTaps();
    const size = { width: 400, height: 200 };
    assert.equal(taps.near({ x: 0.5, y: 0.5 }, size, 24), null);
    taps.place({ x: 0.5, y: 0.5 });
    taps.place({ x: 0.54, y: 0.5 });
    assert.equal(taps.near({ x: 0.53, y: 0.5 }, size, 24), 1);
    assert.equal(taps.near({ x: 0.5, y: 0.7 }, size, 24), null);
  });
});

test("instruments are named as the bridge does", () => {
  const choice = { kind: "piano-88", part: null, widthCm: 84, depthCm: 15 };
  assert.deepEqual(instrumentName(choice), { name: "piano-88" });
  const part = { first: " c3", last: "B5 " };
  assert.deepEqual(instrumentName({ ...choice, part }), { name: "piano-88:C3-B5" });
  assert.ok("wrong" in instrumentName({ ...choice, part: { first: "H3", last: "B5" } }));
  const sheet = { ...choice, kind: "rectangle" };
  assert.deepEqual(instrumentName(sheet), { name: "0.84x0.15" });
  assert.ok("wrong" in instrumentName({ ...sheet, depthCm: 5 }));
  assert.ok("wrong" in instrumentName({ ...sheet, widthCm: NaN }));
});

describe("the bridge's answer", () => {
  test("is told in words", () => {
    assert.equal(
      inWords(readUnderstood(ANSWER)!),
      "A keyboard of 61 keys, 85 × 15 cm. This camera stands 1.1 m away, on the player’s left, " +
        "0.6 m above it. The corners fit within 0.4 pixels.",
    );
    const two = readUnderstood({
      ...ANSWER,
      instrument: "piano-88:C3-B5",
      views: ["phone", "tablet"],
      camera_m: [0, 1, -0.5],
    })!;
    assert.match(inWords(two), /^The keys C3 to B5.*across from the player.*2 devices’/);
    assert.match(inWords(readUnderstood({ ...ANSWER, camera_m: [0, 1, 0.1] })!), /straight above/);
  });

  test("is read as far as it is one", () => {
    for (const wrong of [
      null,
      [],
      {},
      { ...ANSWER, size_m: [1] },
      { ...ANSWER, notes: [1] },
      { ...ANSWER, lines: [[0, 0, 0]] },
      { ...ANSWER, camera_m: [0, "1", 0] },
      { ...ANSWER, reprojection_px: null },
    ]) {
      assert.equal(readUnderstood(wrong), null);
    }
  });

  test("refusals are the bridge's own words", () => {
    assert.equal(
      refusal(422, "view phone: the outline crosses itself: two corners are swapped"),
      "The outline crosses itself: two corners are swapped.",
    );
    assert.equal(refusal(502, "<html>"), "The bridge answered 502: try again.");
    assert.equal(refusal(500, ""), "The bridge answered 500: try again.");
  });

  test("is asked for with the token, and trouble is an AnchorError", async (context) => {
    const asked: [string, RequestInit][] = [];
    let answer = () => new Response(JSON.stringify(ANSWER));
    context.mock.method(globalThis, "fetch", async (url: string, request: RequestInit) => {
      asked.push([url, request]);
      return answer();
    });
    const target = { bridge: "https://bridge:8443", room: "lesson", token: "T" };
    const taps = { view: "phone", instrument: "a4", size_px: [2, 1], corners_px: [] } as const;
    const found = await setAnchor(target, { ...taps, size_px: [2, 1], corners_px: [] });
    assert.equal(found.residualPx, 0.42);
    assert.equal(asked[0]![0], "https://bridge:8443/rooms/lesson/anchor");
    assert.deepEqual(asked[0]![1].headers, {
      "Content-Type": "application/json",
      Authorization: "Bearer T",
    });
    await forgetAnchor({ ...target, token: null });
    assert.deepEqual([asked[1]![1].method, asked[1]![1].headers], ["DELETE", {}]);
    for (const other of [
      () => new Response("no\n", { status: 422 }),
      () => new Response("not JSON"),
      () => {
        throw new TypeError("network");
      },
    ]) {
      answer = other;
      await assert.rejects(
        setAnchor(target, { ...taps, size_px: [2, 1], corners_px: [] }),
        AnchorError,
      );
    }
  });
});
