"""The hand a network is built on, by name."""

from __future__ import annotations

from typing import Literal

from bridge.errors import InputError
from bridge.model.hand import mano_folder
from bridge.model.hand.layer import HandLayer, mano_layer, open_hand_layer
from bridge.protocol.joints import Side

__all__ = ["HandName", "hand_layer"]

HandName = Literal["open", "mano"]
"""The shipped open hand, or the user's MANO files (docs/mano.md)."""


def hand_layer(name: str) -> HandLayer:
    """The right hand's layer; batches hold right hands only.

    Raises:
        InputError: There is no such hand, or no folder of MANO files is known.
        ModelError: The MANO files cannot be used.
    """
    if name == "open":
        return open_hand_layer(Side.RIGHT)
    if name == "mano":
        return mano_layer(mano_folder(), Side.RIGHT)
    raise InputError(f"unknown hand {name!r}: choose open or mano")
