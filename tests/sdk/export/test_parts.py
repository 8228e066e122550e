"""Read part by part, a file gives what it gives at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.commands.export import export
from sdk_python.export import _blocks
from sdk_python.export.formats import FORMATS

LIGHT = sorted(set(FORMATS) - {"rerun"})


@pytest.fixture(scope="module")
def recorded(lesson, tmp_path_factory) -> Path:
    return lesson.save(tmp_path_factory.mktemp("recorded") / "lesson.mcap")


@pytest.mark.parametrize("name", LIGHT)
def test_the_parts_make_the_whole(name, recorded, tmp_path, monkeypatch):
    FORMATS[name](sdk.Recording.open(recorded), tmp_path / "at once")
    monkeypatch.setattr(_blocks, "_PART_S", 0.7)
    monkeypatch.setattr(_blocks, "_POSES", 17)
    monkeypatch.setattr("sdk_python.export.bvh._FRAMES", 17)
    seen = []
    with sdk.RecordingFile(recorded) as file:
        FORMATS[name](file, tmp_path / "in parts", progress=lambda *now: seen.append(now))
    assert seen[-1] == (300, 300)
    assert len(seen) > 17
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    at_once, in_parts = ((tmp_path / which).read_bytes() for which in ("at once", "in parts"))
    if name == "npz":  # a zip has the time of day in it
        with np.load(tmp_path / "at once") as a, np.load(tmp_path / "in parts") as b:
            assert a.files == b.files
            for key in a.files:
                np.testing.assert_array_equal(a[key], b[key])
    elif name == "parquet":  # row groups are as long as blocks
        import pyarrow.parquet as pq

        tables = [pq.read_table(tmp_path / which) for which in ("at once", "in parts")]
        assert tables[0].equals(tables[1])
    else:
        assert at_once == in_parts


def test_bones_that_change_in_a_later_part(stretching, tmp_path, monkeypatch):
    """The first second keeps its shape, the second one does not."""
    steady = sdk.Recording.from_arrays(
        stretching.time_s - 2,
        pose_quat=stretching.pose_quat,
        wrist_m=stretching.wrist_m,
        rest_joints_m=stretching.rest_joints_m,
        origin_ns=2 * 10**9,
    )
    both = sdk.concatenate([steady, stretching], gap_s=1 / 60)
    sdk.export.to_glb(both, tmp_path / "at once.glb")
    monkeypatch.setattr(_blocks, "_POSES", 40)
    sdk.export.to_glb(both, tmp_path / "in blocks.glb")
    from tests.sdk.export.gltf_reader import Viewer

    viewers = [Viewer(tmp_path / f"{which}.glb") for which in ("at once", "in blocks")]
    for t in (0, 119, 130, 239):
        time_s = np.float32(both.time_s[t] - both.time_s[0])
        for k in (1, 8, 15, 20):
            name = f"left_{sdk.KEYPOINT_NAMES[k]}"
            for viewer in viewers:
                at = viewer.world(name, time_s)[:3, 3]
                np.testing.assert_allclose(at, both.joints_m[t, 0, k], atol=1e-4)


@pytest.mark.parametrize("told", [0, 1, 100, 2**62])
def test_an_index_that_lies_about_the_number_of_poses(told, recorded, tmp_path, monkeypatch):
    monkeypatch.setattr(sdk.RecordingFile, "__len__", lambda _: told)
    monkeypatch.setattr(_blocks, "_POSES", 17)
    with sdk.RecordingFile(recorded) as file:
        sdk.export.to_npz(file, tmp_path / "a.npz")
    whole = sdk.Recording.open(recorded)
    with np.load(tmp_path / "a.npz") as arrays:
        np.testing.assert_array_equal(arrays["joints_m"], whole.joints_m)


def test_a_file_that_was_cut_off_is_exported_up_to_there(recorded, tmp_path, capsys):
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(recorded.read_bytes()[:-40_000])
    export(cut, [tmp_path / "a.npz"])
    assert "cut off" in capsys.readouterr().err
    with np.load(tmp_path / "a.npz") as arrays:
        count = len(arrays["time_ns"])
        assert 100 < count < 300
        np.testing.assert_array_equal(
            arrays["joints_m"], sdk.Recording.open(recorded).joints_m[:count]
        )
