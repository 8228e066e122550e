import { ProtocolError } from "./errors.js";
import type { Packed, PackedMap } from "./msgpack.js";
import { isName } from "./names.js";

/** How one field of a message is checked when read, and laid out when written. */
export interface Field<T> {
  /** Returns the typed value. Throws ProtocolError naming `where` when it is not one. */
  read(value: Packed, where: string): T;
  write(value: T): Packed;
  /** What a field that may be left out is then; absent for fields that must be there. */
  readonly fallback?: () => T;
}

/** The type a field holds. */
export type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The record a set of named fields holds. */
export type RecordOf<F> = { [K in keyof F]: ValueOf<F[K]> };

const MAX_TIME_NS = (1n << 63n) - 1n;
/** How far the length of a quaternion on the wire may be from 1. */
const QUATERNION_TOLERANCE = 1e-3;

function refuse(where: string, wanted: string): never {
  throw new ProtocolError(`${where} must be ${wanted}`);
}

/** An integer of low <= value <= high, as a number. */
export function integer(low: number, high: number): Field<number> {
  return {
    read: (value, where) =>
      typeof value === "bigint" && value >= low && value <= high
        ? Number(value)
        : refuse(where, `an integer from ${low} to ${high}`),
    write: (value) => BigInt(value),
  };
}

/** A counter: any non-negative integer that a number holds exactly. */
export const count = integer(0, Number.MAX_SAFE_INTEGER);

/** A time in nanoseconds: 63 bits, more than a number holds exactly. */
export const timeNs: Field<bigint> = {
  read: (value, where) =>
    typeof value === "bigint" && value >= 0n && value <= MAX_TIME_NS
      ? value
      : refuse(where, "a time in nanoseconds"),
  write: (value) => value,
};

/** A number of low <= value <= high; integers count. */
export function real(low: number, high: number): Field<number> {
  return {
    read(value, where) {
      const number = typeof value === "bigint" ? Number(value) : value;
      // NaN fails every comparison.
      return typeof number === "number" && number >= low && number <= high
        ? number
        : refuse(where, `a number from ${low} to ${high}`);
    },
    write: (value) => value,
  };
}

export const flag: Field<boolean> = {
  read: (value, where) => (typeof value === "boolean" ? value : refuse(where, "true or false")),
  write: (value) => value,
};

/** Text of at most `maxBytes` bytes of UTF-8. */
export function text(maxBytes: number): Field<string> {
  return {
    read: (value, where) =>
      typeof value === "string" && new TextEncoder().encode(value).length <= maxBytes
        ? value
        : refuse(where, `text of at most ${maxBytes} bytes`),
    write: (value) => value,
  };
}

/** The name of a room or a view. */
export const name: Field<string> = {
  read: (value, where) =>
    typeof value === "string" && isName(value) ? value : refuse(where, "a name"),
  write: (value) => value,
};

export function oneOf<const T extends string>(...values: T[]): Field<T> {
  return {
    read: (value, where) =>
      values.includes(value as T) ? (value as T) : refuse(where, `one of ${values.join(", ")}`),
    write: (value) => value,
  };
}

/** `length` float32 in a bin, each low <= value <= high; little-endian, as every browser's host. */
export function floats(length: number, low: number, high: number): Field<Float32Array> {
  return {
    read(value, where) {
      if (!(value instanceof Uint8Array) || value.length !== length * 4) {
        return refuse(where, `${length} float32 in ${length * 4} bytes of bin`);
      }
      // A copy: a bin starts anywhere in a message, a Float32Array only at a multiple of 4.
      const array = new Float32Array(value.slice().buffer);
      return array.every((x) => x >= low && x <= high)
        ? array
        : refuse(where, `numbers from ${low} to ${high}`);
    },
    write: (value) => new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
  };
}

/** `length` unit quaternions xyzw, w >= 0. */
export function quaternions(length: number): Field<Float32Array> {
  const field = floats(length * 4, -2, 2);
  return {
    ...field,
    read(value, where) {
      const array = field.read(value, where);
      for (let i = 0; i < array.length; i += 4) {
        const [x, y, z, w] = array.subarray(i, i + 4) as unknown as [
          number,
          number,
          number,
          number,
        ];
        const square = x * x + y * y + z * z + w * w;
        if (Math.abs(square - 1) > 2 * QUATERNION_TOLERANCE || w < 0) {
          return refuse(where, "quaternions of length 1 with w >= 0");
        }
      }
      return array;
    },
  };
}

/** A field that is left out where it has its default; nil means the same. */
export function optional<T>(field: Field<T>, fallback: T): Field<T> {
  return { ...field, fallback: () => fallback };
}

/** Whether a value is an optional field's default, so that it is left out. */
function isDefault(value: unknown, fallback: unknown): boolean {
  return value === fallback || (Array.isArray(value) && value.length === 0);
}

export function nullable<T>(field: Field<T>): Field<T | null> {
  return {
    read: (value, where) => (value === null ? null : field.read(value, where)),
    write: (value) => (value === null ? null : field.write(value)),
  };
}

export function listOf<T>(field: Field<T>, minLength: number, maxLength: number): Field<T[]> {
  return {
    read(value, where) {
      if (!Array.isArray(value) || value.length < minLength || value.length > maxLength) {
        return refuse(where, `a list of ${minLength} to ${maxLength}`);
      }
      return value.map((item, i) => field.read(item, `${where}[${i}]`));
    },
    write: (value) => value.map((item) => field.write(item)),
  };
}

/** A field whose name begins so must be understood: whoever does not know it refuses the message. */
const REQUIRED = "!";

/** A map with at least these fields; others are skipped, so that later versions may add some. */
export function record<F extends Record<string, Field<any>>>(fields: F): Field<RecordOf<F>> {
  const names = Object.keys(fields);
  return {
    read(value, where) {
      if (!isMap(value)) return refuse(where, "a map");
      const demanded = Object.keys(value).find((name) => name.startsWith(REQUIRED));
      if (demanded) return refuse(`${where}.${demanded.slice(0, 40)}`, "understood, and is not");
      const entries = names.map((name) => {
        const item = Object.hasOwn(value, name) ? value[name] : undefined;
        const { fallback } = fields[name]!;
        if (fallback && (item === undefined || item === null)) return [name, fallback()];
        if (item === undefined) return refuse(`${where}.${name}`, "there");
        return [name, fields[name]!.read(item, `${where}.${name}`)];
      });
      return Object.fromEntries(entries) as RecordOf<F>;
    },
    write: (value) =>
      Object.fromEntries(
        names
          .filter((name) => {
            const { fallback } = fields[name]!;
            const given = value[name as keyof F];
            return !fallback || (given !== undefined && !isDefault(given, fallback()));
          })
          .map((name) => [name, fields[name]!.write(value[name as keyof F])]),
      ),
  };
}

/** The same field, with a further condition on what is read. */
export function checked<T>(
  field: Field<T>,
  holds: (value: T) => boolean,
  wanted: string,
): Field<T> {
  return {
    ...field,
    read(packed, where) {
      const value = field.read(packed, where);
      return holds(value) ? value : refuse(where, wanted);
    },
  };
}

/** Whether a msgpack value is a map. */
export function isMap(value: Packed): value is PackedMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}
