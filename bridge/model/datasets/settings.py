"""How a dataset's hands become samples: the options that all datasets share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bridge.errors import InputError

__all__ = ["SampleSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSettings:
    """Options of `open_dataset` besides a dataset's own.

    Attributes:
        size: Width of the crops, pixels.
        images: Whether samples have pictures; without, no picture is read.
        landmarks: Whether samples have the projected true keypoints as landmarks.
        masks: Whether samples have silhouettes, where the dataset has them.
        noise_px: Spread of the landmarks' errors, crop pixels.
        crop: Width of the crop in widths of the square that holds the keypoints.
        every_view: Each view of a hand is the primary one of a sample (A3-Net, section 4.2);
            otherwise a hand is one sample.
        shift: Most that an augmented crop is beside the hand's middle, in half spans of the hand.
        rotation_deg: Most that it is rolled.
        zoom: Most that the hand is larger or smaller in it, as a share.
        colour: Most that brightness and each colour's strength change, as a share.
        mano_path: Folder of the user's MANO files: samples then have ``vertices_m``, ``pose`` and
            ``betas`` where the labels are MANO's, and wrist rotations are the labels' own.
        seed: Of augmentation and choice of views.

    Raises:
        InputError: An option is out of range.
    """

    size: int = 256
    images: bool = True
    landmarks: bool = True
    masks: bool = False
    noise_px: float = 0.0
    crop: float = 1.5
    every_view: bool = True
    shift: float = 0.1
    rotation_deg: float = 30.0
    zoom: float = 0.2
    colour: float = 0.2
    mano_path: Path | str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        ranges = {
            "size": (16, 1024),
            "noise_px": (0, 100),
            "crop": (1, 4),
            "shift": (0, 1),
            "rotation_deg": (0, 180),
            "zoom": (0, 0.9),
            "colour": (0, 1),
            "seed": (0, 2**63 - 1),
        }
        for name, (least, most) in ranges.items():
            value = getattr(self, name)
            whole = name in ("size", "seed")
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                raise InputError(f"dataset option {name} must be a number, not {value!r}")
            if not least <= value <= most:
                raise InputError(f"dataset option {name} must be {least} to {most}, not {value}")
        for name in ("images", "landmarks", "masks", "every_view"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"dataset option {name} must be true or false")
        if not self.images and not self.landmarks:
            raise InputError("dataset options images and landmarks are both off: keep one")
