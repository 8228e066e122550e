import assert from "node:assert/strict";
import { test } from "node:test";

import {
  type MessageOf,
  type Side,
  encode,
  keypointsFromPose,
  keypointsOfOpenxr,
  openxrJoints,
} from "../../src/protocol/index.js";
import {
  intoInstrument,
  keysAside,
  sizeOf,
  stageToInstrument,
  teacherFrame,
} from "../../src/headset/lesson_frame.js";
import { learnerName } from "../../src/headset/learner_name.js";
import { learnerHands, untracked } from "../../src/headset/own_hands.js";
import {
  backFrom,
  clock,
  control,
  loopFrom,
  playOrPause,
  positionS,
  rateStep,
} from "../../src/headset/playback.js";
import { loadPlace, savePlace } from "../../src/headset/saved_place.js";
import { enterProblem, headsetSupport } from "../../src/headset/support.js";
import type { PlaybackState } from "../../src/protocol/index.js";
import { IDENTITY, type Rigid, apply } from "../../src/stage/rigid.js";
import { hand, restJoints } from "../hands.js";

const ANCHOR: MessageOf<"anchor"> = {
  type: "anchor",
  instrument: "piano-88:C3-B5",
  size_m: Float32Array.of(21 * 0.0235, 0.15),
  position_m: Float32Array.of(0.2, 1, -1),
  rotation_quat: Float32Array.of(0, Math.SQRT1_2, 0, Math.SQRT1_2),
};
const IN_ROOM: Rigid = { positionM: [0.5, 0.7, -0.4], rotationQuat: [0, 0.6, 0, 0.8] };

function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Math.abs(actual[i]! - expected[i]!) < tolerance, `${i}: ${actual[i]} ${expected[i]}`);
  }
}

test("a part of a keyboard is where the whole one has it", () => {
  // 16 white keys, A0 to B2, lie left of C3: the part's corner is 16 pitches along the whole one.
  near(apply(teacherFrame(ANCHOR), [16 * 0.0235, 0, 0]), ANCHOR.position_m);
  assert.ok(Math.abs(keysAside("piano-88", "piano-61") - 9 * 0.0235) < 1e-9);
  assert.equal(keysAside("piano-88", "a4"), 0);
  near([sizeOf("piano-88")!.widthM], [1.222]);
  assert.deepEqual(sizeOf("0.4x0.3"), { widthM: 0.4, depthM: 0.3 });
  assert.equal(sizeOf("harp"), null);
});

test("the same key lies under the same finger on another keyboard", () => {
  const size = sizeOf("piano-61")!;
  const stage = stageToInstrument(ANCHOR, "piano-61", size, null);
  const middleC88 = 23 * 0.0235; // white keys from A0 to middle C
  const middleC61 = 14 * 0.0235; // from C2
  near(apply(stage, apply(teacherFrame(ANCHOR), [middleC88, 0.02, -0.1])), [middleC61, 0.02, -0.1]);
});

test("without an anchor hands come above the middle", () => {
  const size = sizeOf("piano-61")!;
  const stage = stageToInstrument(null, "piano-61", size, [0.3, -0.2, -0.6]);
  near(apply(stage, [0.3, -0.2, -0.6]), [size.widthM / 2, 0.04, 0]);
});

