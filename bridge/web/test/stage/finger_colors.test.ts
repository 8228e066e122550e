import assert from "node:assert/strict";
import { test } from "node:test";

import type { MessageOf } from "../../src/protocol/index.js";
import {
  FINGER_COLORS,
  Feedback,
  GHOST_OPACITY,
  STALE_MS,
  closeness,
  fingerColor,
} from "../../src/stage/finger_colors.js";

function score(
  errorM: number,
  { number = null as number | null, confidence = 1 } = {},
): MessageOf<"score"> {
  return {
    type: "score",
    time_ns: 0n,
    learner: "me",
    score: number,
    hands: [
      {
        side: 1,
        error_m: new Float32Array(5).fill(errorM),
        error_rad: new Float32Array(5),
        confidence: Float32Array.of(1, 1, 1, confidence, 1),
      },
    ],
    position_s: null,
  };
}

/** Relative luminance (WCAG 2.2) of an sRGB colour. */
function luminance(rgb: number[]): number {
  const [r, g, b] = rgb.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

test("colours grow darker all the way from near to far", () => {
  const levels = Array.from({ length: 21 }, (_, i) => {
    const rgb = [0, 0, 0];
    fingerColor(1 - i / 20, rgb);
    return luminance(rgb);
  });
  assert.ok(levels.slice(1).every((level, i) => level < levels[i]!));
  assert.ok((levels[0]! + 0.05) / (levels.at(-1)! + 0.05) > 4.5);
  const first = [0, 0, 0];
  fingerColor(1, first);
  const hex = `#${first.map((c) => Math.round(c * 255).toString(16)).join("")}`;
  assert.equal(hex, FINGER_COLORS[0]);
});

test("closeness is the worse of place and angle, and unknown without trust", () => {
  assert.equal(closeness(0, 0, 1), 1);
  assert.equal(closeness(1, 0, 1), 0);
  assert.equal(closeness(0, 3, 1), 0);
  assert.equal(closeness(0.024, 0, 0.5), 0.5);
  assert.equal(closeness(0, 0, 0), null);
});

test("the ghost steps back as the learner comes near, and comes back", () => {
  const feedback = new Feedback();
  assert.equal(feedback.ghostOpacity(), GHOST_OPACITY[1]);
  let nowMs = 0;
  const pass = (errorM: number, frames: number) => {
    for (let i = 0; i < frames; i++) {
      nowMs += 100;
      feedback.take(score(errorM), nowMs);
      feedback.advance(nowMs, 100);
    }
  };
  pass(0.2, 50);
  assert.ok(feedback.ghostOpacity() > 0.99);
  pass(0, 8);
  const halfway = feedback.ghostOpacity();
  assert.ok(halfway > 0.5 && halfway < 0.8, `${halfway}`); // gently
  pass(0, 100);
  assert.ok(Math.abs(feedback.ghostOpacity() - GHOST_OPACITY[0]) < 0.01);
  feedback.advance(nowMs + STALE_MS + 1, 16);
  assert.equal(feedback.ghostOpacity(), GHOST_OPACITY[1]);
  assert.equal(feedback.worst(), null);
});

test("a number of the bridge's own counts for the whole, fingers for themselves", () => {
  const feedback = new Feedback();
  feedback.take(score(0.05, { number: 100, confidence: 0 }), 0);
  feedback.advance(0, 10_000);
  assert.equal(feedback.score, 100);
  assert.equal(feedback.overall, 1);
  assert.deepEqual([...feedback.fingers[1]], [0, 0, 0, -1, 0]);
  assert.deepEqual([...feedback.fingers[0]], [-1, -1, -1, -1, -1]);
  assert.equal(feedback.worst()!.side, 1);
});
