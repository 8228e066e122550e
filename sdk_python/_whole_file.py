"""Files that appear under their name whole, or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bridge.errors import InputError

__all__ = ["whole_file", "whole_path"]

_KEPT = 40  # letters of the name in the draft's: file systems take 255 bytes


@contextlib.contextmanager
def whole_path(path: str | Path, *, overwrite: bool) -> Iterator[Path]:
    """The name of a draft beside ``path``, which takes its name once the block ends well.

    A program that is killed meanwhile leaves at most the draft, ``.NAME.XXXXXXXX.part``.

    Args:
        path: The file to make.
        overwrite: Replace one that exists, at the very end.

    Raises:
        InputError: It exists already, also if somebody made it meanwhile, or cannot be written.
    """
    path = Path(path)
    if not overwrite and path.exists():
        raise _taken(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file in it")
    draft = path.with_name(f".{path.name[:_KEPT]}.{os.urandom(4).hex()}.part")
    try:
        yield draft
        _publish(draft, path, overwrite=overwrite)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_file(path: str | Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """The draft of `whole_path`, open to be written; synced before it takes the name."""
    with whole_path(path, overwrite=overwrite) as draft, draft.open("xb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _publish(draft: Path, path: Path, *, overwrite: bool) -> None:
    if overwrite:
        draft.replace(path)
        return
    try:
        os.link(draft, path)  # unlike a rename it never replaces
    except FileExistsError:
        raise _taken(path) from None
    except OSError:  # a file system without hard links
        if path.exists():
            raise _taken(path) from None
        draft.replace(path)


def _taken(path: Path) -> InputError:
    return InputError(f"{path} exists already; choose another name or overwrite it")
