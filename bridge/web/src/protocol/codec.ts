import { ProtocolError } from "./errors.js";
import { type Field, isMap } from "./fields.js";
import { MAX_MESSAGE_BYTES, MESSAGES, type Message } from "./messages.js";
import { type PackedMap, pack, unpack } from "./msgpack.js";

const FIELDS = new Map<string, Field<any>>(Object.entries(MESSAGES));

/** The bytes of one message. Equal messages give equal bytes. */
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
