"""Pictures of real hands with labels in 2D, as ``ghosthands data label`` writes them.

A folder has ``labels.json`` and the pictures that it names. Nobody annotated anything: labels are
what the shipped nets saw.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.types import StringConstraints

from bridge.errors import InputError
from bridge.model.multihand.scenes import MOST_HANDS
from bridge.model.pictures import decode_picture

__all__ = ["LABELS", "MOST_PX", "Labelled", "LabelledHand", "LabelledPictures", "LabelledSet"]

LABELS = "labels.json"
FORMAT = 1
MOST_PX = 4096
"""Longest side of a picture."""

_MOST_BYTES = 16 * 2**20
_JPEG = b"\xff\xd8"

_Number = Annotated[float, Field(ge=-1e5, le=1e5)]
_Point = tuple[_Number, _Number]
# Only a name: a path could leave the folder.
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+\.jpg$", max_length=120)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class LabelledHand(_Part):
    """One hand of a picture.

    Attributes:
        left: Whether it is a left hand.
        keypoints_px: 21 keypoints, pixels of the picture; they may lie outside.
    """

    left: bool
    keypoints_px: Annotated[list[_Point], Field(min_length=21, max_length=21)]


class Labelled(_Part):
    """One picture: its file's name, and its hands."""

    file: _Name
    hands: Annotated[list[LabelledHand], Field(max_length=MOST_HANDS)]


class LabelledSet(_Part):
    """What ``labels.json`` says: a version, and all pictures."""

    format: int = Field(FORMAT, ge=FORMAT, le=FORMAT)
    pictures: Annotated[list[Labelled], Field(min_length=1)]


class LabelledPictures:
    """The pictures of a folder that show hands.

    Args:
        folder: What ``ghosthands data label`` wrote.

    Raises:
        InputError: There are no labels, they are damaged, or none of them has a hand.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            text = (folder / LABELS).read_bytes()
        except OSError as error:
            raise InputError(
                f"{folder} has no {LABELS}: ghosthands data label VIDEO -o {folder} makes one"
            ) from error
        try:
            found = LabelledSet.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise InputError(
                f"{folder / LABELS} is damaged: {where}: {first['msg']}; label the videos again"
            ) from error
        self._pictures = [picture for picture in found.pictures if picture.hands]
        if not self._pictures:
            raise InputError(f"no picture of {folder} shows a hand: nothing to learn from")

    def __len__(self) -> int:
        return len(self._pictures)

    def picture(self, number: int) -> tuple[NDArray[np.uint8], Labelled]:
        """A whole picture ``(H, W, 3)`` RGB and its labels.

        Raises:
            InputError: Its file is missing or damaged.
        """
        labels = self._pictures[number]
        path = self._folder / labels.file
        try:
            with path.open("rb") as file:
                content = file.read(_MOST_BYTES)
        except OSError as error:
            raise InputError(f"{path} cannot be read: label the videos again") from error
        jpeg = content.startswith(_JPEG)
        picture = decode_picture(content, most_pixels=MOST_PX**2) if jpeg else None
        if picture is None or max(picture.shape) > MOST_PX:
            raise InputError(f"{path} is damaged or too large: label the videos again")
        return picture, labels
