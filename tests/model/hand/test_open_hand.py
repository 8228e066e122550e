"""The open hand's data and its skinning, against what can be said without it."""

from __future__ import annotations

from importlib.resources import files

import msgpack
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.errors import InputError, ModelError
from bridge.model.hand import OpenHand, mesh_document, open_hand
from bridge.protocol.joints import FINGERTIPS, KEYPOINT_OF_JOINT, Side
from bridge.protocol.kinematics import keypoints_from_pose

IDENTITY = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))
MIRROR = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(params=list(Side), ids=lambda side: side.name.lower())
def hand(request: pytest.FixtureRequest) -> OpenHand:
    return open_hand(request.param)


def random_pose(rng: np.random.Generator) -> np.ndarray:
    return Rotation.from_rotvec(rng.normal(0, 0.5, (16, 3))).as_quat(canonical=True)


def test_the_rest_frame_is_manos(hand: OpenHand):
    rest = hand.rest_keypoints(np.zeros(10))
    forward = -1 if hand.side is Side.RIGHT else 1
    np.testing.assert_array_equal(rest[0], 0)
    fingers = rest[[8, 12, 16, 20]] - rest[[5, 9, 13, 17]]
    assert (fingers[:, 0] * forward > 0.8 * np.linalg.norm(fingers, axis=1)).all()
    assert abs(rest[9, 1]) < 1e-6
    assert abs(rest[9, 2]) < 1e-6
    assert rest[5, 2] > rest[17, 2] + 0.04, "index and thumb are at +Z"
    assert rest[2, 2] > rest[5, 2]
    # The fingernails are up, the palm below: the mesh reaches further down under the wrist's bones.
    palm = hand.vertices(np.zeros(10), IDENTITY, np.zeros(3))[hand.weights[:, 0] > 0.99]
    assert palm[:, 1].min() < -0.015
    assert palm[:, 1].max() > 0.01


def test_lengths_are_those_of_a_grown_hand(hand: OpenHand):
    mesh = hand.rest_vertices(np.zeros(10))
    assert np.abs(mesh[:, 0]).max() == pytest.approx(0.187, abs=1e-6)
    rest = hand.rest_keypoints(np.zeros(10))
    for base in (5, 9, 13, 17):
        first, second, third = np.linalg.norm(np.diff(rest[base : base + 4], axis=0), axis=1)
        assert 1.5 < first / second < 1.9
        assert 0.7 < third / second < 1.3


def test_fingertips_lie_inside_the_ends_of_the_fingers(hand: OpenHand):
    mesh, rest = hand.rest_vertices(np.zeros(10)), hand.rest_keypoints(np.zeros(10))
    for tip in FINGERTIPS:
        joint = KEYPOINT_OF_JOINT.index(tip - 1)
        axis = rest[tip] - rest[tip - 1]
        axis /= np.linalg.norm(axis)
        finger = mesh[hand.weights[:, joint] > 0.9]
        to_end = ((finger - rest[tip]) @ axis).max()
        assert 0.0005 < to_end < 0.006


def test_weights_share_each_vertex_fully(hand: OpenHand):
    assert hand.weights.shape == (1609, 16)
    assert (hand.weights >= 0).all()
    np.testing.assert_allclose(hand.weights.sum(1), 1, atol=1e-12)
    assert (hand.weights.max(0) > 0.9).all(), "every joint carries some vertices alone"


def test_the_mesh_is_outward_and_open_only_at_the_wrist(hand: OpenHand):
    mesh, faces = hand.rest_vertices(np.zeros(10)), hand.faces
    a, b, c = mesh[faces].swapaxes(0, 1)
    assert np.einsum("ij,ij->", a, np.cross(b, c)) / 6 > 2e-4, "volume, cubic metres"
    directed = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    assert len(np.unique(directed, axis=0)) == len(directed)
    undirected, count = np.unique(np.sort(directed, 1), axis=0, return_counts=True)
    rim = mesh[np.unique(undirected[count == 1])]
    assert np.abs(rim[:, 0]).max() < 0.015


