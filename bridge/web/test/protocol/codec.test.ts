import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ProtocolError, decode, encode } from "../../src/protocol/index.js";
import { MESSAGES } from "../../src/protocol/messages.js";
import { asJson, bytesOf, golden } from "./golden.js";

describe("golden messages", () => {
  for (const vector of golden("messages.json")) {
    test(vector.name, () => {
      const message = decode(bytesOf(vector));
      assert.deepEqual(asJson(message), asJson(vector.message));
      if (vector.canonical) {
        assert.equal(Buffer.from(encode(message)).toString("hex"), vector.hex);
      } else {
        assert.deepEqual(asJson(decode(encode(message))), asJson(vector.message));
      }
    });
  }
});

test("golden vectors have every message, and hands in both forms", () => {
  const canonical = golden("messages.json").filter((vector) => vector.canonical);
  const types = new Set(canonical.map(({ message }) => message!.type));
  assert.deepEqual([...types].sort(), Object.keys(MESSAGES).sort());
  for (const form of ["hands", "openxr"]) {
    const vectors = canonical.filter(({ message }) => message!.type === "learner_hands");
    assert.ok(vectors.some(({ message }) => (message![form] as unknown[]).length > 0), form);
  }
});

describe("golden compact poses", () => {
  for (const vector of golden("compact.json")) {
    test(vector.name, () => near(asJson(decode(bytesOf(vector))), asJson(vector.message)));
  }
});

/** Equal but for the last bits of numbers. */
function near(actual: unknown, expected: unknown): void {
  if (typeof expected === "number") {
    assert.ok(Math.abs((actual as number) - expected) <= 1e-6, `${actual} is not ${expected}`);
  } else if (typeof expected === "object" && expected !== null) {
    assert.deepEqual(Object.keys(actual as object), Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) {
      near((actual as Record<string, unknown>)[key], value);
    }
  } else {
    assert.equal(actual, expected);
  }
}

describe("golden rejections", () => {
  for (const vector of golden("rejected.json")) {
    test(vector.name, () => {
      assert.throws(
        () => decode(bytesOf(vector)),
        (error) => error instanceof ProtocolError && error.code === vector.code,
      );
    });
  }
});

test("any prefix of a message is malformed, never another error", () => {
  for (const vector of golden("messages.json").filter(({ canonical }) => canonical)) {
    const bytes = bytesOf(vector);
    for (let length = 0; length < bytes.length; length += 7) {
      assert.throws(() => decode(bytes.subarray(0, length)), ProtocolError);
    }
  }
});

test("damaged messages decode or are refused, and nothing else", () => {
  let state = 1;
  const random = (below: number) => (state = (state * 48271) % 0x7fffffff) % below;
  for (const vector of golden("messages.json")) {
    for (let trial = 0; trial < 40; trial++) {
      const bytes = bytesOf(vector);
      for (let i = 0; i < 3; i++) bytes[random(bytes.length)] = random(256);
      try {
        decode(bytes);
      } catch (error) {
        assert.ok(error instanceof ProtocolError, `${vector.name}: ${error}`);
      }
    }
  }
});

test("a field name that objects inherit is no field", () => {
  // {"type": "toString"} and {"type": "ack", "__proto__": {"seq": 1}}
  const inherited = Buffer.from("81a474797065a8746f537472696e67", "hex");
  assert.throws(() => decode(inherited), { code: "unknown_type" });
  const hidden = Buffer.from("82a474797065a361636ba95f5f70726f746f5f5f81a373657101", "hex");
  assert.throws(() => decode(hidden), { code: "malformed" });
});
