"""The report as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sdk_python._whole_file import whole_file
from sdk_python.report.page import html_of

if TYPE_CHECKING:
    from sdk_python.comparison import Comparison
    from sdk_python.recording import Recording

__all__ = ["to_html"]


def to_html(
    result: Comparison,
    path: str | Path,
    *,
    teacher: Recording,
    student: Recording,
    names: Sequence[str] = (),
    date: str = "",
    overwrite: bool = False,
) -> Path:
    """Writes a comparison as one HTML file, which needs nothing else; whole or not at all.

    Args:
        result: What `sdk.compare` found.
        path: The file.
        teacher: The lesson: the teacher's recording, or the first of several takes.
        student: The student's recording.
        names: As in `html_of`.
        date: As in `html_of`.
        overwrite: Replace a file that exists.

    Returns:
        The path.

    Raises:
        InputError: It exists, cannot be written, or these are not the recordings compared.

    Example:
        >>> import numpy as np, sdk_python as sdk, tempfile
        >>> time_s = np.arange(0, 5, 1 / 60)
        >>> pose = np.zeros((len(time_s), 2, 16, 4)); pose[..., 3] = 1
        >>> pose[:, 1, 1, 0] = 0.2 * np.sin(2 * time_s)  # the right index finger
        >>> wrist = np.zeros((len(time_s), 2, 3))
        >>> take = sdk.Recording.from_arrays(time_s, pose_quat=pose, wrist_m=wrist)
        >>> result = sdk.compare(take, take)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     sdk.report.to_html(result, f"{folder}/a.html", teacher=take, student=take).name
        'a.html'
    """
    page = html_of(result, teacher=teacher, student=student, names=names, date=date)
    path = Path(path)
    with whole_file(path, overwrite=overwrite) as file:
        file.write(page.encode())
    return path