def test_rest_pose_is_the_template(hand: OpenHand):
    betas = np.linspace(-1, 1, 10)
    posed = hand.vertices(betas, IDENTITY, np.zeros(3))
    np.testing.assert_allclose(posed, hand.rest_vertices(betas), atol=1e-15)


def test_a_rigid_motion_of_the_wrist_moves_the_mesh_rigidly(hand: OpenHand, rng):
    betas, pose, wrist = rng.normal(size=10), random_pose(rng), rng.normal(size=3)
    before = hand.vertices(betas, pose, wrist)
    turn, shift = Rotation.random(random_state=rng), rng.normal(size=3)
    turned = pose.copy()
    turned[0] = (turn * Rotation.from_quat(pose[0])).as_quat()
    after = hand.vertices(betas, turned, turn.apply(wrist) + shift)
    np.testing.assert_allclose(after, turn.apply(before) + shift, atol=1e-12)


def test_a_vertex_of_one_joint_moves_rigidly_with_it(hand: OpenHand, rng):
    betas, pose = rng.normal(size=10), random_pose(rng)
    posed = hand.vertices(betas, pose, np.zeros(3))
    rest, joints = hand.rest_vertices(betas), hand.joints(betas, pose, np.zeros(3))
    rest_joints = hand.rest_keypoints(betas)[list(KEYPOINT_OF_JOINT)]
    chain = Rotation.from_quat(pose[0])
    for joint in (1, 2, 3):
        chain = chain * Rotation.from_quat(pose[joint])
        alone = hand.weights[:, joint] == 1
        assert alone.any()
        expected = chain.apply(rest[alone] - rest_joints[joint]) + joints[joint]
        np.testing.assert_allclose(posed[alone], expected, atol=1e-12)


def test_keypoints_are_the_kinematics_of_the_protocol(hand: OpenHand, rng):
    betas, pose, wrist = rng.normal(size=10), random_pose(rng), rng.normal(size=3)
    expected = keypoints_from_pose(hand.rest_keypoints(betas), pose, wrist)
    np.testing.assert_array_equal(hand.keypoints(betas, pose, wrist), expected)
    joints = hand.joints(betas, pose, wrist)
    np.testing.assert_array_equal(joints, expected[list(KEYPOINT_OF_JOINT)])


def test_leading_axes_broadcast(hand: OpenHand, rng):
    betas, wrist = rng.normal(size=10), rng.normal(size=(4, 3))
    poses = np.stack([random_pose(rng) for _ in range(4)])
    together = hand.vertices(betas, poses, wrist)
    alone = [hand.vertices(betas, p, w) for p, w in zip(poses, wrist, strict=True)]
    np.testing.assert_allclose(together, alone, atol=1e-14)


def test_left_is_the_mirror_image_of_right(rng):
    left, right = open_hand(Side.LEFT), open_hand(Side.RIGHT)
    betas, pose, wrist = rng.normal(size=10), random_pose(rng), rng.normal(size=3)
    mirrored = pose * [1, -1, -1, 1]
    there = right.vertices(betas, pose, wrist) * MIRROR
    np.testing.assert_allclose(left.vertices(betas, mirrored, wrist * MIRROR), there, atol=1e-12)
    np.testing.assert_array_equal(left.flexion_axes[1:], right.flexion_axes[1:] * [1, -1, -1])
    np.testing.assert_array_equal(left.faces[:, ::-1], right.faces)


def test_flexion_closes_the_hand(hand: OpenHand):
    rest = hand.rest_keypoints(np.zeros(10))
    pose = IDENTITY.copy()
    pose[1:] = Rotation.from_rotvec(1.4 * hand.flexion_axes[1:]).as_quat()
    closed = hand.keypoints(np.zeros(10), pose, np.zeros(3))
    for knuckle in (5, 9, 13, 17):
        tip = knuckle + 3
        assert np.linalg.norm(closed[tip] - rest[knuckle]) < 0.045, "the tip comes back"
        assert closed[tip, 1] < rest[knuckle, 1] - 0.015, "on the palm's side"
    assert closed[4, 2] < rest[4, 2] - 0.05, "the thumb crosses the palm"


