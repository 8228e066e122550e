"""The colours of a player's hands, for a ghost that looks like them.

One picture's texture is a guess where the hand was turned away; the median over a recording is
what most pictures agree on.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.ensemble.finder import FoundHand
from bridge.protocol.joints import Side

__all__ = ["MedianColours", "read_colours", "write_colours"]

_MOST = 512
"""Hands a side that are kept: more change a median by nothing one could see."""

_MOST_BYTES = 4 << 20
"""Of a file's arrays; those of the open hand and of MANO are below 10 kB."""

# RuntimeError: entries that are encrypted, or packed in a way that Python cannot read.
_UNREADABLE = (OSError, KeyError, ValueError, EOFError, RuntimeError, BadZipFile, zlib.error)


class MedianColours:
    """Median vertex colours of each side's hands, as they come."""

    def __init__(self) -> None:
        self._kept: dict[Side, list[NDArray[np.float32]]] = {side: [] for side in Side}
        self._every = dict.fromkeys(Side, 1)
        self._count = dict.fromkeys(Side, 0)

    def add(self, hands: Iterable[FoundHand]) -> None:
        """Takes hands in; of very many every so manyth counts."""
        for hand in hands:
            side = hand.side
            kept = self._kept[side]
            if self._count[side] % self._every[side] == 0:
                kept.append(hand.albedo)
            self._count[side] += 1
            if len(kept) > _MOST:
                self._kept[side] = kept[::2]
                self._every[side] *= 2

    def colours(self) -> dict[Side, NDArray[np.uint8]]:
        """``(V, 3)`` RGB, 0 to 255, without their light, of the sides that were seen."""
        return {
            side: (255 * np.median(kept, axis=0)).round().clip(0, 255).astype(np.uint8)
            for side, kept in self._kept.items()
            if kept
        }


def write_colours(path: Path, colours: Mapping[Side, NDArray[np.uint8]]) -> None:
    """Writes colours as a small NPZ file with an array for each side.

    Raises:
        InputError: There are none.
        OSError: The file cannot be written.
    """
    if not colours:
        raise InputError("no hand was found: there is no texture to write")
    arrays: dict[str, Any] = {side.name.lower(): array for side, array in colours.items()}
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def read_colours(path: Path) -> dict[Side, NDArray[np.uint8]]:
    """Reads what `write_colours` wrote.

    Raises:
        InputError: It is no such file.
    """
    try:
        with ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                raise ValueError("its arrays are too large")
        with path.open("rb") as file, NpzFile(file, allow_pickle=False) as arrays:
            found = {Side[name.upper()]: arrays[name] for name in arrays.files}
        if not found:
            raise ValueError("it is empty")
        for colours in found.values():
            if colours.dtype != np.uint8 or colours.ndim != 2 or colours.shape[1] != 3:
                raise ValueError(f"an array is {colours.dtype} {colours.shape}")
    except _UNREADABLE as error:
        raise InputError(
            f"{path} holds no hands' colours ({error}): ghosthands ensemble --texture makes such a"
            " file"
        ) from error
    return found
