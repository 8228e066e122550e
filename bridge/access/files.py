"""Small private files that two programs share."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from bridge.errors import InputError

__all__ = ["Watched", "append_line", "make_secret", "read_lines", "read_secret", "write_private"]

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")

_SECRET_BYTES = 32


class Watched(Generic[_T]):
    """What a file says, read again whenever the file has changed.

    Args:
        path: The file.
        read: Reads it; may raise ``InputError``.
    """

    def __init__(self, path: Path, read: Callable[[Path], _T]) -> None:
        self._path = path
        self._read = read
        self._known: tuple[tuple[int, int, int] | None, _T] | None = None

    @property
    def value(self) -> _T:
        """What it says now."""
        stamp = self._stamp()
        if self._known is None or self._known[0] != stamp:
            # The stamp is older than what is read: a change in between is seen next time.
            self._known = (stamp, self._read(self._path))
        return self._known[1]

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise InputError(f"cannot read {self._path}: {error.strerror}") from error
        return found.st_mtime_ns, found.st_size, found.st_ino


def make_secret(path: Path, *, replace: bool) -> None:
    """Makes a new secret; one that is there stays, unless it is to be replaced."""
    if replace or not path.exists():
        draft = path.with_suffix(f".{secrets.token_hex(4)}")
        write_private(draft, secrets.token_hex(_SECRET_BYTES) + "\n")
        if replace:
            draft.replace(path)
            return
        try:  # Of two bridges that start at once, one makes it.
            os.link(draft, path)
        except FileExistsError:
            pass
        except OSError:  # A file system without hard links: the later one makes it.
            draft.replace(path)
        draft.unlink(missing_ok=True)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        path.chmod(0o600)
        _LOG.warning("%s could be read by others of this machine; it no longer can", path)


def read_secret(path: Path) -> bytes:
    """The secret in a file.

    Raises:
        InputError: It cannot be read, or is none.
    """
    try:
        secret = bytes.fromhex(path.read_text(encoding="ascii"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
    except ValueError:
        secret = b""
    if len(secret) != _SECRET_BYTES:
        raise InputError(f"{path} is damaged: make a new secret with `ghosthands token rotate`")
    return secret


def read_lines(path: Path) -> tuple[str, ...]:
    """The lines of a file; none where there is no file.

    Raises:
        InputError: It cannot be read.
    """
    try:
        return tuple(path.read_text(encoding="utf-8", errors="replace").splitlines())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def append_line(path: Path, line: str) -> None:
    """Adds a line in one write, so that two programs may do so at once."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """Writes a file that only this user can read, whole or not at all."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
