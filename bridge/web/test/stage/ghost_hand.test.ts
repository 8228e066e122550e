import assert from "node:assert/strict";
import { test } from "node:test";

import { Mesh, type SkinnedMesh, Vector3 } from "three";

import { KEYPOINT_OF_JOINT, keypointsFromPose } from "../../src/protocol/index.js";
import { pack } from "../../src/protocol/msgpack.js";
import { GhostHand } from "../../src/stage/ghost_hand.js";
import {
  type HandMesh,
  MeshError,
  parseHandMesh,
  shapedVertices,
  strongestWeights,
} from "../../src/stage/hand_mesh.js";
import { restJoints } from "../hands.js";

const bin = (array: Float32Array | Uint16Array) => new Uint8Array(array.buffer);

/** A mesh whose first 21 vertices are the keypoints, each fixed to the joint that carries it. */
function document(changes: Record<string, Uint8Array | bigint> = {}): Uint8Array {
  const vertices = restJoints();
  const weights = new Float32Array(21 * 16);
  for (let k = 0; k < 21; k++) {
    const joint = KEYPOINT_OF_JOINT.indexOf(k);
    weights[k * 16 + (joint >= 0 ? joint : KEYPOINT_OF_JOINT.indexOf(k - 1))] = 1;
  }
  const shapeDirs = new Float32Array(21 * 3 * 10);
  for (let i = 0; i < 21 * 3; i++) shapeDirs[i * 10 + 2] = vertices[i]!; // beta 2 scales the hand
  return pack({
    side: 1n,
    vertices_m: bin(vertices),
    faces: bin(Uint16Array.of(0, 1, 2, 2, 3, 4)),
    weights: bin(weights),
    shape_dirs_m: bin(shapeDirs),
    rest_joints_m: bin(vertices),
    ...changes,
  });
}

/** A pose with every joint bent by a different turn. */
function bentPose(): Float64Array {
  const pose = new Float64Array(64);
  for (let joint = 0; joint < 16; joint++) {
    const half = 0.05 + 0.03 * joint;
    const axis = new Vector3(Math.sin(joint), Math.cos(2 * joint), 0.5).normalize();
    axis.multiplyScalar(Math.sin(half));
    pose.set([axis.x, axis.y, axis.z, Math.cos(half)], joint * 4);
  }
  return pose;
}

function skinOf(hand: GhostHand): SkinnedMesh {
  return hand.object.children.find((child) => child instanceof Mesh) as SkinnedMesh;
}

function assertSkinFollows(hand: GhostHand, keypoints: ArrayLike<number>): void {
  hand.object.updateMatrixWorld(true);
  const skin = skinOf(hand);
  skin.skeleton.update();
  for (let k = 0; k < 21; k++) {
    const vertex = skin.getVertexPosition(k, new Vector3());
    const expected = new Vector3().fromArray(keypoints, k * 3);
    assert.ok(vertex.distanceTo(expected) < 1e-6, `keypoint ${k}`);
  }
}

test("skinned vertices go where forward kinematics puts the keypoints", () => {
  const mesh = parseHandMesh(document());
  const hand = new GhostHand(mesh);
  const played = { wristM: Float64Array.of(0.1, -0.2, -0.5), poseQuat: bentPose(), confidence: 1, presence: 1 };
  hand.setPose(played);
  assertSkinFollows(hand, keypointsFromPose(mesh.restJointsM, played.poseQuat, played.wristM));
  assert.deepEqual(
    hand.keypointsM,
    keypointsFromPose(mesh.restJointsM, played.poseQuat, played.wristM),
  );
});

test("another shape moves skin and skeleton together", () => {
  const mesh = parseHandMesh(document());
  const hand = new GhostHand(mesh);
  const betas = Float32Array.of(0, 0, 0.25, 0, 0, 0, 0, 0, 0, 0);
  const larger = restJoints().map((x) => 1.25 * x);
  hand.setShape(betas, larger);
  const played = { wristM: new Float64Array(3), poseQuat: bentPose(), confidence: 1, presence: 1 };
  hand.setPose(played);
  assertSkinFollows(hand, keypointsFromPose(larger, played.poseQuat, played.wristM));
});

test("shape values move rest vertices along their directions", () => {
  const mesh = parseHandMesh(document());
  const shaped = shapedVertices(mesh, [0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0]);
  shaped.forEach((x, i) => assert.ok(Math.abs(x - 1.5 * mesh.verticesM[i]!) < 1e-7));
});

test("the four strongest of sixteen weights are kept and add up to one", () => {
  const weights = new Float32Array(16);
  weights.set([0.05, 0.1, 0.2, 0.02, 0.3, 0.33]);
  const { skinIndex, skinWeight } = strongestWeights(weights);
  assert.deepEqual([...skinIndex], [5, 4, 2, 1]);
  [0.33, 0.3, 0.2, 0.1].forEach((w, i) => assert.ok(Math.abs(skinWeight[i]! - w / 0.93) < 1e-6));
});

test("a transparent hand is not drawn at all", () => {
  const hand = new GhostHand(parseHandMesh(document()));
  assert.equal(hand.object.visible, false);
  hand.setOpacity(0.5);
  assert.equal(hand.object.visible, true);
});

test("what is not a mesh says what is wrong", () => {
  const broken: [Uint8Array, RegExp][] = [
    [Uint8Array.of(1, 2), /not a hand mesh/],
    [document({ side: 2n }), /side/],
    [document({ vertices_m: new Uint8Array(13) }), /vertices_m/],
    [document({ faces: bin(Uint16Array.of(0, 1, 21)) }), /faces/],
    [document({ weights: bin(new Float32Array(21 * 16)) }), /no joint moves vertex 0/],
    [document({ weights: bin(new Float32Array(20)) }), /weights has 20 values/],
  ];
  for (const [bytes, message] of broken) {
    assert.throws(
      () => parseHandMesh(bytes),
      (error) => error instanceof MeshError && message.test(error.message),
    );
  }
  const mesh: HandMesh = parseHandMesh(document());
  assert.equal(mesh.side, 1);
});

test("a player's skin goes to every vertex, the forearm's too, and is optional", () => {
  const colours = Uint8Array.from({ length: 21 * 3 }, (_, i) => i);
  const mesh = parseHandMesh(document({ colours }));
  assert.deepEqual(mesh.colors, colours);
  const geometry = skinOf(new GhostHand(mesh)).geometry;
  const skin = geometry.getAttribute("skin");
  assert.equal(skin.count, geometry.getAttribute("position").count);
  assert.ok(skin.normalized);
  assert.deepEqual([...skin.array.slice(0, 63)], [...colours]);
  const plain = new GhostHand(parseHandMesh(document()));
  assert.equal(skinOf(plain).geometry.getAttribute("skin"), undefined);
  assert.deepEqual(plain.material.defines, {});
  assert.throws(() => parseHandMesh(document({ colours: colours.slice(3) })), MeshError);
});
