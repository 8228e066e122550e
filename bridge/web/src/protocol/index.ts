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
  Pose,
  PoseHand,
  Shape,
  Status,
  ViewStatus,
} from "./messages.js";
export { MAX_MESSAGE_BYTES, SUBPROTOCOL, VERSION } from "./messages.js";
export { isName } from "./names.js";
export { multiply, rotate, slerp } from "./quaternion.js";
export { WatchSession } from "./session.js";
