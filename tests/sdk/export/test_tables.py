"""npz, CSV and Parquet: the numbers of the recording, under the documented names."""

from __future__ import annotations

import csv
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sdk_python as sdk

ARRAYS = (
    "time_s",
    "time_ns",
    "joints_m",
    "wrist_m",
    "pose_quat",
    "finger_confidence",
    "confidence",
    "betas",
    "rest_joints_m",
)


def value(recording: sdk.Recording, column: str, t: int, side: int) -> float:
    """What a column of the table must hold, from its documented name."""
    if column == "confidence":
        return recording.confidence[t, side]
    name, _, what = column.rpartition("_")
    if what == "confidence":
        return recording.finger_confidence[t, side, sdk.FINGERS.index(name)]
    if what == "m":
        name, axis = name.split("_")
        return recording.joints_m[t, side, sdk.KEYPOINT_NAMES.index(name), "xyz".index(axis)]
    return recording.pose_quat[t, side, sdk.JOINT_NAMES.index(name), "xyzw".index(what[1])]


COLUMNS = 6 + 21 * 3 + 16 * 4


def test_npz(lesson, tmp_path):
    sdk.export.to_npz(lesson, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        for name in ARRAYS:
            np.testing.assert_array_equal(arrays[name], getattr(lesson, name))
            assert arrays[name].dtype == getattr(lesson, name).dtype
        assert tuple(arrays["keypoint_names"]) == sdk.KEYPOINT_NAMES
        assert tuple(arrays["joint_names"]) == sdk.JOINT_NAMES
        assert json.loads(str(arrays["metadata"]))["recorded_by"] == "Ms Müller"
        assert len(arrays.files) == len(ARRAYS) + 3


def test_csv(lesson, tmp_path):
    sdk.export.to_csv(lesson, tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert len(rows) == 600
    assert len(rows[0]) == 3 + COLUMNS
    for k, row in enumerate(rows):
        assert float(row["time_s"]) == pytest.approx(lesson.time_s[k // 2], abs=1e-9)
        assert int(row["time_ns"]) == lesson.time_ns[k // 2]
        assert row["hand"] == ("left", "right")[k % 2]
    for k in (0, 1, 40, 100, 101, 333, 599):
        for column, text in list(rows[k].items())[3:]:
            expected = value(lesson, column, k // 2, k % 2)
            if np.isnan(expected):
                assert text == ""
            else:
                assert float(text) == pytest.approx(expected, abs=6e-7)


def test_parquet(lesson, tmp_path):
    sdk.export.to_parquet(lesson, tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.num_rows == 600
    assert table.num_columns == 3 + COLUMNS
    assert table.column("time_ns").to_pylist() == np.repeat(lesson.time_ns, 2).tolist()
    np.testing.assert_array_equal(table.column("time_s"), np.repeat(lesson.time_s, 2))
    assert table.column("hand").to_pylist() == ["left", "right"] * 300
    for column in table.column_names[3:]:
        found = table.column(column)
        assert found.type == pa.float32()
        expected = [value(lesson, column, k // 2, k % 2) for k in range(600)]
        assert found.to_pylist() == [None if np.isnan(x) else x for x in expected]


def test_parquet_says_where_it_is_from(lesson, tmp_path):
    sdk.export.to_parquet(lesson, tmp_path / "a.parquet")
    about = json.loads(pq.read_schema(tmp_path / "a.parquet").metadata[b"ghosthands"])
    assert about["room"] == "lesson"
    np.testing.assert_allclose(about["rest_joints_m"], lesson.rest_joints_m, atol=1e-9)


def test_a_hand_never_seen_is_null_throughout(measured, tmp_path):
    sdk.export.to_parquet(measured, tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet", filters=[("hand", "=", "left")])
    assert table.num_rows == len(measured)
    assert all(table.column(name).null_count == len(measured) for name in table.column_names[3:])


def test_positions_without_a_shape(tmp_path, kit, lesson):
    """A file may lack the shape: wrist and rotations are there, the keypoints are not."""
    from bridge.recorder import Recorder

    with Recorder(tmp_path / "a.mcap", room="r", views=[], origin_ns=kit.ORIGIN_NS) as recorder:
        for k in range(3):
            recorder.write(kit.pose(k, sdk.Side.LEFT))
    shapeless = sdk.Recording.open(tmp_path / "a.mcap")
    sdk.export.to_csv(shapeless, tmp_path / "a.csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    assert rows[0]["index1_x_m"] == ""
    assert float(rows[0]["index1_qw"]) == pytest.approx(shapeless.pose_quat[0, 0, 1, 3], abs=1e-6)
    for write in (sdk.export.to_glb, sdk.export.to_bvh, sdk.export.to_foxglove):
        with pytest.raises(sdk.InputError, match="no hand at any time"):
            write(shapeless, tmp_path / "out")
