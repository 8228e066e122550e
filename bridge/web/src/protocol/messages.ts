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
  quaternions,
  real,
  record,
  text,
  timeNs,
} from "./fields.js";
import { N_BETAS, N_FINGERS, N_JOINTS, N_KEYPOINTS, type Side } from "./joints.js";

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

/**
 * Every message, its fields in the order they are written, under the wire's names
 * (bridge/protocol/SPEC.md).
 */
export const MESSAGES = {
  hello: record({
    versions: listOf(integer(0, MAX_VERSION), 1, 16),
    role: oneOf("watch", "play"),
    client: text(64),
  }),
  welcome: record({
    version: integer(0, MAX_VERSION),
    room: name,
    server: text(64),
    time_ns: timeNs,
    ack_window: integer(1, 1000),
  }),
  subscribe: record({ max_rate_hz: nullable(real(0.01, MAX_RATE_HZ)) }),
  shape: record({ side, betas: floats(N_BETAS, -100, 100), rest_joints_m: restJoints }),
  pose: record({
    seq: count,
    time_ns: timeNs,
    hands: checked(
      listOf(hand, 0, 2),
      ([first, second]) => !first || !second || first.side < second.side,
      "one left and one right hand, the left one first",
    ),
  }),
  ack: record({ seq: count }),
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
export type PoseHand = ValueOf<typeof hand>;
export type ViewStatus = ValueOf<typeof view>;
