"""The recordings that rooms may play: files of one folder, called by plain names."""

from __future__ import annotations

import os
import re
import stat
import threading
from pathlib import Path

from bridge.errors import RecordingError
from bridge.playback.lesson import Lesson

__all__ = ["MAX_LISTED", "Library"]

MAX_LISTED = 64
"""As many names as a message may hold."""

_SUFFIX = ".mcap"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Library:
    """The ``*.mcap`` files of a folder, not of folders in it.

    A name is 1 to 64 letters, digits, ``-`` and ``_``, and stands for the file of that name with
    ``.mcap`` after it: it has nothing in it that could lead elsewhere. Nor do links: they are
    neither listed nor opened. Files with other names are not seen.

    Args:
        folder: Where the recordings are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """The recordings, newest first, at most ``MAX_LISTED``; blocks for the disk."""
        found: list[tuple[int, str]] = []
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    name = entry.name.removesuffix(_SUFFIX)
                    if name == entry.name or not _NAME.fullmatch(name):
                        continue
                    if entry.is_file(follow_symlinks=False):
                        changed_ns = entry.stat(follow_symlinks=False).st_mtime_ns
                        found.append((-changed_ns, name))
        except OSError:  # a folder that is away has nothing in it
            return ()
        return tuple(name for _, name in sorted(found)[:MAX_LISTED])

    def path(self, name: str) -> Path:
        """Where a recording of this name is, if there is one.

        Raises:
            RecordingError: It is no name of a recording.
        """
        if not _NAME.fullmatch(name):
            raise RecordingError(
                f"{name[:40]!r} is no name of a recording: use letters, digits, - and _, at most "
                "64, without folder and .mcap"
            )
        return self._folder / f"{name}{_SUFFIX}"

    def open(self, name: str, *, stop: threading.Event | None = None) -> Lesson:
        """Opens a recording; blocks for the disk.

        Raises:
            RecordingError: There is none of that name, or it cannot be played.
        """
        path = self.path(name)
        none = f"there is no recording {name!r}"
        # Neither follow a link nor wait for a pipe's other end.
        flags = os.O_RDONLY
        for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
            flags |= getattr(os, flag, 0)
        try:
            if path.is_symlink():  # where O_NOFOLLOW is not known
                raise RecordingError(none)
            file = os.fdopen(os.open(path, flags), "rb")
        except OSError:
            raise RecordingError(none) from None
        try:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise RecordingError(none)
            return Lesson(file, f"recording {name}", stop=stop)
        except BaseException:
            file.close()
            raise
