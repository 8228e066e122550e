"""MANO files in the official layout, with made-up contents that the tests write themselves."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from bridge.errors import InputError, ModelError
from bridge.model.hand import HandFitter, SkinnedHand, mano_folder, mano_hand, open_hand
from bridge.model.hand.layer import mano_layer
from bridge.model.hand.mano import FINGERTIP_VERTICES, MANO_VARIABLE
from bridge.protocol.joints import FINGERTIPS, JOINT_PARENTS, KEYPOINT_OF_JOINT, Side
from bridge.protocol.kinematics import keypoints_from_pose
from tests.model.hand.mano_file import mano_arrays, mano_bytes, official, python2_pickle

IDENTITY = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))
MIRROR = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both hands; the left one has its own shape blend shapes, so no fault."""
    path = tmp_path_factory.mktemp("mano")
    for side in Side:
        (path / f"MANO_{side.name}.pkl").write_bytes(mano_bytes(side, seed=int(side)))
    return path


@pytest.fixture(params=list(Side), ids=lambda side: side.name.lower())
def hand(request: pytest.FixtureRequest, folder: Path) -> SkinnedHand:
    return mano_hand(folder, request.param)


def random_pose(rng: np.random.Generator, *lead: int) -> np.ndarray:
    rotvecs = rng.normal(0, 0.5, (*lead, 16, 3))
    return Rotation.from_rotvec(rotvecs.reshape(-1, 3)).as_quat().reshape(*lead, 16, 4)