def test_betas_are_standard_deviations_of_size_and_never_pose(hand: OpenHand):
    rest = hand.rest_keypoints(np.zeros(10))
    for k in range(10):
        changed = hand.rest_keypoints(np.eye(10)[k])
        moved = np.linalg.norm(changed - rest, axis=1)
        assert 2e-4 < moved.max() < 0.02
        for base in range(1, 21, 4):
            bones = np.diff(rest[base : base + 4], axis=0)
            others = np.diff(changed[base : base + 4], axis=0)
            cosines = (bones * others).sum(1) / (
                np.linalg.norm(bones, axis=1) * np.linalg.norm(others, axis=1)
            )
            assert (cosines > 1 - 1e-6).all()
    dirs = (hand.rest_keypoints(np.eye(10)) - rest).reshape(10, -1)
    assert np.linalg.cond(dirs) < 100
    assert np.linalg.norm(hand.rest_keypoints(np.eye(10)[0])[12]) > np.linalg.norm(rest[12]) + 0.01


def test_the_model_cannot_be_changed_by_its_users(hand: OpenHand):
    with pytest.raises(ValueError, match="read-only"):
        hand.weights[0, 0] = 1
    assert open_hand(hand.side) is hand


def test_wrong_shapes_are_refused(hand: OpenHand):
    with pytest.raises(InputError, match="betas"):
        hand.rest_keypoints(np.zeros(9))
    with pytest.raises(InputError, match="pose"):
        hand.keypoints(np.zeros(10), np.zeros((21, 4)), np.zeros(3))


def test_a_missing_or_damaged_file_is_a_model_error(tmp_path, monkeypatch):
    whole = (files("bridge.model.hand") / "data" / "open_hand_left.npz").read_bytes()
    monkeypatch.setattr("importlib.resources.files", lambda _: tmp_path)
    with pytest.raises(ModelError, match=r"open_hand_left\.npz"):
        OpenHand(Side.LEFT)
    (tmp_path / "data").mkdir()
    middle = len(whole) // 2
    scrambled = whole[:middle] + bytes(64) + whole[middle + 64 :]
    for damaged in (b"", b"no archive", whole[:middle], scrambled):
        (tmp_path / "data" / "open_hand_left.npz").write_bytes(damaged)
        with pytest.raises(ModelError, match="reinstall"):
            OpenHand(Side.LEFT)


def test_the_mesh_document_skins_to_the_same_mesh(hand: OpenHand, rng):
    document = msgpack.unpackb(msgpack.packb(mesh_document(hand.side)))
    assert document["side"] == hand.side
    vertices = np.frombuffer(document["vertices_m"], "<f4").reshape(-1, 3)
    dirs = np.frombuffer(document["shape_dirs_m"], "<f4").reshape(-1, 3, 10)
    weights = np.frombuffer(document["weights"], "<f4").reshape(-1, 16)
    faces = np.frombuffer(document["faces"], "<u2").reshape(-1, 3)
    joints = np.frombuffer(document["rest_joints_m"], "<f4").reshape(21, 3)
    betas = rng.normal(size=10)
    np.testing.assert_allclose(vertices + dirs @ betas, hand.rest_vertices(betas), atol=1e-7)
    np.testing.assert_allclose(weights, hand.weights, atol=1e-6)
    np.testing.assert_array_equal(faces, hand.faces)
    np.testing.assert_allclose(joints, hand.rest_keypoints(np.zeros(10)), atol=1e-7)


def test_open_hand_takes_plain_numbers():
    assert open_hand(1).side is Side.RIGHT
