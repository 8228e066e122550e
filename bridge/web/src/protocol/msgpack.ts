/**
 * The subset of msgpack that the wire uses, read as strictly as bridge/protocol/codec.py does.
 *
 * Integers are `bigint`s and floats `number`s, in both directions: nanoseconds need 64 bits, a
 * float must not be taken for an integer, and one value has one encoding. Repeated keys, bad
 * UTF-8, extension types and sizes past the limits are refused, which general libraries accept.
 */

import { ProtocolError } from "./errors.js";

/** A value of the subset. */
export type Packed = null | boolean | bigint | number | string | Uint8Array | Packed[] | PackedMap;
export interface PackedMap {
  [key: string]: Packed;
}

/** Bounds on what is built from a peer's bytes. */
const MAX_ITEMS = 64;
const MAX_CONTAINERS = 256;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const toUtf8 = new TextEncoder();

/** The value in all of `bytes`. @throws ProtocolError with code `malformed`. */
export function unpack(bytes: Uint8Array): Packed {
  const reader = new Reader(bytes);
  const value = reader.value();
  if (!reader.atEnd) throw new ProtocolError("bytes follow the msgpack value");
  return value;
}

class Reader {
  #at = 0;
  #containersLeft = MAX_CONTAINERS;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(): Packed {
    const head = this.#uint(1);
    if (head <= 0x7f) return BigInt(head);
    if (head <= 0x8f) return this.#map(head & 0x0f);
    if (head <= 0x9f) return this.#list(head & 0x0f);
    if (head <= 0xbf) return this.#text(head & 0x1f);
    if (head >= 0xe0) return BigInt(head - 0x100);
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
        return this.#take(this.#uint(1));
      case 0xc5:
        return this.#take(this.#uint(2));
      case 0xc6:
        return this.#take(this.#uint(4));
      case 0xca:
        return this.#view.getFloat32(this.#skip(4));
      case 0xcb:
        return this.#view.getFloat64(this.#skip(8));
      case 0xcc:
        return BigInt(this.#uint(1));
      case 0xcd:
        return BigInt(this.#uint(2));
      case 0xce:
        return BigInt(this.#uint(4));
      case 0xcf:
        return this.#view.getBigUint64(this.#skip(8));
      case 0xd0:
        return BigInt(this.#view.getInt8(this.#skip(1)));
      case 0xd1:
        return BigInt(this.#view.getInt16(this.#skip(2)));
      case 0xd2:
        return BigInt(this.#view.getInt32(this.#skip(4)));
      case 0xd3:
        return this.#view.getBigInt64(this.#skip(8));
      case 0xd9:
        return this.#text(this.#uint(1));
      case 0xda:
        return this.#text(this.#uint(2));
      case 0xdb:
        return this.#text(this.#uint(4));
      case 0xdc:
        return this.#list(this.#uint(2));
      case 0xdd:
        return this.#list(this.#uint(4));
      case 0xde:
        return this.#map(this.#uint(2));
      case 0xdf:
        return this.#map(this.#uint(4));
      default:
        throw new ProtocolError(`msgpack byte 0x${head.toString(16)} has no meaning here`);
    }
  }

  /** Moves past `count` bytes and returns where they start. */
  #skip(count: number): number {
    if (count > this.#bytes.length - this.#at) throw new ProtocolError("the message is cut off");
    const start = this.#at;
    this.#at += count;
    return start;
  }

  #take(count: number): Uint8Array {
    const start = this.#skip(count);
    return this.#bytes.subarray(start, start + count);
  }

  #uint(size: 1 | 2 | 4): number {
    const start = this.#skip(size);
    if (size === 1) return this.#view.getUint8(start);
    return size === 2 ? this.#view.getUint16(start) : this.#view.getUint32(start);
  }

  #text(size: number): string {
    try {
      return utf8.decode(this.#take(size));
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      throw new ProtocolError("text is not UTF-8");
    }
  }

  /** Counts a map or list: this also bounds how deep they nest. */
  #enter(items: number): void {
    if (items > MAX_ITEMS) throw new ProtocolError(`${items} items are too many`);
    if (--this.#containersLeft < 0) throw new ProtocolError("too many maps and lists");
  }

  #list(size: number): Packed[] {
    this.#enter(size);
    return Array.from({ length: size }, () => this.value());
  }

  #map(size: number): PackedMap {
    this.#enter(size);
    // No prototype: the key __proto__ is a key like any other.
    const map: PackedMap = Object.create(null);
    for (let i = 0; i < size; i++) {
      const key = this.value();
      if (typeof key !== "string") throw new ProtocolError("the keys of a map must be text");
      if (key in map) throw new ProtocolError("a map has the same key twice");
      map[key] = this.value();
    }
    return map;
  }
}

/** The shortest encoding of a value; integers must not be negative. */
export function pack(value: Packed): Uint8Array {
  const chunks: Uint8Array[] = [];
  write(value, chunks);
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function write(value: Packed, chunks: Uint8Array[]): void {
  if (value === null) {
    chunks.push(Uint8Array.of(0xc0));
  } else if (typeof value === "boolean") {
    chunks.push(Uint8Array.of(value ? 0xc3 : 0xc2));
  } else if (typeof value === "bigint") {
    if (value < 0n || value >= 1n << 64n) throw new RangeError(`${value} is out of range`);
    chunks.push(
      value <= 0x7fn ? Uint8Array.of(Number(value)) : head(value, [0xcc, 0xcd, 0xce, 0xcf]),
    );
  } else if (typeof value === "number") {
    const bytes = new Uint8Array(9);
    bytes[0] = 0xcb;
    new DataView(bytes.buffer).setFloat64(1, value);
    chunks.push(bytes);
  } else if (typeof value === "string") {
    const text = toUtf8.encode(value);
    chunks.push(sized(text.length, 0xa0, 31, [0xd9, 0xda, 0xdb]), text);
  } else if (value instanceof Uint8Array) {
    chunks.push(head(BigInt(value.length), [0xc4, 0xc5, 0xc6]), value);
  } else if (Array.isArray(value)) {
    chunks.push(sized(value.length, 0x90, 15, [null, 0xdc, 0xdd]));
    for (const item of value) write(item, chunks);
  } else {
    const entries = Object.entries(value);
    chunks.push(sized(entries.length, 0x80, 15, [null, 0xde, 0xdf]));
    for (const [key, item] of entries) {
      write(key, chunks);
      write(item, chunks);
    }
  }
}

/** A size inside the first byte where it fits, else after it. */
function sized(
  size: number,
  fixed: number,
  fixedMax: number,
  types: (number | null)[],
): Uint8Array {
  return size <= fixedMax ? Uint8Array.of(fixed | size) : head(BigInt(size), types);
}

/** A type byte and an unsigned integer in the fewest of 1, 2, 4, 8 bytes that `types` offers. */
function head(value: bigint, types: (number | null)[]): Uint8Array {
  const index = types.findIndex((type, i) => type !== null && value < 1n << BigInt(8 << i));
  const bytes = new Uint8Array(9);
  bytes[0] = types[index]!;
  const view = new DataView(bytes.buffer);
  view.setBigUint64(1, value << BigInt(64 - (8 << index)));
  return bytes.slice(0, 1 + (1 << index));
}