def manos_own_equations(
    arrays: dict[str, np.ndarray], betas: np.ndarray, rotvecs: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Romero et al. 2017, eq. 1-4, joint by joint, in the file's own frame: mesh and joints."""
    shaped = arrays["v_template"] + arrays["shapedirs"] @ betas
    joints = arrays["J_regressor"] @ shaped
    turns = Rotation.from_rotvec(rotvecs).as_matrix()
    posed = shaped + arrays["posedirs"] @ (turns[1:] - np.eye(3)).ravel()
    chain = [np.eye(4) for _ in range(16)]
    for j in range(16):
        parent = JOINT_PARENTS[j]
        step = np.eye(4)
        step[:3, :3] = turns[j]
        step[:3, 3] = joints[j] - (joints[parent] if j else 0)
        chain[j] = chain[parent] @ step if j else step
    mesh = np.zeros_like(posed)
    for v in range(len(mesh)):
        for j in np.flatnonzero(arrays["weights"][v]):
            carried = chain[j][:3, :3] @ (posed[v] - joints[j]) + chain[j][:3, 3]
            mesh[v] += arrays["weights"][v, j] * carried
    return mesh, np.array([one[:3, 3] for one in chain])


def test_it_poses_as_manos_own_equations_do(hand: SkinnedHand, rng) -> None:
    arrays = mano_arrays(hand.side, seed=int(hand.side))
    betas, rotvecs = rng.normal(size=10), rng.normal(0, 0.5, (16, 3))
    mesh, joints = manos_own_equations(arrays, betas, rotvecs)
    quat = Rotation.from_rotvec(rotvecs).as_quat()
    wrist = hand.origin_m(betas)
    np.testing.assert_allclose(joints[0], wrist, atol=1e-12)
    np.testing.assert_allclose(hand.vertices(betas, quat, wrist), mesh, atol=1e-8)
    np.testing.assert_allclose(hand.joints(betas, quat, wrist), joints, atol=1e-9)
    keypoints = hand.keypoints(betas, quat, wrist)
    np.testing.assert_allclose(keypoints[list(KEYPOINT_OF_JOINT)], joints, atol=1e-9)
    tips = mesh[[744, 320, 443, 554, 671]]
    np.testing.assert_allclose(keypoints[list(FINGERTIPS)], tips, atol=1e-8)


def test_at_rest_the_wrist_is_at_the_origin_for_every_shape(hand: SkinnedHand, rng) -> None:
    betas = rng.normal(size=(5, 10))
    assert np.abs(hand.rest_keypoints(betas)[:, 0]).max() < 1e-15
    posed = hand.vertices(betas, IDENTITY, np.zeros(3))
    np.testing.assert_allclose(posed, hand.rest_vertices(betas), atol=1e-12)
    assert hand.weights.shape == (778, 16)
    assert hand.faces.shape == (1538, 3)


def test_the_torch_layer_is_the_numpy_hand(hand: SkinnedHand, folder: Path, rng) -> None:
    layer = mano_layer(folder, hand.side)
    betas, quat, wrist = rng.normal(size=(4, 10)), random_pose(rng, 4), rng.normal(size=(4, 3))
    matrices = Rotation.from_quat(quat.reshape(-1, 4)).as_matrix().reshape(4, 16, 3, 3)
    mesh = layer(*(torch.tensor(a, dtype=torch.float32) for a in (betas, matrices, wrist)))
    for mine, theirs in (
        (mesh.vertices, hand.vertices(betas, quat, wrist)),
        (mesh.joints, hand.joints(betas, quat, wrist)),
        (mesh.keypoints, hand.keypoints(betas, quat, wrist)),
    ):
        np.testing.assert_allclose(mine.numpy(), theirs, atol=2e-6)
    assert layer.n_vertices == 778
    rigid = keypoints_from_pose(hand.rest_keypoints(betas), quat, wrist)
    assert np.abs(rigid - mesh.keypoints.numpy()).max() > 1e-4, "tips are vertices, not rigid"


def test_it_needs_no_chumpy_and_leaves_no_trace(folder: Path) -> None:
    import sys

    mano_hand(folder, Side.RIGHT)
    assert not [name for name in sys.modules if name.startswith("chumpy")]


def test_faces_are_outward(folder: Path) -> None:
    """Whichever way round the file has them, and its two hands are each other's mirror images."""
    for side in Side:
        hand = mano_hand(folder, side)
        mesh = hand.rest_vertices(np.zeros(10))
        a, b, c = (mesh - mesh.mean(0))[hand.faces].swapaxes(0, 1)
        assert np.einsum("ij,ij->", a, np.cross(b, c)) > 0


def test_flexion_axes_are_the_open_hands_carried_over(folder: Path, tmp_path: Path) -> None:
    for side in Side:
        hand, ours = mano_hand(folder, side), open_hand(side)
        inner = [j for j in range(1, 16) if j % 3]
        np.testing.assert_allclose(hand.flexion_axes[inner], ours.flexion_axes[inner], atol=1e-6)
        np.testing.assert_allclose(np.linalg.norm(hand.flexion_axes[1:], axis=1), 1)
        np.testing.assert_array_equal(hand.flexion_axes[0], 0)
        # A last joint's bone ends in a vertex at the fingertip, not in its middle.
        assert ((hand.flexion_axes * ours.flexion_axes).sum(1)[1:] > 0.8).all()
    # A rest pose whose whole hand is turned has its axes turned with it.
    arrays = mano_arrays(Side.RIGHT, seed=1)
    turn = Rotation.from_rotvec([0.2, -0.3, 0.4])
    turned = tmp_path / "MANO_RIGHT.pkl"
    arrays["v_template"] = turn.apply(arrays["v_template"])
    turned.write_bytes(python2_pickle(official(arrays)))
    expected = turn.apply(mano_hand(folder, Side.RIGHT).flexion_axes.copy())
    np.testing.assert_allclose(mano_hand(turned, Side.RIGHT).flexion_axes, expected, atol=1e-9)


def test_the_fitter_takes_it(folder: Path, rng) -> None:
    hand = mano_hand(folder, Side.RIGHT)
    quat = IDENTITY.copy()
    quat[1:] = Rotation.from_rotvec(0.3 * hand.flexion_axes[1:]).as_quat()
    wrist = np.array([0.1, 0.2, -0.5])
    keypoints = keypoints_from_pose(hand.rest_keypoints(np.zeros(10)), quat, wrist)
    pose = HandFitter(hand).fit(keypoints, np.ones(21))
    assert pose is not None
    found = keypoints_from_pose(hand.rest_keypoints(pose.betas), pose.pose_quat, pose.wrist_m)
    assert np.linalg.norm(found - keypoints, axis=1).mean() < 2e-3


@pytest.mark.parametrize("fingertips", ["smplx", "manopth", "freihand"])
def test_fingertips_are_chosen_by_name(folder: Path, fingertips) -> None:
    for side in Side:
        hand = mano_hand(folder, side, fingertips=fingertips)
        vertices = FINGERTIP_VERTICES[fingertips, side]
        assert hand.fingertip_vertices == vertices
        rest = hand.rest_vertices(np.ones(10))[list(vertices)]
        np.testing.assert_allclose(hand.rest_keypoints(np.ones(10))[list(FINGERTIPS)], rest)


def test_manopths_middle_fingertip_differs_between_the_hands() -> None:
    assert FINGERTIP_VERTICES["manopth", Side.LEFT][2] == 445
    assert FINGERTIP_VERTICES["manopth", Side.RIGHT][2] == 444


def test_unknown_fingertips_are_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="smplx, manopth, freihand"):
        mano_hand(folder, Side.RIGHT, fingertips="toes")


