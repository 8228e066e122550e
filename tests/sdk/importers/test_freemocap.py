"""FreeMoCap's arrays, as it writes them."""

from __future__ import annotations

import numpy as np
import pytest

import sdk_python as sdk
from tests.sdk.made_hands import moving

COUNT = 10
LEFT, RIGHT = "mediapipe_left_hand_3d_xyz.npy", "mediapipe_right_hand_3d_xyz.npy"


@pytest.fixture(scope="module")
def hands() -> np.ndarray:
    return moving(COUNT)["joints"]


@pytest.fixture
def folder(hands, tmp_path):
    output = tmp_path / "output_data"
    output.mkdir()
    for side, name in enumerate((LEFT, RIGHT)):
        x, y, z = np.moveaxis(hands[:, side], -1, 0)
        np.save(output / name, np.stack([x, -z, y], axis=-1) * 1000)
    return tmp_path


def test_millimetres_with_z_up_become_metres_with_y_up(hands, folder):
    for path in (folder, folder / "output_data"):
        found = sdk.from_freemocap(path, rate_hz=30, recorded_by="Clara")
        np.testing.assert_allclose(found.joints_m, hands, atol=1e-6)
        np.testing.assert_allclose(found.time_s, np.arange(COUNT) / 30, atol=1e-9)
        assert (found.metadata.source, found.metadata.recorded_by) == ("freemocap", "Clara")


def test_one_hand(hands, folder):
    found = sdk.from_freemocap(folder / "output_data" / RIGHT, rate_hz=30)
    np.testing.assert_allclose(found.joints_m[:, 1], hands[:, 1], atol=1e-6)
    assert np.isnan(found.joints_m[:, 0]).all()
    (folder / "output_data" / LEFT).unlink()
    np.testing.assert_array_equal(sdk.from_freemocap(folder, rate_hz=30).joints_m, found.joints_m)


def test_names_of_older_versions(hands, folder):
    output = folder / "output_data"
    for side, name in (("left", LEFT), ("right", RIGHT)):
        (output / name).rename(output / f"mediapipe_{side}_hand_{side}_hand.npy")
    np.testing.assert_allclose(sdk.from_freemocap(folder, rate_hz=30).joints_m, hands, atol=1e-6)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not an array of NumPy"),
        (b"PK\x03\x04", "is not an array of NumPy"),
        (b"\x93NUMPY\x01\x00v\x00{'descr': '<f8'", "is not an array of NumPy"),
        (np.zeros((3, 33, 3)), r"must have shape \(frames, 21, 3\)"),
        (np.zeros((0, 21, 3)), r"must have shape"),
        (np.zeros((3, 21, 3), complex), "real numbers"),
        (np.array([{"a": 1}]), "is not an array of NumPy"),
        (np.full((3, 21, 3), np.nan), "all landmarks are NaN"),
        (np.full((3, 21, 3), np.inf), "holds no hands|infinite"),
        (np.random.default_rng(0).normal(size=(3, 21, 3)), "not in the unit"),
    ],
)
def test_what_is_none_is_one_clear_error(tmp_path, data, words):
    path = tmp_path / RIGHT
    if isinstance(data, bytes):
        path.write_bytes(data)
    else:
        np.save(path, data, allow_pickle=True)
    with pytest.raises(sdk.RecordingError, match=words):
        sdk.from_freemocap(path, rate_hz=30)


def test_a_header_that_asks_for_all_memory(tmp_path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000, 21, 3), }"
    path = tmp_path / RIGHT
    path.write_bytes(
        b"\x93NUMPY\x01\x00" + (len(header) + 1).to_bytes(2, "little") + header + b"\n"
    )
    with pytest.raises(sdk.RecordingError, match="is not an array of NumPy"):
        sdk.from_freemocap(path, rate_hz=30)


def test_what_is_missing(tmp_path, folder, hands):
    with pytest.raises(sdk.RecordingError, match="has no mediapipe_right_hand"):
        sdk.from_freemocap(tmp_path / "none", rate_hz=30)
    with pytest.raises(sdk.InputError, match="rate_hz"):
        sdk.from_freemocap(folder, rate_hz=0)
    np.save(folder / "output_data" / LEFT, hands[:4, 0] * 1000)
    with pytest.raises(sdk.RecordingError, match="must be as many"):
        sdk.from_freemocap(folder, rate_hz=30)
    np.save(tmp_path / "hand.npy", hands[:, 0])
    with pytest.raises(sdk.RecordingError, match="left or right in its name"):
        sdk.from_freemocap(tmp_path / "hand.npy", rate_hz=30)
