import { ProtocolError } from "./errors.js";
import { N_FINGERS, N_JOINTS, type Side } from "./joints.js";
import type { PoseHand } from "./messages.js";

/** Bytes of one hand of a compact pose (bridge/protocol/SPEC.md, "Compact pose"). */
export const HAND_BYTES = 71;

const STEP_M = 5e-5;
const WRIST_BITS = 20;
const CONFIDENCE_BITS = 3;

/** Bits of each component of a joint's rotation. */
function bitsOf(joint: number): number {
  if (joint === 0) return 13;
  return joint % 3 === 1 ? 10 : 9;
}

/** Little-endian fields of bits, the first one in the lowest ones. */
class Bits {
  #at: number;

  constructor(
    private readonly bytes: Uint8Array,
    start: number,
  ) {
    this.#at = 8 * start;
  }

  /** The next `count` bits, at most 20, as an unsigned number. */
  take(count: number): number {
    const byte = this.#at >> 3;
    let word = 0;
    // 20 bits that begin anywhere lie in at most four bytes.
    for (let k = 3; k >= 0; k--) word = (word << 8) | (this.bytes[byte + k] ?? 0);
    const value = (word >>> (this.#at & 7)) & ((1 << count) - 1);
    this.#at += count;
    return value;
  }
}

/** The hands in the bytes of a compact pose. @throws ProtocolError with code `malformed`. */
export function unpackHands(bytes: Uint8Array): PoseHand[] {
  if (bytes.length % HAND_BYTES !== 0) {
    throw new ProtocolError(`hands must have ${HAND_BYTES} bytes each, not ${bytes.length} in all`);
  }
  const hands: PoseHand[] = [];
  for (let start = 0; start < bytes.length; start += HAND_BYTES) hands.push(unpack(bytes, start));
  return hands;
}

function unpack(bytes: Uint8Array, start: number): PoseHand {
  const bits = new Bits(bytes, start);
  const side = bits.take(1) as Side;
  if (bits.take(1) !== 0) {
    throw new ProtocolError("a hand's second bit is reserved, and must be 0");
  }
  const wrist_m = Float32Array.from({ length: 3 }, () => {
    return (bits.take(WRIST_BITS) - 2 ** (WRIST_BITS - 1)) * STEP_M;
  });
  const finger_confidence = Float32Array.from({ length: N_FINGERS }, () => {
    return bits.take(CONFIDENCE_BITS) / (2 ** CONFIDENCE_BITS - 1);
  });
  const pose_quat = new Float32Array(4 * N_JOINTS);
  for (let joint = 0; joint < N_JOINTS; joint++) {
    pose_quat.set(rotation(bits, bitsOf(joint)), 4 * joint);
  }
  return { side, wrist_m, pose_quat, finger_confidence };
}

/** One rotation as smallest three: which component is largest, then the others. */
function rotation(bits: Bits, width: number): number[] {
  const largest = bits.take(2);
  const half = 2 ** (width - 1) - 1;
  const quat = [0, 0, 0, 0];
  let square = 1;
  for (let k = 0; k < 4; k++) {
    if (k === largest) continue;
    const level = bits.take(width);
    if (level > 2 * half) throw new ProtocolError("a rotation has a level that does not exist");
    const value = (level / half - 1) * Math.SQRT1_2;
    quat[k] = value;
    square -= value * value;
  }
  if (square < 0) throw new ProtocolError("a rotation is longer than 1");
  quat[largest] = Math.sqrt(square);
  return quat[3]! < 0 ? quat.map((value) => -value) : quat;
}