test("own hands arrive in the stage where the ghost they lie on is, also mirrored", () => {
  const size = sizeOf("piano-61")!;
  const stage = stageToInstrument(ANCHOR, "piano-61", size, null);
  for (const mirroredAboutM of [null, size.widthM / 2]) {
    // A teacher's right hand, shown on the instrument; the learner's hand lies exactly on it.
    const source = hand(1, [0.25, 1.05, -1.2]);
    const played = {
      wristM: Float64Array.from(source.wrist_m),
      poseQuat: Float64Array.from(source.pose_quat),
      confidence: 1,
      presence: 1,
    };
    const shown = {
      wristM: new Float64Array(3),
      poseQuat: new Float64Array(64),
      confidence: 0,
      presence: 0,
    };
    intoInstrument(shown, played, stage, mirroredAboutM);
    const side: Side = mirroredAboutM === null ? 1 : 0;
    const rest = restJoints();
    const shownRest = mirroredAboutM === null ? rest : rest.map((x, i) => (i % 3 ? x : -x));
    const inInstrument = openxrJoints(side, shownRest, shown.poseQuat, shown.wristM);
    const hands = { 0: untracked(), 1: untracked() };
    const own = hands[side];
    own.tracked = true;
    for (let j = 0; j < 26; j++) {
      own.jointsM.set(apply(IN_ROOM, inInstrument.jointsM.subarray(j * 3, j * 3 + 3)), j * 3);
    }
    for (let j = 0; j < 26; j++) {
      const q = inInstrument.jointQuat;
      const [ax, ay, az, aw] = IN_ROOM.rotationQuat;
      const [bx, by, bz, bw] = [q[j * 4]!, q[j * 4 + 1]!, q[j * 4 + 2]!, q[j * 4 + 3]!];
      own.jointQuat.set(
        [
          aw * bx + ax * bw + ay * bz - az * by,
          aw * by - ax * bz + ay * bw + az * bx,
          aw * bz + ax * by - ay * bx + az * bw,
          aw * bw - ax * bx - ay * by - az * bz,
        ],
        j * 4,
      );
    }
    const message = learnerHands(
      hands,
      { instrument: IN_ROOM, stage, mirroredAboutM, sides: [0, 1] },
      7,
      5n,
    );
    assert.deepEqual(
      message.openxr.map((one) => one.side),
      [1],
    );
    near(
      keypointsOfOpenxr(message.openxr[0]!.joints_m),
      keypointsFromPose(rest, source.pose_quat, source.wrist_m),
    );
    const expected = openxrJoints(1, rest, source.pose_quat, source.wrist_m).jointQuat;
    for (let j = 0; j < 26; j++) {
      const dot = [0, 1, 2, 3].reduce(
        (sum, k) => sum + expected[j * 4 + k]! * message.openxr[0]!.joint_quat[j * 4 + k]!,
        0,
      );
      assert.ok(Math.abs(dot) > 1 - 1e-5, `joint ${j}: ${dot}`);
    }
    assert.ok(encode(message).length > 26 * 28); // what the wire takes
  }
});

test("hands that are not seen, or not followed, are not sent", () => {
  const hands = { 0: untracked(), 1: untracked() };
  for (const side of [0, 1] as const) {
    hands[side].tracked = true;
    for (let j = 0; j < 26; j++) hands[side].jointQuat[j * 4 + 3] = -1;
  }
  const from = {
    instrument: IDENTITY,
    stage: IDENTITY,
    mirroredAboutM: null,
    sides: [1] as Side[],
  };
  const { openxr } = learnerHands(hands, from, 0, 0n);
  assert.deepEqual(
    openxr.map(({ side }) => side),
    [1],
  );
  assert.ok(
    openxr[0]!.joint_quat.every((value, i) => value === (i % 4 === 3 ? 1 : 0) || value === 0),
  );
  hands[1].tracked = false;
  assert.deepEqual(learnerHands(hands, from, 0, 0n).openxr, []);
});

test("a learner's name is the bridge's", async () => {
  // sha256("secret") = 2bb80d53...
  assert.equal(await learnerName("secret"), "learner-2bb80d53");
});

const STATE: PlaybackState = {
  type: "playback_state",
  time_ns: 1_000_000_000n,
  recording: "etude",
  duration_s: 60,
  position_s: 10,
  playing: true,
  rate: 0.5,
  loop_s: null,
  recordings: [],
  problem: null,
};

