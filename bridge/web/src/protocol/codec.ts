import { unpackHands } from "./compact.js";
import { ProtocolError } from "./errors.js";
import { type Field, count, isMap, timeNs } from "./fields.js";
import { MAX_MESSAGE_BYTES, MESSAGES, type Message, type Pose, leftBeforeRight } from "./messages.js";
import { type Packed, type PackedMap, pack, unpack } from "./msgpack.js";

const FIELDS = new Map<string, Field<any>>(Object.entries(MESSAGES));

/** The bytes of one message, poses in full. Equal messages give equal bytes. */
export function encode(message: Message): Uint8Array {
  const { type } = message;
  return pack({ type, ...(FIELDS.get(type)!.write(message) as PackedMap) });
}

/**
 * The message that bytes hold. Fields that this version does not know are skipped.
 *
 * @throws ProtocolError with code `too_large`, `malformed` or `unknown_type`.
 */
export function decode(bytes: Uint8Array): Message {
  if (bytes.byteLength > MAX_MESSAGE_BYTES) {
    throw new ProtocolError(
      `a message of ${bytes.byteLength} bytes is larger than ${MAX_MESSAGE_BYTES}`,
      "too_large",
    );
  }
  const map = unpack(bytes);
  if (Array.isArray(map)) return compactPose(map);
  if (!isMap(map) || typeof map.type !== "string") {
    throw new ProtocolError("a message must be a map with a type, as text");
  }
  const { type } = map;
  const fields = FIELDS.get(type);
  if (!fields) {
    throw new ProtocolError(`no message has the type ${type.slice(0, 40)}`, "unknown_type");
  }
  return { type, ...fields.read(map, type) } as Message;
}

/** A compact pose: sequence number, time, hands. */
function compactPose(list: Packed[]): Pose {
  const [seq, time, hands] = list;
  if (list.length !== 3 || !(hands instanceof Uint8Array)) {
    throw new ProtocolError("a compact pose must have a number, a time and bin");
  }
  const pose = {
    type: "pose" as const,
    seq: count.read(seq!, "compact pose.seq"),
    time_ns: timeNs.read(time!, "compact pose.time_ns"),
    hands: unpackHands(hands),
  };
  if (!leftBeforeRight(pose.hands)) {
    throw new ProtocolError("a compact pose must have one left and one right hand, in this order");
  }
  return pose;
}
