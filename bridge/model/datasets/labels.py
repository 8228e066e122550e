"""What a dataset's reader gives: one labelled hand and the cameras that see it, in one form.

Readers know a dataset's files, units, axes and keypoint order, and nothing of crops or tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from bridge.model.pose import FloatArray
from bridge.protocol.joints import Side

__all__ = ["LabelledHand", "LabelledView", "ManoLabel", "Reader", "Split"]

Split = Literal["train", "val", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManoLabel:
    """MANO parameters as a dataset has them.

    Attributes:
        space: What ``pose`` is: ``pca``, coefficients of MANO's components about the mean pose;
            ``mean``, rotation vectors about the mean pose; ``flat``, rotation vectors.
        wrist: ``(3,)`` rotation vector of the hand in the label's own axes.
        pose: ``(45,)`` of the 15 joints, MANO order.
        betas: ``(10,)``.
    """

    space: Literal["pca", "mean", "flat"]
    wrist: FloatArray
    pose: FloatArray
    betas: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledView:
    """One camera's picture of a hand.

    Attributes:
        image: The picture's file.
        intrinsics: ``(3, 3)`` pixels; the first pixel's centre is at 0, 0.
        joints_m: ``(21, 3)`` keypoints in the camera's axes (OpenCV: x right, y down, z forward),
            metres; None where the dataset says that the camera does not see the hand.
        joint_valid: ``(21,)`` bool, whether each is known; all where None.
        turn: ``(3, 3)`` from the axes of the MANO label to the camera's.
        shift_m: ``(3,)`` where the origin of MANO's file lies in the camera's axes, metres; None
            where the wrist keypoint says it.
        vertices_m: ``(778, 3)`` mesh in the camera's axes, where the dataset has it ready.
        mask: Reads the hand's silhouette, ``(H, W)`` uint8, 255 on the hand.
    """

    image: Path
    intrinsics: FloatArray
    joints_m: FloatArray | None
    joint_valid: NDArray[Any] | None = None
    turn: FloatArray | None = None
    shift_m: FloatArray | None = None
    vertices_m: FloatArray | None = None
    mask: Callable[[], NDArray[Any]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledHand:
    """One hand at one time.

    Attributes:
        side: Which hand; coordinates are the real ones, not mirrored.
        views: Every camera of the dataset that has a picture.
        mano: Its MANO parameters, where the dataset has them.
    """

    side: Side
    views: tuple[LabelledView, ...]
    mano: ManoLabel | None = None


class Reader(Protocol):
    """One split of a dataset on disk; labels are read when asked for, from any thread."""

    name: str
    most_views: int
    """Most cameras that a hand has; 1 in single-view datasets."""
    has_masks: bool
    fix_left_shapedirs: bool
    """Whether its left hands are labelled with MANO's mended left-hand file."""
    notes: list[str]
    """What the folder lacks of the official dataset, in words."""

    @property
    def counts(self) -> NDArray[Any]:
        """``(H,)`` how many views each hand has."""
        ...

    def hand(self, index: int) -> LabelledHand:
        """One hand's labels.

        Raises:
            InputError: A file is missing or damaged; the message names it.
        """
        ...

    def files(self) -> Iterator[Path]:
        """Every file that the split's hands need, in the order of the hands."""
        ...
