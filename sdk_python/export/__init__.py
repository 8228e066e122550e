"""Recordings in other programs' formats.

::

    import sdk_python as sdk

    lesson = sdk.Recording.open("lesson.mcap")
    sdk.export.to_glb(lesson, "lesson.glb")

Every function is ``to_FORMAT(recording, path, *, overwrite=False, progress=None)``. A file appears
under its name whole or not at all.
"""

from __future__ import annotations

from sdk_python.export.bvh import to_bvh
from sdk_python.export.csv import to_csv
from sdk_python.export.foxglove import to_foxglove
from sdk_python.export.glb import to_glb
from sdk_python.export.npz import to_npz
from sdk_python.export.parquet import to_parquet
from sdk_python.export.rerun import to_rerun, view_in_rerun

__all__ = [
    "to_bvh",
    "to_csv",
    "to_foxglove",
    "to_glb",
    "to_npz",
    "to_parquet",
    "to_rerun",
    "view_in_rerun",
]
