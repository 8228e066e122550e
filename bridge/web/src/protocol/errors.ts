/** Codes an `error` message carries (bridge/protocol/SPEC.md, "Errors"). */
export type ErrorCode =
  | "malformed"
  | "unknown_type"
  | "unexpected"
  | "unsupported_version"
  | "unauthorised"
  | "forbidden"
  | "unknown_room"
  | "too_large"
  | "too_slow"
  | "rate_limited"
  | "internal";

/** Bytes or messages that break the wire protocol. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";

  constructor(
    message: string,
    readonly code: ErrorCode = "malformed",
  ) {
    super(message);
  }
}
