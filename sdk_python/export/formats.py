"""The formats by their names and by the ends of file names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bridge.errors import InputError
from sdk_python.export.bvh import to_bvh
from sdk_python.export.csv import to_csv
from sdk_python.export.foxglove import to_foxglove
from sdk_python.export.glb import to_glb
from sdk_python.export.npz import to_npz
from sdk_python.export.parquet import to_parquet
from sdk_python.export.rerun import to_rerun

__all__ = ["FORMATS", "Exporter", "exporter_for"]

Exporter = Callable[..., None]

FORMATS: dict[str, Exporter] = {
    "glb": to_glb,
    "bvh": to_bvh,
    "npz": to_npz,
    "csv": to_csv,
    "parquet": to_parquet,
    "foxglove": to_foxglove,
    "rerun": to_rerun,
}

_BY_SUFFIX = {f".{name}": name for name in FORMATS} | {".mcap": "foxglove", ".rrd": "rerun"}


def exporter_for(path: Path, format_name: str | None = None) -> Exporter:
    """The function that writes a format.

    Args:
        path: The file to make; its name's end says the format where no name is given.
        format_name: The format's name.

    Raises:
        InputError: There is no such format.
    """
    name = _BY_SUFFIX.get(path.suffix.lower()) if format_name is None else format_name
    known = ", ".join(FORMATS)
    if name is None:
        raise InputError(f"the name {path.name} does not say a format: give --format, of {known}")
    if name not in FORMATS:
        raise InputError(f"there is no format {name!r}: give one of {known}")
    return FORMATS[name]
