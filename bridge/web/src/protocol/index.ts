/** The wire protocol of GhostHands, without any DOM: shared by all pages and by the tests. */
export { Backoff } from "./backoff.js";
export { ClockSync } from "./clock.js";
export { decode, encode } from "./codec.js";
export {
  Connection,
  type ConnectionOptions,
  type ConnectionState,
  type SocketLike,
  type Surroundings,
} from "./connection.js";
export { type ErrorCode, ProtocolError } from "./errors.js";
export * from "./joints.js";
export { keypointsFromPose } from "./kinematics.js";
export type {
  Message,
  MessageOf,
  MessageType,
  PlaybackState,
  Pose,
  PoseHand,
  Shape,
  Status,
  ViewStatus,
} from "./messages.js";
export { MAX_MESSAGE_BYTES, SUBPROTOCOL, VERSION } from "./messages.js";
export * from "./coordinates.js";
export { isName } from "./names.js";
export { type OpenXRJoints, keypointsOfOpenxr, openxrJoints } from "./openxr.js";
export { fromAxes, multiply, rotate, slerp } from "./quaternion.js";
export { type Sendable, type WatchRole, WatchSession } from "./session.js";
