import assert from "node:assert/strict";
import { test } from "node:test";

import { Color, type Mesh, Vector3 } from "three";

import { InstrumentModel } from "../../src/stage/keyboard.js";
import { keyAt, keyName, keyboardLayout } from "../../src/stage/keyboard_layout.js";

const LOOK = { whiteKey: "#ffffff", blackKey: "#000000", body: "#333333" };

function anchor(instrument: string, size: [number, number], position = [0, 0, 0]) {
  return {
    type: "anchor" as const,
    instrument,
    size_m: Float32Array.from(size),
    position_m: Float32Array.from(position),
    rotation_quat: Float32Array.of(0, 0, 0, 1),
  };
}

// Counts, widths and places of the outermost black keys are what bridge/model/anchor gives.
for (const [name, white, black, widthM, firstM, lastM] of [
  ["piano-88", 52, 36, 1.222, 0.0219, 1.1734],
  ["piano-76", 45, 31, 1.0575, 0.0386, 1.0256],
  ["piano-61", 36, 25, 0.846, 0.0162, 0.7974],
  ["piano-49", 29, 20, 0.6815, 0.0162, 0.6329],
] as const) {
  test(`${name} has its keys where the bridge draws them`, () => {
    const layout = keyboardLayout(name)!;
    const blacks = layout.keys.filter((key) => key.black);
    assert.equal(layout.whiteKeys, white);
    assert.equal(blacks.length, black);
    assert.equal(layout.keys.length, Number(name.slice(6)));
    assert.ok(Math.abs(layout.widthM - widthM) < 1e-9);
    assert.ok(Math.abs(blacks[0]!.leftM - firstM) < 6e-5, `${blacks[0]!.leftM}`);
    assert.ok(Math.abs(blacks.at(-1)!.leftM - lastM) < 6e-5, `${blacks.at(-1)!.leftM}`);
    const numbers = layout.keys.map((key) => key.midi);
    assert.deepEqual(numbers, numbers.map((_, i) => numbers[0]! + i), "no key is left out");
  });
}

test("names that are no keyboards give none", () => {
  for (const name of ["a4", "0.4x0.3", "piano-87", "piano-88:C3", "piano-49:A0-C4", "", "piano"]) {
    assert.equal(keyboardLayout(name), null, name);
  }
});

test("a place is on the black key where one lies, else on the white one", () => {
  const layout = keyboardLayout("piano-88")!;
  const named = (x: number, z: number) => {
    const key = keyAt(layout, x, z);
    return key === null ? null : keyName(layout.keys[key]!.midi);
  };
  const middleC = 23 * 0.0235;
  assert.equal(named(middleC + 0.01, -0.02), "C4");
  assert.equal(named(middleC + 0.0235 - 0.0023, -0.1), "C#4");
  assert.equal(named(middleC + 0.0235 - 0.0023, -0.03), "C4", "before the black keys");
  assert.equal(named(0.001, -0.149), "A0");
  assert.equal(named(-0.001, -0.05), null);
  assert.equal(named(0.1, 0.001), null);
});

test("an anchor puts, stretches and turns the instrument", () => {
  const model = new InstrumentModel(LOOK);
  model.setAnchor(anchor("piano-61", [0.846 * 1.01, 0.15], [0.1, 0.2, 0.3]));
  assert.equal(model.object.visible, true);
  const corner = model.toStage(0.846, 0, -0.15);
  assert.ok(corner.distanceTo(new Vector3(0.1 + 0.846 * 1.01, 0.2, 0.15)) < 1e-6);
  assert.equal(model.keyBelow(0.1 + 0.005, 0.25, 0.29), 0);

  const half = Math.SQRT1_2;
  const turned = {
    ...anchor("piano-61", [0.846, 0.15]),
    rotation_quat: Float32Array.of(0, half, 0, half),
  };
  model.setAnchor(turned);
  assert.ok(model.toStage(0.846, 0, 0).distanceTo(new Vector3(0, 0, -0.846)) < 1e-6);
  model.setAnchor(null);
  assert.equal(model.object.visible, false);
  assert.equal(model.object.children.length, 0);
});

test("an anchored part is drawn as the whole keyboard, the part in its place", () => {
  const model = new InstrumentModel(LOOK);
  // As bridge.feed.anchor_message says it: the part's size, at the part's left edge.
  model.setAnchor(anchor("piano-88:C3-B5", [21 * 0.0235, 0.15], [0.376, 0, 0]));
  assert.equal(model.layout!.keys.length, 88);
  assert.ok(model.toStage(0, 0, 0).length() < 1e-6);
  assert.ok(Math.abs(model.sizeM[0] - 1.222) < 1e-6);
});

test("the keyboard is one mesh, and a highlight colours one key alone", () => {
  const model = new InstrumentModel(LOOK);
  model.setAnchor(anchor("piano-88", [1.222, 0.15]));
  assert.equal(model.object.children.length, 1);
  const colors = (model.object.children[0] as Mesh).geometry.getAttribute("color");
  const before = Float32Array.from(colors.array);
  model.highlight(40, new Color("#ff0000"));
  const changed = [...colors.array].flatMap((value, i) => (value !== before[i] ? [i] : []));
  assert.ok(changed.length > 0);
  assert.ok(changed.every((i) => Math.floor(i / 60) === 40));
  model.highlight(40, null);
  assert.deepEqual(Float32Array.from(colors.array), before);
  model.highlight(99, new Color("#ff0000"));
  assert.deepEqual(Float32Array.from(colors.array), before);
});

test("another instrument is a plain rectangle", () => {
  const model = new InstrumentModel(LOOK);
  model.setAnchor(anchor("a4", [0.297, 0.21]));
  assert.equal(model.layout, null);
  assert.ok(model.toStage(1, 0, -1).distanceTo(new Vector3(0.297, 0, -0.21)) < 1e-6);
  assert.equal(model.keyBelow(0.1, 0, -0.1), null);
});