class TestTheLeftHandsFault:
    """The official left hand has the right hand's x components."""

    @pytest.fixture
    def faulty(self, tmp_path: Path) -> Path:
        dirs = mano_arrays(Side.RIGHT)["shapedirs"]
        for side in Side:
            content = mano_bytes(side, shapedirs=dirs)
            (tmp_path / f"MANO_{side.name}.pkl").write_bytes(content)
        return tmp_path

    def test_it_is_found_and_mended_beside_the_right_hand(self, faulty: Path) -> None:
        left, right = (mano_hand(faulty, side) for side in Side)
        both = left.rest_vertices(np.ones(10)) - left.rest_vertices(np.zeros(10))
        # The fixture's hands have the same vertices mirrored, so changes must mirror too.
        mirrored = (right.rest_vertices(np.ones(10)) - right.rest_vertices(np.zeros(10))) * MIRROR
        np.testing.assert_allclose(both, mirrored, atol=1e-9)

    def test_it_is_left_alone_where_labels_need_it(self, faulty: Path) -> None:
        raw, mended = (
            mano_hand(faulty, Side.LEFT, fix_left_shapedirs=fix).shape_dirs for fix in (False, None)
        )
        np.testing.assert_allclose(raw[:, 0], -mended[:, 0])
        np.testing.assert_allclose(raw[:, 1:], mended[:, 1:])

    def test_without_the_right_hand_it_must_be_said(self, faulty: Path) -> None:
        expected = mano_hand(faulty, Side.LEFT).shape_dirs
        (faulty / "MANO_RIGHT.pkl").unlink()
        with pytest.raises(InputError, match="fix_left_shapedirs to True or False"):
            mano_hand(faulty, Side.LEFT)
        mended = mano_hand(faulty, Side.LEFT, fix_left_shapedirs=True).shape_dirs
        np.testing.assert_array_equal(mended, expected)

    def test_a_mended_file_stays_as_it_is(self, folder: Path) -> None:
        auto, raw = (
            mano_hand(folder, Side.LEFT, fix_left_shapedirs=fix).shape_dirs for fix in (None, False)
        )
        np.testing.assert_array_equal(auto, raw)

    def test_the_right_hand_is_never_changed(self, faulty: Path) -> None:
        plain, asked = (
            mano_hand(faulty, Side.RIGHT, fix_left_shapedirs=fix).shape_dirs for fix in (None, True)
        )
        np.testing.assert_array_equal(plain, asked)


