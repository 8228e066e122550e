"""The colours of a player's hands, for a ghost that looks like them.

One picture's texture is a guess where the hand was turned away; the median over a recording is
what most pictures agree on.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.model.ensemble.finder import FoundHand
from bridge.protocol.joints import Side

__all__ = ["MedianColours", "read_colours", "write_colours"]

_MOST = 512
"""Hands a side that are kept: more change a median by nothing one could see."""


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
        InputError: There are none, or the file cannot be written.
    """
    if not colours:
        raise InputError("no hand was found: there is no texture to write")
    try:
        with path.open("wb") as file:
            arrays: dict[str, Any] = {side.name.lower(): c for side, c in colours.items()}
            np.savez_compressed(file, **arrays)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error})") from error


def read_colours(path: Path) -> dict[Side, NDArray[np.uint8]]:
    """Reads what `write_colours` wrote.

    Raises:
        InputError: It is no such file.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = {Side[name.upper()]: arrays[name] for name in arrays.files}
        for colours in found.values():
            if colours.dtype != np.uint8 or colours.ndim != 2 or colours.shape[1] != 3:
                raise ValueError(f"an array is {colours.dtype} {colours.shape}")
    except (OSError, KeyError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} holds no hands' colours ({error})") from error
    return found
