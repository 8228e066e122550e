"""The open hand: a CC0 hand mesh with MANO's joints."""

from __future__ import annotations

import zipfile
import zlib
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ModelError
from bridge.model.hand.hand_data import HandData
from bridge.model.hand.skinned_hand import SkinnedHand
from bridge.protocol.joints import Side

__all__ = ["OpenHand", "open_hand"]

_ARRAYS = (
    "vertices_m",
    "shape_dirs_m",
    "keypoints_m",
    "keypoint_dirs_m",
    "faces",
    "weights",
    "flexion_axes",
)
_UNREADABLE = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)


class OpenHand(SkinnedHand):
    """The hand model that is shipped, with 1609 vertices; see ``HandModel`` for frames and shapes.

    A fingertip keypoint is the centre of the last 6 mm of its finger. Betas are standard deviations
    along principal components of a population; ``data/NOTICE.md`` says where the data is from.

    Example::

        hand = open_hand(Side.RIGHT)
        pose_quat = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))
        mesh = hand.vertices(np.zeros(10), pose_quat, wrist_m=np.zeros(3))  # (1609, 3)

    Raises:
        ModelError: The model's file is missing or damaged.
    """

    def __init__(self, side: Side) -> None:
        name = f"open_hand_{side.name.lower()}.npz"
        try:
            with (
                resources.files(__package__).joinpath("data", name).open("rb") as file,
                np.load(file, allow_pickle=False) as arrays,
            ):
                found: dict[str, NDArray[Any]] = dict(arrays)
            given: Any = {name: found[name] for name in _ARRAYS}
            data = HandData(side=side, **given)
        except (*_UNREADABLE, ModelError) as error:
            raise ModelError(f"{name} cannot be read ({error}): reinstall ghosthands") from error
        super().__init__(data)


@cache
def open_hand(side: Side) -> OpenHand:
    """The open hand of one side, loaded once."""
    return OpenHand(Side(side))
