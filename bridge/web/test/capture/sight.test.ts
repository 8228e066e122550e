import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { contained, sameShape, toElement, toPicture } from "../../src/capture/placing.js";
import { decodeSight } from "../../src/capture/sight.js";
import {
  camerasFact,
  clockFact,
  handsFigure,
  instrumentFact,
  othersFact,
} from "../../src/capture/sight_words.js";

/** How a message with both hands begins: tests/streams/test_sight_channel.py has the same. */
const BOTH = "011f0005d0022b012b03280000000201033007000000";

function bytes(hex: string, hands: number): ArrayBuffer {
  const data = new Uint8Array(22 + 85 * hands);
  data.set(Buffer.from(hex, "hex"));
  for (let hand = 0; hand < hands; hand++) {
    const start = 22 + 85 * hand;
    data[start] = 204;
    // Every keypoint at a quarter of the span of -0.5 to 1.5, and at its end.
    const view = new DataView(data.buffer);
    for (let point = 0; point < 21; point++) {
      view.setUint16(start + 1 + 4 * point, 0x4000, true);
      view.setUint16(start + 3 + 4 * point, 0xffff, true);
    }
  }
  return data.buffer;
}

function changed(at: number, value: number): ArrayBuffer {
  const data = new Uint8Array(bytes(BOTH, 2));
  data[at] = value;
  return data.buffer;
}

describe("sight channel", () => {
  test("reads what the bridge writes", () => {
    const sight = decodeSight(bytes(BOTH, 2))!;
    assert.deepEqual(
      { ...sight, hands: sight.hands.map(({ side }) => side) },
      {
        seq: 7,
        width: 1280,
        height: 720,
        rateHz: 29.9,
        latencyMs: 81.1,
        spreadMs: 4,
        clock: true,
        others: 2,
        together: 1,
        cameras: "known",
        nearestDeg: 48,
        instrument: true,
        tapped: true,
        turned: false,
        hands: ["left", "right"],
      },
    );
    const [hand] = sight.hands;
    assert.equal(hand!.points.length, 21);
    assert.ok(Math.abs(hand!.points[20]!.x) < 1e-4);
    assert.equal(hand!.points[20]!.y, 1.5);
    assert.equal(hand!.confidence, 0.8);
  });

  test("unknown figures are null, and one hand keeps its side", () => {
    const data = new Uint8Array(bytes(BOTH, 1));
    data.set([2], 1);
    data.fill(0xff, 8, 12);
    data[17] = 0xff;
    const sight = decodeSight(data.buffer)!;
    assert.deepEqual(
      [sight.latencyMs, sight.spreadMs, sight.nearestDeg, sight.hands[0]!.side],
      [null, null, null, "right"],
    );
  });

  test("takes nothing else, whatever the bytes are", () => {
    for (const data of [
      "text",
      null,
      new ArrayBuffer(0),
      bytes(BOTH, 2).slice(0, 21),
      bytes(BOTH, 2).slice(0, -1),
      bytes(BOTH, 1),
      changed(0, 2),
      changed(1, 0x5f),
      changed(12, 1),
      changed(16, 4),
      changed(17, 200),
    ]) {
      assert.equal(decodeSight(data), null);
    }
    let seed = 1;
    const random = () => (seed = (seed * 48271) % 2147483647) & 0xff;
    for (let round = 0; round < 2000; round++) {
      const data = Uint8Array.from({ length: random() }, random);
      data[0] = 1;
      const sight = decodeSight(data.buffer);
      if (sight) assert.equal(data.length, 22 + 85 * sight.hands.length);
    }
  });
});

describe("a picture in its element", () => {
  test("lies in the middle, and back", () => {
    const placed = contained({ width: 1280, height: 640 }, { width: 390, height: 400 })!;
    assert.deepEqual(placed, { left: 0, top: 102.5, width: 390, height: 195 });
    assert.deepEqual(toElement(placed, { x: 1, y: 0 }), { x: 390, y: 102.5 });
    assert.deepEqual(toPicture(placed, { x: 195, y: 200 }), { x: 0.5, y: 0.5 });
    const upright = contained({ width: 720, height: 1280 }, { width: 844, height: 390 })!;
    assert.equal(upright.top, 0);
    assert.ok(upright.left > 300);
    assert.equal(contained({ width: 0, height: 0 }, { width: 1, height: 1 }), null);
  });

  test("a smaller picture has the same shape, a turned one has not", () => {
    const sent = { width: 1280, height: 720 };
    assert.equal(sameShape(sent, { width: 960, height: 540 }), true);
    assert.equal(sameShape(sent, { width: 853, height: 480 }), true);
    assert.equal(sameShape(sent, { width: 720, height: 1280 }), false);
    assert.equal(sameShape(sent, { width: 0, height: 0 }), false);
  });
});

test("what the bridge knows, in words", () => {
  const sight = decodeSight(bytes(BOTH, 2))!;
  assert.equal(handsFigure(sight), "L 80 R 80 %");
  assert.equal(handsFigure({ ...sight, hands: [] }), "none");
  assert.match(clockFact(sight), /matched/);
  assert.match(clockFact({ ...sight, clock: false }), /not known yet/);
  assert.equal(othersFact(sight), "Other devices: 2, 1 in time, 4 ms apart");
  assert.match(othersFact({ ...sight, others: 0 }), /none/);
  assert.match(othersFact({ ...sight, together: 0 }), /no picture of the same instant/);
  assert.equal(camerasFact(sight), "Place: known from the hands, 48° from the nearest other");
  assert.match(camerasFact({ ...sight, cameras: "sought" }), /both hands in both pictures/);
  assert.match(camerasFact({ ...sight, cameras: "tapped" }), /tapped corners/);
  assert.match(instrumentFact(decodeSight(changed(1, 0x3f))!), /before this device was turned/);
  assert.match(instrumentFact({ ...sight, tapped: false }), /another device/);
  assert.match(instrumentFact({ ...sight, tapped: false, instrument: false }), /not set/);
});
