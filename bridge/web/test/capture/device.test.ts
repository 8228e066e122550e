import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { QUALITIES, lowerQuality } from "../../src/capture/camera.js";
import { lockSets, lockWords, lockable, refused } from "../../src/capture/camera_locks.js";
import { type DeviceState, DeviceWatch } from "../../src/capture/device_watch.js";
import type { Sent } from "../../src/capture/sent_stats.js";

const SENT: Sent = {
  fps: 30,
  width: 1280,
  height: 720,
  megabits: 2,
  codec: "H264",
  cameraFps: 30,
  limit: "none",
};

/** What is warned of after so many seconds of the same. */
function after(
  seconds: number,
  sent: Partial<Sent> | null,
  battery: DeviceState["battery"] = null,
  watch = new DeviceWatch(),
): string[] {
  let ids: string[] = [];
  for (let second = 0; second <= seconds; second++) {
    const now = { nowMs: 1000 * second, sent: sent && { ...SENT, ...sent } };
    ids = watch.step({ ...now, wantedFps: 30, battery }).map(({ id }) => id);
  }
  return ids;
}

describe("device watch", () => {
  test("warns of what has lasted, and of nothing sooner", () => {
    assert.deepEqual(after(9, {}), []);
    assert.deepEqual(after(9, null), []);
    assert.deepEqual(after(4, { fps: 12 }), []);
    assert.deepEqual(after(6, { fps: 12 }), ["encoder"]);
    assert.deepEqual(after(6, { limit: "cpu" }), ["encoder"]);
    assert.deepEqual(after(6, { limit: "bandwidth", fps: 12 }), ["network"]);
    // A camera that gives less, as in dim light, is no slow encoder.
    assert.deepEqual(after(6, { fps: 12, cameraFps: 12 }), ["camera"]);
    assert.deepEqual(after(6, { fps: 30, cameraFps: null }), []);
  });

  test("a warning stays until it is clearly better", () => {
    const watch = new DeviceWatch();
    assert.deepEqual(after(6, { fps: 20 }, null, watch), ["encoder"]);
    const next = (fps: number) =>
      watch.step({ nowMs: 7000, sent: { ...SENT, fps }, wantedFps: 30, battery: null }).length;
    assert.equal(next(23), 1);
    assert.equal(next(28), 0);
    assert.equal(next(23), 0);
  });

  test("only a low battery that is not charged is told", () => {
    assert.deepEqual(after(0, {}, { level: 0.18, charging: false }), ["battery"]);
    assert.deepEqual(after(0, {}, { level: 0.18, charging: true }), []);
    assert.deepEqual(after(0, {}, { level: 0.5, charging: false }), []);
    const [warning] = new DeviceWatch().step({
      nowMs: 0,
      sent: null,
      wantedFps: 30,
      battery: { level: 0.179, charging: false },
    });
    assert.equal(warning!.text, "Battery at 18 %: plug the device in.");
  });

  test("a lower quality costs less, and the lowest has none below", () => {
    const named = (id: string) => QUALITIES.find((quality) => quality.id === id)!;
    assert.equal(lowerQuality(named("1080p30"))!.id, "720p60");
    assert.equal(lowerQuality(named("720p30"))!.id, "480p30");
    assert.equal(lowerQuality(named("480p15")), null);
  });
});

describe("camera locks", () => {
  const phone = {
    exposureMode: ["manual", "continuous"],
    exposureTime: { min: 1, max: 100 },
    iso: { min: 50, max: 800 },
    focusMode: ["single-shot", "manual", "continuous"],
    focusDistance: { min: 0.1, max: 3 },
    whiteBalanceMode: ["continuous"],
    torch: true,
  };

  test("hold what can be held, where it is now", () => {
    assert.deepEqual(lockable(phone), ["exposureMode", "focusMode"]);
    assert.equal(lockWords(phone), "exposure and focus");
    assert.equal(lockWords({}), "");
    const settings = { exposureTime: 33, iso: 100, focusDistance: 0.4, colorTemperature: 5000 };
    const sets = lockSets(phone, settings, true);
    assert.deepEqual(sets, [
      { exposureMode: "manual", exposureTime: 33, iso: 100 },
      { focusMode: "manual", focusDistance: 0.4 },
    ]);
    const done = { exposureMode: "manual", focusMode: "continuous" };
    assert.deepEqual(refused(sets, done), [sets[1]]);
    assert.deepEqual(refused(sets, { ...done, focusMode: "manual" }), []);
    assert.deepEqual(lockSets(phone, settings, false), [
      { exposureMode: "continuous" },
      { focusMode: "continuous" },
    ]);
  });

  test("nothing is asked of a camera that can do nothing", () => {
    assert.deepEqual(lockSets({}, {}, true), []);
    assert.deepEqual(lockable({ exposureMode: "manual" }), []);
  });
});
