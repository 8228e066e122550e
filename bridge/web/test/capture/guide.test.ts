import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { FramingGuide, type Scene } from "../../src/capture/guide.js";
import { meanLuminance } from "../../src/capture/light.js";
import type { SeenHand, Sight } from "../../src/capture/sight.js";

const SIGHT: Sight = {
  seq: 0,
  width: 1280,
  height: 720,
  rateHz: 30,
  latencyMs: 60,
  clock: true,
  others: 0,
  together: 0,
  spreadMs: null,
  cameras: "unknown",
  nearestDeg: null,
  instrument: false,
  tapped: false,
  turned: false,
  hands: [],
};

/** A hand around a place, wrist below, its size in longer picture sides. */
function hand(side: SeenHand["side"], x: number, y: number, size = 0.1): SeenHand {
  const points = Array.from({ length: 21 }, () => ({ x, y }));
  points[9] = { x, y: y - (size * 1280) / 720 };
  return { side, confidence: 1, points };
}

const BOTH = [hand("left", 0.3, 0.6), hand("right", 0.7, 0.6)];

/** Looks four times a second, for so long, at the same scene; the last advice. */
function look(guide: FramingGuide, fromMs: number, forMs: number, scene: Partial<Scene>): string {
  let id = "";
  for (let nowMs = fromMs; nowMs <= fromMs + forMs; nowMs += 250) {
    id = guide.step({ nowMs, sight: SIGHT, sightMs: nowMs, light: 0.5, ...scene }).id;
  }
  return id;
}

function settled(sight: Partial<Sight>, light: number | null = 0.5): string {
  return look(new FramingGuide(), 0, 3000, { sight: { ...SIGHT, ...sight }, light });
}

describe("framing guide", () => {
  test("says what is wrong, the worst first", () => {
    assert.equal(settled({ hands: BOTH }), "good");
    assert.equal(settled({ hands: [BOTH[1]!] }), "good-right");
    assert.equal(settled({}), "none");
    assert.equal(settled({ hands: BOTH }, 0.05), "dark");
    assert.equal(settled({ hands: BOTH }, null), "good");
    assert.equal(settled({ hands: [hand("left", 0.5, 0.9, 0.3)] }), "large");
    assert.equal(settled({ hands: [hand("left", 0.5, 0.5, 0.02)] }), "small");
    assert.equal(settled({ hands: BOTH, nearestDeg: 8 }), "side");
    assert.equal(settled({ hands: BOTH, turned: true }), "turned");
    assert.equal(settled({ hands: BOTH, nearestDeg: 60 }), "good");
    for (const [x, y, edge] of [
      [-0.05, 0.5, "left"],
      [1.1, 0.5, "right"],
      [0.5, 0.1, "top"],
      [0.5, 1.02, "bottom"],
    ] as const) {
      assert.equal(settled({ hands: [hand("left", x, y)] }), `cut-${edge}`);
    }
  });

  test("waits for the bridge, and says when nothing comes any more", () => {
    const guide = new FramingGuide();
    assert.equal(look(guide, 0, 1000, { sight: null }), "waiting");
    assert.equal(look(guide, 1000, 2000, { sight: { ...SIGHT, hands: BOTH } }), "good");
    assert.equal(look(guide, 3000, 5000, { sightMs: 2900 }), "waiting");
  });

  test("hands that are lifted for a moment are not missed", () => {
    const guide = new FramingGuide();
    look(guide, 0, 3000, { sight: { ...SIGHT, hands: BOTH } });
    assert.equal(look(guide, 3250, 2000, {}), "good");
    assert.equal(look(guide, 5500, 2500, {}), "gone");
  });

  test("does not flicker: neither in time nor about a threshold", () => {
    const guide = new FramingGuide();
    const sight = (size: number) => ({ ...SIGHT, hands: [hand("left", 0.5, 0.9, size)] });
    look(guide, 0, 3000, { sight: sight(0.2) });
    // One picture that looks otherwise changes nothing.
    assert.equal(look(guide, 3250, 250, { sight: sight(0.3) }), "good-left");
    assert.equal(look(guide, 3750, 2000, { sight: sight(0.3) }), "large");
    // Back below the threshold, but not clear of it: still too large.
    assert.equal(look(guide, 6000, 3000, { sight: sight(0.23) }), "large");
    assert.equal(look(guide, 9250, 3000, { sight: sight(0.21) }), "good-left");
    assert.equal(look(guide, 12500, 3000, { sight: sight(0.23) }), "good-left");
    let changes = 0;
    let last = "";
    for (let step = 0; step < 200; step++) {
      const nowMs = 20_000 + 100 * step;
      const scene = { nowMs, sight: sight(step % 2 ? 0.3 : 0.2), sightMs: nowMs, light: 0.5 };
      const { id } = guide.step(scene);
      changes += last !== "" && id !== last ? 1 : 0;
      last = id;
    }
    assert.ok(changes <= 1, `${changes} changes in twenty seconds`);
  });
});

test("mean luminance weighs colours as eyes do", () => {
  assert.equal(meanLuminance(new Uint8ClampedArray(0)), 0);
  const half = meanLuminance(Uint8ClampedArray.of(255, 255, 255, 0, 0, 0, 0, 0));
  assert.ok(Math.abs(half - 0.5) < 1e-6);
  const green = meanLuminance(Uint8ClampedArray.of(0, 255, 0, 255));
  assert.ok(Math.abs(green - 0.7152) < 1e-6);
});