def bad(name: str, place: tuple[int, ...], value: float) -> dict[str, np.ndarray]:
    array = np.array(mano_arrays(Side.RIGHT)[name])
    array[place] = value
    return {name: array}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"v_template": np.zeros((779, 3))}, r"v_template has shape \(779, 3\), not \(778, 3\)"),
        ({"hands_mean": np.zeros(48)}, r"hands_mean has shape"),
        ({"shapedirs": np.zeros((778, 3, 20))}, "shapedirs has shape"),
        (bad("posedirs", (5, 1, 7), np.nan), "posedirs has numbers that are not finite"),
        (bad("v_template", (5, 1), np.inf), "v_template has numbers that are not finite"),
        (bad("f", (3, 1), 778), "f names vertices that are not there"),
        ({"f": np.zeros((1538, 3))}, "f has no whole numbers"),
        (bad("kintree_table", (0, 5), 0), "kintree_table has other joints"),
        (bad("weights", (9, 0), 3), "a row of weights does not sum to 1"),
        (bad("J_regressor", (4, 7), 2), "a row of J_regressor does not sum to 1"),
        ({"hands_components": np.zeros((45, 45))}, "components of a pose space"),
        ({"v_template": 1000 * mano_arrays(Side.RIGHT)["v_template"]}, "its palm is 91"),
        ({"v_template": MIRROR * mano_arrays(Side.RIGHT)["v_template"]}, "it is a left hand"),
        ({"weights": "none"}, "weights is not an array"),
        ({"weights": {"x": 3}}, "weights is not an array"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, changed, message) -> None:
    file = tmp_path / "MANO_RIGHT.pkl"
    file.write_bytes(mano_bytes(Side.RIGHT, **changed))
    with pytest.raises(ModelError, match=message) as caught:
        mano_hand(file, Side.RIGHT)
    assert str(file) in str(caught.value)
    assert "https://mano.is.tue.mpg.de" in str(caught.value)


def test_a_missing_array_is_named(tmp_path: Path) -> None:
    content = official(mano_arrays(Side.RIGHT))
    del content["posedirs"]
    file = tmp_path / "MANO_RIGHT.pkl"
    file.write_bytes(python2_pickle(content))
    with pytest.raises(ModelError, match="it has no posedirs"):
        mano_hand(tmp_path, Side.RIGHT)


class Evil:
    def __reduce__(self):
        return os.system, ("touch trace",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({"v_template": Evil()}, protocol=2), "it asks for 'posix.system'"),
        (pickle.dumps(Evil(), protocol=4), "it asks for 'posix.system'"),
        (pickle.dumps([1, 2], protocol=2), "no named arrays"),
        (pickle.dumps({}, protocol=2), "it has no v_template"),
        (b"version https://git-lfs.github.com/spec/v1\n", "damaged or no pickle"),
        (b"<!DOCTYPE html><html>", "damaged or no pickle"),
        (b"", "damaged or no pickle"),
        (b"PK\x03\x04", "damaged or no pickle"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, monkeypatch, content, message) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "MANO_RIGHT.pkl").write_bytes(content)
    with pytest.raises(ModelError, match=message):
        mano_hand(tmp_path, Side.RIGHT)
    assert not (tmp_path / "trace").exists()


def test_cut_or_joined_files_are_refused(tmp_path: Path) -> None:
    whole = mano_bytes(Side.RIGHT)
    file = tmp_path / "MANO_RIGHT.pkl"
    for content in (whole[:-1], whole[: len(whole) // 2], whole[:1000], whole + b"\n"):
        file.write_bytes(content)
        with pytest.raises(ModelError, match=r"damaged|goes on after its end"):
            mano_hand(file, Side.RIGHT)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "MANO_RIGHT.pkl"
    with file.open("wb") as opened:
        opened.truncate(2**40)
    with pytest.raises(ModelError, match="more than 32 MiB"):
        mano_hand(file, Side.RIGHT)


def test_the_folder_is_given_or_in_the_environment(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv(MANO_VARIABLE, raising=False)
    with pytest.raises(InputError, match=MANO_VARIABLE):
        mano_folder()
    monkeypatch.setenv(MANO_VARIABLE, str(tmp_path))
    assert mano_folder() == tmp_path
    assert mano_folder(tmp_path / "..") == tmp_path / ".."
    with pytest.raises(InputError, match="is not a folder"):
        mano_folder(tmp_path / "none")
    with pytest.raises(InputError, match=r"no MANO_LEFT\.pkl in"):
        mano_hand(mano_folder(), Side.LEFT)
    with pytest.raises(InputError, match="no MANO file at"):
        mano_hand(tmp_path / "none.pkl", Side.LEFT)


def test_the_downloads_own_folders_do(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "models").symlink_to(folder)
    there = mano_hand(tmp_path, Side.RIGHT)
    np.testing.assert_array_equal(there.weights, mano_hand(folder, Side.RIGHT).weights)


def test_an_unreadable_file_is_an_input_error(folder: Path, monkeypatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match="Permission denied"):
        mano_hand(folder, Side.RIGHT)