test("where playback is follows from its last state", () => {
  assert.equal(positionS(STATE, 3_000_000_000n), 11);
  assert.equal(positionS(STATE, null), 10);
  assert.equal(positionS({ ...STATE, playing: false }, 9_000_000_000n), 10);
  assert.equal(positionS(STATE, 900_000_000_000n), 60);
  assert.equal(positionS({ ...STATE, loop_s: [9, 11] }, 6_000_000_000n), 10.5);
  assert.equal(clock(125.9), "2:05");
});

test("buttons of the menu send what the player can do", () => {
  assert.deepEqual(playOrPause(STATE), control("pause"));
  assert.deepEqual(playOrPause({ ...STATE, playing: false }), control("play"));
  assert.equal(rateStep(STATE, true)!.rate, 0.75);
  assert.equal(rateStep(STATE, false)!.rate, 0.25);
  assert.equal(rateStep({ ...STATE, rate: 0.25 }, false), null);
  assert.equal(rateStep({ ...STATE, rate: 2 }, true), null);
  assert.equal(backFrom(3).position_s, 0);
  assert.deepEqual(loopFrom(STATE, 30)!.loop_s, [22, 30]);
  assert.equal(loopFrom(STATE, 0.5), null);
  assert.deepEqual(loopFrom({ ...STATE, loop_s: [1, 2] }, 30), control("loop"));
});

test("a place is kept for a room and an instrument, and nonsense is not read", () => {
  const kept = new Map<string, string>();
  const store = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  assert.equal(savePlace(store, "lesson", "piano-61", { pose: IN_ROOM, anchor: "a-b" }), true);
  assert.deepEqual(loadPlace(store, "lesson", "piano-61"), { pose: IN_ROOM, anchor: "a-b" });
  assert.equal(loadPlace(store, "lesson", "piano-88"), null);
  assert.equal(loadPlace(store, "other", "piano-61"), null);
  const key = [...kept.keys()][0]!;
  for (const text of [
    "",
    "{",
    "[]",
    '{"format":1}',
    '{"format":2,"position_m":[0,0,0],"rotation_quat":[0,0,0,1]}',
    '{"format":1,"position_m":[0,0,1e9],"rotation_quat":[0,0,0,1]}',
    '{"format":1,"position_m":[0,0,0],"rotation_quat":[0,0,0,9]}',
  ]) {
    kept.set(key, text);
    assert.equal(loadPlace(store, "lesson", "piano-61"), null, text);
  }
  const full = {
    ...store,
    setItem: () => {
      throw new Error("full");
    },
  };
  assert.equal(savePlace(full, "lesson", "piano-61", { pose: IN_ROOM, anchor: null }), false);
});

test("passthrough is preferred; without a headset it is said why", async () => {
  const location = { host: "bridge:8443", pathname: "/learn", search: "" };
  const xr = (...modes: string[]) => ({
    isSessionSupported: async (mode: string) => modes.includes(mode),
  });
  const ask = (isSecureContext: boolean, system: ReturnType<typeof xr> | undefined) =>
    headsetSupport({ isSecureContext, xr: system as XRSystem | undefined, location });
  assert.deepEqual(await ask(true, xr("immersive-ar", "immersive-vr")), {
    kind: "ready",
    mode: "immersive-ar",
  });
  assert.deepEqual(await ask(true, xr("immersive-vr")), { kind: "ready", mode: "immersive-vr" });
  for (const [secure, system, word] of [
    [false, undefined, "not secure"],
    [true, undefined, "No headset here"],
    [true, xr(), "No headset answers"],
  ] as const) {
    const answer = await ask(secure, system);
    assert.ok(answer.kind === "none" && answer.problem.title.includes(word), word);
  }
});

test("a session that does not begin has words for each reason", () => {
  for (const name of ["NotAllowedError", "NotSupportedError", "InvalidStateError"]) {
    const { title, next } = enterProblem(new DOMException("x", name));
    assert.ok(title.length > 5 && next.includes("Enter"), name);
  }
});
