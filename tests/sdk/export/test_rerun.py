"""Rerun files, read by Rerun where it is installed: it takes 490 MB, so it is no test dependency.

``pip install 'ghosthands[viewer]'`` adds the second test.
"""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import sdk_python as sdk
from bridge.protocol.joints import BONES

HAS_RERUN = importlib.util.find_spec("rerun") is not None


@pytest.mark.parametrize("what", ["rerun", "pyarrow"])
def test_without_the_extra_there_is_one_clear_line(what, lesson, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, what, None)
    write = sdk.export.to_rerun if what == "rerun" else sdk.export.to_parquet
    extra = "viewer" if what == "rerun" else "export"
    with pytest.raises(sdk.GhostHandsError, match=rf"pip install 'ghosthands\[{extra}\]'"):
        write(lesson, tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


if HAS_RERUN:

    def test_rerun_reads_what_was_written(lesson, tmp_path):
        import rerun as rr

        sdk.export.to_rerun(lesson, tmp_path / "a.rrd")
        found = {}
        for chunk in rr.chunk.RrdReader(str(tmp_path / "a.rrd")).stream():
            batch = chunk.to_record_batch()
            if "LineStrips3D:strips" in batch.schema.names and not chunk.is_static:
                times = np.array([t.value for t in batch.column("lesson")]) * 1e-9
                found[chunk.entity_path] = times, batch.column("LineStrips3D:strips")
        assert set(found) == {"/hands/left", "/hands/right"}
        for side, name in enumerate(("left", "right")):
            times, strips = found[f"/hands/{name}"]
            np.testing.assert_allclose(times, lesson.time_s, atol=1e-8)
            for t in range(0, 300, 7):
                if np.isnan(lesson.wrist_m[t, side, 0]):
                    assert len(strips[t]) == 0
                else:
                    bones = lesson.joints_m[t, side][np.array(BONES)]
                    np.testing.assert_array_equal(strips[t].as_py(), bones)
