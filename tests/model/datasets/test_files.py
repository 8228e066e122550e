from __future__ import annotations

import contextlib
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InputError, ModelError
from bridge.model.datasets.files import (
    image_fault,
    inside,
    number_rows,
    numbers,
    read_arrays,
    read_image,
    read_json,
)
from bridge.model.datasets.text_pickle import binary_pickle
from bridge.model.hand.inert_pickle import read_pickle
from bridge.model.hand.pickled_arrays import ARRAY_NAMES, array_of


@pytest.mark.parametrize(
    "name", ["../x", "a/../b", "/etc/passwd", "", "a//b", "c:/x", "..\\x", "a\0b", "./a", 3, None]
)
def test_paths_stay_inside(tmp_path: Path, name) -> None:
    with pytest.raises(InputError, match="no path inside it"):
        inside(tmp_path, name)


@given(st.text(max_size=30))
def test_whatever_is_let_through_stays_inside(name) -> None:
    root = Path("/data/set")
    try:
        path = inside(root, name)
    except InputError:
        return
    assert path.is_relative_to(root)
    assert ".." not in path.parts


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_truncated_pictures_are_refused_at_any_length(tmp_path: Path, suffix) -> None:
    image = np.random.default_rng(0).integers(0, 255, (40, 50, 3), np.uint8)
    whole = cv2.imencode(suffix, image)[1].tobytes()
    path = tmp_path / f"x{suffix}"
    path.write_bytes(whole)
    assert read_image(path).shape == (40, 50, 3)
    assert image_fault(path) is None
    for length in (0, 10, len(whole) // 2, len(whole) - 100):
        path.write_bytes(whole[:length])
        assert image_fault(path) is not None
        with pytest.raises(InputError, match=rf"x\{suffix} cannot be used"):
            read_image(path)
    path.write_bytes(b"no picture at all" + whole[-20:])
    with pytest.raises(InputError, match="no picture"):
        read_image(path)
    with pytest.raises(InputError, match="is missing"):
        read_image(tmp_path / f"none{suffix}")
    assert image_fault(tmp_path / f"none{suffix}") == "it is missing"


def test_colours_are_red_green_blue(tmp_path: Path) -> None:
    image = np.zeros((8, 8, 3), np.uint8)
    image[..., 2] = 200  # OpenCV writes blue first.
    path = tmp_path / "x.png"
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    assert read_image(path)[0, 0].tolist() == [200, 0, 0]


def test_arrays_are_bounded(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    small = np.random.default_rng(0).normal(size=200)
    np.savez_compressed(path, large=np.zeros(9_000_000), small=small)
    np.testing.assert_array_equal(read_arrays(path, "small")[0], small)
    with pytest.raises(InputError, match="far larger than a label"):
        read_arrays(path, "large")
    with pytest.raises(InputError, match="has not all of other"):
        read_arrays(path, "other")
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[-400:-300] = bytes(100)  # In the last array's numbers; the directory is behind them.
    path.write_bytes(damaged)
    with pytest.raises(InputError, match=r"no whole \.npz"):
        read_arrays(path, "small")
    path.write_bytes(whole[:100])
    with pytest.raises(InputError, match=r"no whole \.npz"):
        read_arrays(path, "small")
    path.write_bytes(pickle.dumps({}))
    with pytest.raises(InputError, match=r"no whole \.npz"):
        read_arrays(path, "small")


def test_numbers_have_one_shape() -> None:
    assert numbers([[[1, 2], [3, 4]]], (2, 2), "x").tolist() == [[1, 2], [3, 4]]
    assert numbers([1, 2, 3, 4], (2, 2), "x").tolist() == [[1, 2], [3, 4]]
    assert numbers([[1], [2]], (2,), "x").tolist() == [1, 2]
    for value in ([1, 2, 3], [[1, 2], [3]], "text", None, {"a": 1}, [["1", "2"], ["3", "4"]]):
        with pytest.raises(InputError, match=r"^x"):
            numbers(value, (2, 2), "x")
    with pytest.raises(InputError, match="finite"):
        numbers([float("nan"), 1.0], (2,), "x")


def test_shared_lists_do_not_unfold() -> None:
    value: list = [1.0]
    for _ in range(60):
        value = [value, value]
    with pytest.raises(InputError):
        numbers(value, (2, 2), "x")


@pytest.mark.parametrize("content", ["[", "", "[[1], [1, 2]]", '{"a": 1}', "[NaN]", "[" * 99999])
def test_damaged_json_is_refused(tmp_path: Path, content) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"x\.json cannot be used"):
        number_rows(path, (1,))
    with pytest.raises(InputError, match="is missing"):
        read_json(tmp_path / "none.json")


VALUE = {
    "array": np.arange(6.0).reshape(2, 3),
    "bytes": np.arange(256, dtype=np.uint8),
    "text": "a'b\\\n\xe9",
    "numbers": [1, -(2**40), 2.5, True, False, None],
    "empty": [[], {}],
    "again": "text",
}


@pytest.mark.parametrize("protocol", [0, 2, 3, 4])
def test_pickles_of_every_protocol_are_read_as_data(protocol) -> None:
    data = pickle.dumps(VALUE, protocol=protocol)
    value = read_pickle(binary_pickle(data), ARRAY_NAMES)
    assert isinstance(value, dict)
    for name in ("array", "bytes"):
        np.testing.assert_array_equal(array_of(value[name]), VALUE[name])
    for name in ("text", "numbers", "empty"):
        assert value[name] == VALUE[name]


def test_python_2_s_text_pickles_are_read() -> None:
    # As Python 2 wrote {'x': array([1.5]), 'n': 'ab'} by default.
    raw = repr(b"\x00\x00\x00\x00\x00\x00\xf8?")[1:].encode()
    data = (
        b"(dp0\nS'x'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n(I0\n"
        b"tp4\nS'b'\np5\ntp6\nRp7\n(I1\n(I1\ntp8\ncnumpy\ndtype\np9\n(S'f8'\np10\nI0\nI1\ntp11\n"
        b"Rp12\n(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\nS" + raw + b"\np15\ntp16\nbsS'n'\n"
        b"p17\nS'ab'\np18\ns."
    )
    value = read_pickle(binary_pickle(data), ARRAY_NAMES)
    assert isinstance(value, dict)
    assert value["n"] == "ab"
    assert array_of(value["x"]).tolist() == [1.5]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "asks for 'os.system'"),
        (b"(ios\nsystem\n.", "opcode 'i'"),
        (b"(dp0\n", "truncated"),
        (b"I12", "truncated"),
        (b"Ix\n.", "damaged"),
        (b"S'a\n.", "damaged"),
        (b"N.N.", "goes on after its end"),
        (b"(dp99999999999\n.", "memo beyond reason"),
        (b"F1e999999\n(tt.", "damaged"),
    ],
)
def test_hostile_text_pickles_are_refused(data, message) -> None:
    with pytest.raises(ModelError, match=message):
        read_pickle(binary_pickle(data), ARRAY_NAMES)


@given(st.binary(max_size=60))
def test_any_bytes_end_in_a_value_or_a_model_error(data) -> None:
    with contextlib.suppress(ModelError):
        read_pickle(binary_pickle(data), ARRAY_NAMES)
