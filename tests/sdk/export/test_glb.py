"""GLB files as pygltflib and the specification see them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.model.hand.open_hand import open_hand
from tests.sdk.export.conftest import BETAS
from tests.sdk.export.gltf_reader import Viewer

SIDES = ("left", "right")


@pytest.fixture(scope="module")
def viewer(lesson, tmp_path_factory) -> Viewer:
    path = tmp_path_factory.mktemp("glb") / "lesson.glb"
    sdk.export.to_glb(lesson, path)
    return Viewer(path)


def worst_mm(viewer: Viewer, recording: sdk.Recording, poses) -> float:
    """The farthest that any node of a hand that is there is from its keypoint."""
    worst = 0.0
    for t in poses:
        time_s = np.float32(recording.time_s[t] - recording.time_s[0])  # as the file has it
        for side, name in enumerate(SIDES):
            if np.isnan(recording.wrist_m[t, side, 0]):
                continue
            for k, keypoint in enumerate(sdk.KEYPOINT_NAMES):
                at = viewer.world(f"{name}_{keypoint}", time_s)[:3, 3]
                worst = max(worst, np.linalg.norm(at - recording.joints_m[t, side, k]) * 1000)
    return worst


def test_nodes_are_where_the_keypoints_are(viewer, lesson):
    assert worst_mm(viewer, lesson, (0, 9, 19, 40, 49, 52, 123, 200, 299)) < 0.05


def test_between_poses_they_are_in_between(viewer, lesson):
    middle = (lesson.time_s[100] + lesson.time_s[101]) / 2
    for k, keypoint in enumerate(sdk.KEYPOINT_NAMES):
        at = viewer.world(f"right_{keypoint}", middle)[:3, 3]
        expected = lesson.joints_m[100:102, 1, k].mean(axis=0)
        # A straight line is off by the bow of the arc: a few tenths of a millimetre here.
        assert np.linalg.norm(at - expected) < 1e-3


def test_rotations_are_exact_to_a_hundredth_of_a_degree(viewer, lesson):
    for joint, name in enumerate(sdk.JOINT_NAMES):
        found = viewer.array(viewer.channels[f"right_{name}", "rotation"].output)
        given = lesson.pose_quat[:, 1, joint]
        given = given[np.isfinite(given[:, 0])].astype(float)
        lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(given, axis=1)
        degrees = 2 * np.degrees(np.arccos(np.clip(np.abs((found * given).sum(1)) / lengths, 0, 1)))
        assert degrees.max() < 0.01
        assert (np.sum(found[1:] * found[:-1], axis=1) > 0).all()  # neighbours on the short way


def test_absent_hands_have_no_size(viewer, lesson):
    for side, name in enumerate(SIDES):
        for t, time_s in enumerate(lesson.time_s):
            shown = viewer.sample(f"{name}_hand", "scale", time_s + 1e-6)
            there = np.isfinite(lesson.wrist_m[t, side, 0])
            np.testing.assert_array_equal(shown, [float(there)] * 3)
    assert np.ptp(viewer.skinned("left_mesh", lesson.time_s[30]), axis=0).max() == 0
    assert viewer.channels["left_hand", "scale"].interpolation == "STEP"


@pytest.mark.parametrize("side", sdk.Side)
def test_the_mesh_is_the_persons_hand(viewer, lesson, side):
    t = 150
    expected = open_hand(side).vertices(BETAS, lesson.pose_quat[t, side], lesson.wrist_m[t, side])
    # The person's own betas are not in the recording: the shape is found from the rest joints.
    found = viewer.skinned(f"{SIDES[side]}_mesh", lesson.time_s[t])
    off_mm = np.linalg.norm(found - expected, axis=1) * 1000
    assert np.median(off_mm) < 1.5
    assert off_mm.max() < 5


def test_known_betas_give_the_very_mesh(lesson, tmp_path):
    same = sdk.Recording.from_arrays(
        lesson.time_s, pose_quat=lesson.pose_quat, wrist_m=lesson.wrist_m
    )
    sdk.export.to_glb(same, tmp_path / "a.glb")
    found = Viewer(tmp_path / "a.glb").skinned("right_mesh", same.time_s[150])
    expected = open_hand(1).vertices(np.zeros(10), same.pose_quat[150, 1], same.wrist_m[150, 1])
    # A vertex in thirty has a fifth joint, of a weight of at most 0.0023.
    assert np.linalg.norm(found - expected, axis=1).max() < 2e-4


def test_bones_that_change_their_length(stretching, tmp_path):
    sdk.export.to_glb(stretching, tmp_path / "a.glb")
    viewer = Viewer(tmp_path / "a.glb")
    assert worst_mm(viewer, stretching, (0, 50, 119)) < 0.05
    assert ("left_index4", "translation") in viewer.channels


def test_keypoints_that_a_tracker_measured(measured, tmp_path):
    sdk.export.to_glb(measured, tmp_path / "a.glb")
    viewer = Viewer(tmp_path / "a.glb")
    assert worst_mm(viewer, measured, (0, 100, len(measured) - 1)) < 0.05
    assert "left_hand" not in viewer.names  # never seen
    mesh = viewer.skinned("right_mesh", measured.time_s[100] - measured.time_s[0])
    tips = measured.joints_m[100, 1, [8, 12, 16, 20]]
    distances = np.linalg.norm(mesh[:, None] - tips, axis=-1).min(axis=0)
    assert (distances < 0.015).all()  # the mesh's fingers end where the tracker's do


def test_the_container_keeps_the_rules(lesson, tmp_path):
    """glTF 2.0: 3.6.2.4 alignment, 3.6.2.5 bounds, 4.4 chunks, 3.11 samplers."""
    path = tmp_path / "a.glb"
    sdk.export.to_glb(lesson, path)
    data = path.read_bytes()
    magic, version, length, json_size, json_type = struct.unpack_from("<4sIII4s", data)
    assert (magic, version, length, json_type) == (b"glTF", 2, len(data), b"JSON")
    binary_size, binary_type = struct.unpack_from("<I4s", data, 20 + json_size)
    assert (json_size % 4, binary_size % 4, binary_type) == (0, 0, b"BIN\0")
    assert 28 + json_size + binary_size == len(data)
    viewer = Viewer(path)
    gltf = viewer.gltf
    assert gltf.buffers[0].byteLength <= binary_size
    for k, accessor in enumerate(gltf.accessors):
        view = gltf.bufferViews[accessor.bufferView]
        values = viewer.array(k)
        assert view.byteOffset % 4 == 0
        assert view.byteStride is None
        assert view.byteOffset + view.byteLength <= gltf.buffers[0].byteLength
        assert values.shape[0] == accessor.count
        assert np.isfinite(values).all()
        if accessor.min:
            np.testing.assert_array_equal(values.min(axis=0), np.float32(accessor.min))
            np.testing.assert_array_equal(values.max(axis=0), np.float32(accessor.max))
    for sampler in gltf.animations[0].samplers:
        times = viewer.array(sampler.input)[:, 0]
        assert gltf.accessors[sampler.input].min == [times[0]]
        assert times[0] >= 0
        assert (np.diff(times) > 0).all()
        assert gltf.accessors[sampler.output].count == len(times)
    for mesh in gltf.meshes:
        primitive = mesh.primitives[0]
        assert gltf.accessors[primitive.attributes.POSITION].min
        weights = viewer.array(primitive.attributes.WEIGHTS_0)
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-12)
        assert (viewer.array(primitive.attributes.JOINTS_0)[weights == 0] == 0).all()
        normals = viewer.array(primitive.attributes.NORMAL)
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)
        count = gltf.accessors[primitive.attributes.POSITION].count
        assert viewer.array(primitive.indices).max() == count - 1
    for node in gltf.nodes:
        if node.rotation is not None:
            assert np.linalg.norm(node.rotation) == pytest.approx(1, abs=1e-6)


def test_a_minute_of_both_hands_is_small(lesson, tmp_path: Path):
    sdk.export.to_glb(lesson, tmp_path / "a.glb")
    whole = (tmp_path / "a.glb").stat().st_size
    sdk.export.to_glb(lesson.slice(0, 1), tmp_path / "b.glb")
    second = (whole - (tmp_path / "b.glb").stat().st_size) / 4
    assert 60 * second < 2.1e6
