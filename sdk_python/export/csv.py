"""Comma-separated values (RFC 4180): for spreadsheets and every language."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sdk_python._whole_file import whole_file
from sdk_python.export._blocks import Block, Progress, Source, blocks
from sdk_python.export._columns import HANDS, KEYS, NUMBERS, numbers

__all__ = ["to_csv"]

_VALUES = ",".join(["%.6f"] * len(NUMBERS))
_ABSENT = "," * (len(NUMBERS) - 1)


def to_csv(
    recording: Source,
    path: str | Path,
    *,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> None:
    """Writes a table: a header line, then two rows a pose, left and right.

    Columns: ``time_s`` (seconds of the recording), ``time_ns`` (its clock), ``hand`` (left or
    right), ``confidence`` and ``thumb_confidence`` to ``little_confidence`` (0 to 1),
    ``wrist_x_m`` to ``little4_z_m`` (21 keypoints in the stage, metres), ``wrist_qx`` to
    ``thumb3_qw`` (16 rotations, xyzw, MANO joint order; the wrist's is in the stage, the others
    against their parent). Cells of an absent hand are empty. UTF-8, six decimals.

    Args:
        recording: What to write; a `RecordingFile` is read part by part.
        path: The file to make.
        overwrite: Replace one that exists.
        progress: Called with the poses done and their number.

    Raises:
        InputError: The recording has no poses, or the file exists or cannot be written.

    Example:
        >>> import pathlib, tempfile, numpy as np, sdk_python as sdk
        >>> pose = np.tile([0.0, 0.0, 0.0, 1.0], (3, 2, 16, 1))
        >>> flat = sdk.Recording.from_arrays(
        ...     np.arange(3) / 60, pose_quat=pose, wrist_m=np.zeros((3, 2, 3))
        ... )
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "flat.csv")
        ...     sdk.export.to_csv(flat, path)
        ...     rows = path.read_text().splitlines()
        >>> len(rows), rows[1][:30]
        (7, '0.000000000,0,left,1.000000,1.')
    """
    with whole_file(path, overwrite=overwrite) as file:
        file.write((",".join((*KEYS, *NUMBERS)) + "\r\n").encode())
        for block in blocks(recording, progress):
            file.write(_rows(block).encode())


def _rows(block: Block) -> str:
    values = numbers(block)
    whole = np.isfinite(values.sum(axis=1))  # a sum with NaN in it is NaN
    lines = []
    for row, (cells, full) in enumerate(zip(values.tolist(), whole, strict=True)):
        pose, side = divmod(row, 2)
        cells_text = _VALUES % tuple(cells) if full else _partial(cells)
        lines.append(f"{block.time_s[pose]:.9f},{block.time_ns[pose]},{HANDS[side]},{cells_text}")
    return "\r\n".join(lines) + "\r\n"


def _partial(cells: list[float]) -> str:
    """A row in which something is missing, most often everything."""
    found = [f"{cell:.6f}" if cell == cell else "" for cell in cells]  # not NaN
    return ",".join(found) if any(found) else _ABSENT
