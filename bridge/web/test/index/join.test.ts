import assert from "node:assert/strict";
import { test } from "node:test";

import { asksForTokens } from "../../src/index/health.js";
import { JoinError, join, pageFor } from "../../src/index/join.js";

function answering(status: number, body: string, headers: Record<string, string> = {}) {
  const requests: [string, RequestInit][] = [];
  globalThis.fetch = async (url, init) => {
    requests.push([String(url), init!]);
    return new Response(body, { status, headers });
  };
  return requests;
}

test("a code is exchanged for a token, and the token's page opens", async () => {
  const requests = answering(200, JSON.stringify({ room: "lesson", scope: "watch", token: "a.b" }));
  const joined = await join("lesson", "ABCD-EFGH");
  assert.deepEqual(joined, { room: "lesson", scope: "watch", token: "a.b" });
  const [url, { method, body }] = requests[0]!;
  assert.deepEqual([url, method, body], ["/rooms/lesson/join", "POST", '{"code":"ABCD-EFGH"}']);
  assert.equal(pageFor(joined), "/viewer?room=lesson");
  assert.equal(pageFor({ room: "lesson", scope: "publish" }), "/capture?room=lesson");
});

test("failures are told in words", async () => {
  const cases: [number, string, Record<string, string>, RegExp][] = [
    [401, "no", {}, /not the code of this room/],
    [429, "no", { "Retry-After": "7" }, /again in 7 seconds/],
    [500, "no", {}, /refused the code \(500\)/],
    [200, "<html>", {}, /cannot be read/],
    [200, '{"token": "t", "scope": "rule"}', {}, /cannot be read/],
  ];
  for (const [status, body, headers, expected] of cases) {
    answering(status, body, headers);
    await assert.rejects(join("lesson", "X"), (error) => {
      assert.ok(error instanceof JoinError);
      assert.match(error.message, expected);
      return true;
    });
  }
  globalThis.fetch = async () => {
    throw new TypeError("failed to fetch");
  };
  await assert.rejects(join("lesson", "X"), /does not answer/);
});

test("only a bridge that says so asks for tokens", () => {
  assert.equal(asksForTokens({ access: "token" }), true);
  for (const other of [null, 3, {}, { access: "open" }]) assert.equal(asksForTokens(other), false);
});
