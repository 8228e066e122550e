import assert from "node:assert/strict";
import { test } from "node:test";

import type { PlaybackState } from "../../src/protocol/index.js";
import { FrameLength, loopOf, positionNow, timeText } from "../../src/viewer/playback/clock.js";
import {
  MAX_PASSAGES,
  PassagesError,
  parsePassages,
  passageWords,
  whoseTimes,
} from "../../src/viewer/playback/passages.js";
import { parseRecordings } from "../../src/viewer/recording_panel.js";
import { scopeOf, shareLink } from "../../src/viewer/share.js";

function state(changes: Partial<PlaybackState> = {}): PlaybackState {
  return {
    type: "playback_state",
    time_ns: 1_000_000_000n,
    recording: "etude",
    duration_s: 60,
    position_s: 10,
    playing: true,
    rate: 0.5,
    loop_s: null,
    recordings: ["etude"],
    problem: null,
    ...changes,
  };
}

test("a recording moves on by itself, at its rate, round its loop, to its end", () => {
  const in4s = 5_000_000_000n;
  assert.equal(positionNow(state(), in4s), 12);
  assert.equal(positionNow(state({ playing: false }), in4s), 10);
  assert.equal(positionNow(state(), null), 10);
  assert.equal(positionNow(state(), 0n), 10, "a clock that is behind does not play backwards");
  assert.equal(positionNow(state({ loop_s: [9, 11] }), in4s), 10);
  assert.equal(positionNow(state({ loop_s: [2, 5] }), in4s), 12, "past its loop it plays on");
  assert.equal(positionNow(state({ position_s: 59.5 }), in4s), 60);
});

test("times are written as people read them", () => {
  assert.deepEqual([0, 9.94, 59.96, 61.25, 3600].map(timeText), [
    "0:00.0",
    "0:09.9",
    "1:00.0",
    "1:01.3",
    "60:00.0",
  ]);
});

test("a loop takes its marks in either order and is never too short or outside", () => {
  assert.deepEqual(loopOf(8, 3, 60), [3, 8]);
  assert.deepEqual(loopOf(-5, 99, 60), [0, 60]);
  const [begin, end] = loopOf(60, 60, 60)!;
  assert.ok(end === 60 && Math.abs(end - begin - 0.1) < 1e-9);
  assert.equal(loopOf(0, 1, 0.05), null);
});

test("the length of a frame is measured while it plays, at any rate", () => {
  const frame = new FrameLength();
  assert.equal(frame.seconds, 1 / 30);
  for (let i = 0; i < 10; i++) frame.add(i * 40, 0.5); // 50 a second, at half the rate
  assert.ok(Math.abs(frame.seconds - 0.02) < 1e-9);
  frame.pause();
  frame.add(9999, 0.5); // what comes after a pause is no frame's length
  assert.ok(Math.abs(frame.seconds - 0.02) < 1e-9);
  frame.reset();
  assert.equal(frame.seconds, 1 / 30);
});

const passage = {
  teacher_s: [1, 2],
  student_s: [1.5, 3],
  hand: "left",
  angle: "thumb_base_abduction",
  difference_deg: -12.4,
  others: [["index_base_flexion", 3]],
  severity: 5,
};
const comparison = { teachers: [{ duration_s: 60 }], student: { duration_s: 66 }, passages: [passage] };

test("passages are read from what ghosthands compare --json writes", () => {
  const found = parsePassages(JSON.stringify(comparison));
  assert.deepEqual(found.passages[0]!.teacherS, [1, 2]);
  assert.equal(passageWords(found.passages[0]!), "Left hand: thumb base abduction 12° less");
  assert.equal(whoseTimes(found, 60.2), "teacher");
  assert.equal(whoseTimes(found, 65), "student");
  const many = { ...comparison, passages: Array(500).fill(passage) };
  assert.equal(parsePassages(JSON.stringify(many)).passages.length, MAX_PASSAGES);
});

test("a file that is no comparison is refused in words, whatever it holds", () => {
  const wrong: unknown[] = [
    null,
    7,
    [],
    {},
    { ...comparison, passages: {} },
    { ...comparison, student: null },
    { ...comparison, teachers: [] },
    ...[
      { hand: "third" },
      { hand: "<img src=x>" },
      { angle: "<script>" },
      { angle: "a".repeat(65) },
      { teacher_s: [2, 1] },
      { teacher_s: [0, 1e9] },
      { teacher_s: [0, "1"] },
      { student_s: [0] },
      { difference_deg: "NaN" },
      { severity: -1 },
    ].map((change) => ({ ...comparison, passages: [{ ...passage, ...change }] })),
  ];
  for (const value of wrong) {
    assert.throws(() => parsePassages(JSON.stringify(value)), PassagesError, JSON.stringify(value));
  }
  assert.throws(() => parsePassages("{"), PassagesError);
  assert.throws(() => parsePassages("[".repeat(100_000)), PassagesError);
  const proto = JSON.stringify(comparison).replace("{", '{"__proto__":{"x":1},');
  assert.equal(parsePassages(proto).passages.length, 1);
});

test("a link to share takes a token to watch with it, and no other", () => {
  const token = (scope: string) => `${btoa(`lesson ${scope} 1 00`).replace(/=+$/, "")}.signature`;
  assert.equal(scopeOf(token("watch")), "watch");
  assert.equal(scopeOf("nonsense"), null);
  assert.ok(shareLink("https://b", "lesson", token("watch")).endsWith(`#token=${token("watch")}`));
  for (const other of [token("publish"), "nonsense", "", null]) {
    assert.equal(shareLink("https://b", "lesson", other), "https://b/viewer?room=lesson");
  }
});

test("of the bridge's recordings only what is well formed is shown", () => {
  assert.equal(parseRecordings(null), null);
  assert.equal(parseRecordings({}), null);
  const read = parseRecordings({
    may_record: true,
    recordings: [{ name: "lesson-1-take", seconds: 2, complete: true }, { name: "../x" }, null, 3],
  })!;
  assert.deepEqual(
    read.takes.map((take) => take.name),
    ["lesson-1-take"],
  );
  assert.equal(read.mayRecord, true);
  assert.equal(read.recording, null);
});
