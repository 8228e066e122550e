import assert from "node:assert/strict";
import { test } from "node:test";

import { helpProblems } from "../../src/index/help.js";
import * as problems from "../../src/ui/problems.js";

const { cameraProblem, deviceOf, notSecure, paragraph, permissionRefused, sentence } = problems;

const PLACE = { host: "192.168.1.20:8443", pathname: "/capture", search: "?room=lesson" };
const BROWSERS: [string, number, problems.Device][] = [
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", 5, "ios"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", 5, "ios"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", 0, "desktop"],
  ["Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/156.0.0.0 Mobile Safari/537.36", 5, "android"],
  ["Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36", 0, "desktop"],
];

test("a browser tells what a person holds", () => {
  for (const [userAgent, maxTouchPoints, device] of BROWSERS) {
    assert.equal(deviceOf({ userAgent, maxTouchPoints }), device, userAgent);
  }
});

test("every problem is told in sentences, with a next step", () => {
  const all = [
    ...Object.values(problems).filter(
      (value): value is problems.Problem => typeof value === "object" && "next" in value,
    ),
    ...(["ios", "android", "desktop"] as const).flatMap((device) => [
      ...helpProblems("lesson", device, PLACE),
      permissionRefused("microphone", device),
    ]),
    ...["NotAllowedError", "NotFoundError", "OverconstrainedError", "TypeError"].map((name) =>
      cameraProblem({ name, message: "no" }, "desktop"),
    ),
    problems.tooMany(0.2),
    problems.wrongToken("lesson", "this token is for another room"),
    problems.unknownRoom("lesson"),
  ];
  assert.ok(all.length > 40);
  for (const problem of all) {
    assert.match(problem.title, /^[A-Z].*[^.]$/, problem.title);
    for (const words of [problem.text, problem.next]) assert.match(words, /^[A-Z].*\.$/s, words);
    if (problem.link) assert.match(problem.link.href, /^(\/|https:\/\/)/);
    assert.equal(paragraph(problem), `${problem.text} ${problem.next}`);
  }
});

test("a refused camera is given back differently on each device", () => {
  assert.match(permissionRefused("camera", "ios").next, /Website Settings, Camera, Allow/);
  assert.match(permissionRefused("camera", "android").next, /Permissions, Camera, Allow/);
  assert.match(permissionRefused("microphone", "desktop").next, /allow the microphone/);
});

test("a page that is not secure leads to the same page that is", () => {
  assert.equal(notSecure(PLACE).link!.href, "https://192.168.1.20:8443/capture?room=lesson");
});

test("the bridge's words become sentences", () => {
  assert.equal(sentence("this token has expired: ask"), "This token has expired: ask.");
  assert.equal(sentence("Done.\n"), "Done.");
  assert.equal(sentence(" "), "");
});
