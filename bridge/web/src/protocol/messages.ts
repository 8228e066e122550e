import {
  type Field,
  type ValueOf,
  checked,
  count,
  flag,
  floats,
  integer,
  listOf,
  name,
  nullable,
  oneOf,
  optional,
  quaternions,
  real,
  record,
  text,
  timeNs,
} from "./fields.js";
import {
  N_BETAS,
  N_FINGERS,
  N_JOINTS,
  N_KEYPOINTS,
  N_OPENXR_JOINTS,
  type Side,
} from "./joints.js";

/** Protocol version spoken here, and the WebSocket subprotocol that carries it. */
export const VERSION = 1;
export const SUBPROTOCOL = "ghosthands.v1";

/** A larger message is refused before it is read. */
export const MAX_MESSAGE_BYTES = 1 << 20;

const MAX_VERSION = 65535;
const MAX_RATE_HZ = 1000;
const MAX_LATENCY_MS = 1e9;
const MAX_REASON_BYTES = 1024;
const WRIST_AT_ORIGIN_M = 1e-4;

const side = integer(0, 1) as Field<Side>;

const hand = record({
  side,
  wrist_m: floats(3, -1000, 1000),
  pose_quat: quaternions(N_JOINTS),
  finger_confidence: floats(N_FINGERS, 0, 1),
});

const view = record({
  view: name,
  live: flag,
  rate_hz: real(0, MAX_RATE_HZ),
  width: integer(0, 65535),
  height: integer(0, 65535),
  dropped: count,
  /** Bit 0: the left hand is seen; bit 1: the right. */
  hands: integer(0, 3),
});

const restJoints = checked(
  floats(N_KEYPOINTS * 3, -1, 1),
  (joints) => joints.subarray(0, 3).every((x) => Math.abs(x) <= WRIST_AT_ORIGIN_M),
  "keypoints with the wrist, the first, at the origin",
);

/** None to two hands, left before right. */
function oneOfEach<T extends { side: Side }>(field: Field<T>): Field<T[]> {
  return checked(
    listOf(field, 0, 2),
    leftBeforeRight,
    "one left and one right hand, the left one first",
  );
}

/** Whether hands are at most one of each, the left one first. */
export function leftBeforeRight(hands: { side: Side }[]): boolean {
  const [first, second] = hands;
  return hands.length <= 2 && (!first || !second || first.side < second.side);
}

const openxrHand = record({
  side,
  joints_m: floats(N_OPENXR_JOINTS * 3, -1000, 1000),
  joint_quat: quaternions(N_OPENXR_JOINTS),
});

const handScore = record({
  side,
  error_m: floats(N_FINGERS, 0, 1000),
  error_rad: floats(N_FINGERS, 0, 7),
  confidence: floats(N_FINGERS, 0, 1),
});

const seconds = real(0, 1e6);
const rate = real(0.25, 2);
const loop = checked(
  listOf(seconds, 2, 2),
  ([begin, end]) => begin! < end!,
  "a begin and a later end",
);
const capabilities = optional(listOf(text(64), 0, 16), []);

/** What a player of recordings can be told. */
export const COMMANDS = ["load", "unload", "play", "pause", "seek", "rate", "loop"] as const;

/** What a command cannot do without. */
const NEEDS: Partial<Record<string, "recording" | "position_s" | "rate">> = {
  load: "recording",
  seek: "position_s",
  rate: "rate",
};

/**
 * Every message, its fields in the order they are written, under the wire's names
 * (bridge/protocol/SPEC.md).
 */
export const MESSAGES = {
  hello: record({
    versions: listOf(integer(0, MAX_VERSION), 1, 16),
    role: oneOf("watch", "learn", "play"),
    client: text(64),
    token: optional(nullable(text(512)), null),
    resume: optional(nullable(text(64)), null),
    capabilities,
  }),
  welcome: record({
    version: integer(0, MAX_VERSION),
    room: name,
    server: text(64),
    time_ns: timeNs,
    ack_window: integer(1, 1000),
    session: optional(nullable(text(64)), null),
    resumed: optional(flag, false),
    capabilities,
  }),
  subscribe: record({
    max_rate_hz: nullable(real(0.01, MAX_RATE_HZ)),
    precision: optional(oneOf("compact", "full"), "compact"),
  }),
  shape: record({ side, betas: floats(N_BETAS, -100, 100), rest_joints_m: restJoints }),
  pose: record({
    seq: count,
    time_ns: timeNs,
    hands: oneOfEach(hand),
  }),
  ack: record({ seq: count }),
  anchor: record({
    instrument: text(64),
    size_m: floats(2, 0, 100),
    position_m: floats(3, -1000, 1000),
    rotation_quat: quaternions(1),
  }),
  learner_hands: checked(
    record({
      seq: count,
      time_ns: timeNs,
      learner: optional(text(64), ""),
      hands: optional(oneOfEach(hand), []),
      openxr: optional(oneOfEach(openxrHand), []),
    }),
    ({ hands, openxr }) => hands.length === 0 || openxr.length === 0,
    "hands or openxr, not both",
  ),
  score: record({
    time_ns: timeNs,
    learner: text(64),
    score: nullable(real(0, 100)),
    hands: oneOfEach(handScore),
    position_s: optional(nullable(seconds), null),
  }),
  playback_control: checked(
    record({
      command: oneOf(...COMMANDS),
      recording: optional(nullable(text(64)), null),
      position_s: optional(nullable(seconds), null),
      rate: optional(nullable(rate), null),
      loop_s: optional(nullable(loop), null),
    }),
    (control) => {
      const needed = NEEDS[control.command];
      return !needed || control[needed] !== null;
    },
    "a command with what it needs",
  ),
  playback_state: record({
    time_ns: timeNs,
    recording: nullable(text(64)),
    duration_s: seconds,
    position_s: seconds,
    playing: flag,
    rate,
    loop_s: optional(nullable(loop), null),
    recordings: optional(listOf(text(64), 0, 64), []),
    problem: optional(nullable(text(MAX_REASON_BYTES)), null),
  }),
  status: record({
    views: listOf(view, 0, 16),
    pose_rate_hz: real(0, MAX_RATE_HZ),
    latency_ms: nullable(real(-MAX_LATENCY_MS, MAX_LATENCY_MS)),
    recording: flag,
  }),
  ping: record({ t0_ns: timeNs }),
  pong: checked(
    record({ t0_ns: timeNs, t1_ns: timeNs, t2_ns: timeNs }),
    ({ t1_ns, t2_ns }) => t2_ns >= t1_ns,
    "answered after it came",
  ),
  error: record({ code: text(64), message: text(MAX_REASON_BYTES) }),
  bye: record({ reason: text(MAX_REASON_BYTES) }),
} satisfies Record<string, Field<any>>;

export type MessageType = keyof typeof MESSAGES;
export type MessageOf<T extends MessageType> = { type: T } & ValueOf<(typeof MESSAGES)[T]>;
/** Any message of the protocol, told apart by `type`. */
export type Message = { [T in MessageType]: MessageOf<T> }[MessageType];

export type Pose = MessageOf<"pose">;
export type Shape = MessageOf<"shape">;
export type Status = MessageOf<"status">;
export type PlaybackState = MessageOf<"playback_state">;
export type PoseHand = ValueOf<typeof hand>;
export type ViewStatus = ValueOf<typeof view>;
