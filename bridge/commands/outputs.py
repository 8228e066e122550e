"""What verbs ask of the files that they are to write, before any work is done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from bridge.errors import InputError

__all__ = ["check_outputs"]


def check_outputs(
    inputs: Sequence[Path], outputs: Sequence[Path], *, overwrite: bool, flag: str = "--overwrite"
) -> None:
    """Refuses what would fail later, or destroy an input.

    Args:
        inputs: Files that are read.
        outputs: Files to write, in folders that are there.
        overwrite: Whether files that exist may be replaced.
        flag: The option that allows it.

    Raises:
        InputError: An output is another's name, an input, a folder, exists, or its folder is not
            there or may not be written to.
    """
    read = {path.resolve() for path in inputs}
    if len({output.resolve() for output in outputs}) < len(outputs):
        raise InputError("two outputs have the same name: name another")
    for output in outputs:
        if output.resolve() in read:
            raise InputError(f"{output} is also an input: name another output")
        try:
            if output.is_dir():
                raise InputError(f"{output} is a folder: name a file in it")
            if output.exists() and not overwrite:
                raise InputError(f"{output} exists already; add {flag} to replace it")
            if not output.parent.is_dir():
                raise InputError(f"cannot write {output}: there is no folder {output.parent}")
            if not os.access(output.parent, os.W_OK):
                raise InputError(f"cannot write {output}: nothing may be written to its folder")
        except OSError as error:  # a name too long, a folder that may not be looked into
            raise InputError(f"cannot write {output}: {error.strerror or error}") from error
