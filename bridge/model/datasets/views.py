"""The views of one sample, cropped, mirrored and projected: arrays as `HandViews` has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.model.datasets.crops import MIRROR, Crop, CropDraw
from bridge.model.datasets.files import read_image
from bridge.model.datasets.labels import LabelledView
from bridge.model.datasets.mano_truth import HandTruth, palm_rotation
from bridge.model.datasets.settings import SampleSettings
from bridge.model.pose import FloatArray
from bridge.protocol.joints import N_KEYPOINTS, Side

__all__ = ["SampleViews", "ViewDraw"]

_N_VERTICES = 778
"""Of MANO, whose mesh is the only one that datasets know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDraw:
    """What is random in one view.

    Attributes:
        shift: ``(2,)`` of the crop's middle, in half spans of the hand.
        roll_rad: Of the crop about the optical axis.
        zoom: Factor on the hand's size.
        colour: ``(4,)`` change of each colour's strength, and of the brightness.
        noise_px: ``(21, 2)`` errors of the landmarks, crop pixels.
    """

    shift: FloatArray
    roll_rad: float
    zoom: float
    colour: NDArray[Any]
    noise_px: NDArray[Any]


class SampleViews:
    """Collects the views of one hand.

    Args:
        settings: What is wanted.
        side: Which hand; a left one is mirrored.
        truth: By MANO, where there is such truth.
        palm: ``(5, 3)`` resting palm by which wrist rotations are found without it; the open
            hand's where None.
    """

    def __init__(
        self,
        settings: SampleSettings,
        side: Side,
        truth: HandTruth | None,
        palm: FloatArray | None,
    ) -> None:
        self._settings, self._mirrored = settings, side is Side.LEFT
        self._mirror = MIRROR if self._mirrored else np.eye(3)
        self._truth, self._palm = truth, palm
        self._views: list[dict[str, Any]] = []

    def add(self, view: LabelledView | None, draw: ViewDraw) -> None:
        """Adds a view; None where the hand is not seen.

        Raises:
            InputError: A picture is missing or damaged.
        """
        self._views.append(self._absent() if view is None else self._seen(view, draw))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """By the names of `HandViews`, ``(N, ...)`` each, without the batch's axis."""
        names = self._views[0].keys() & set.intersection(*(set(v) for v in self._views))
        made = {name: np.stack([view[name] for view in self._views]) for name in names}
        # The first view is always there, even if nothing of it is known.
        made["present"][0] = True
        if self._truth is not None:
            made["pose"] = self._truth.pose
            made["betas"] = self._truth.betas
        return {
            name: array.astype(np.float32) if array.dtype == np.float64 else array
            for name, array in made.items()
        }

    def _seen(self, view: LabelledView, draw: ViewDraw) -> dict[str, Any]:
        settings = self._settings
        labelled = view.joints_m
        if labelled is None:
            return self._absent()
        valid = np.ones(N_KEYPOINTS, bool) if view.joint_valid is None else view.joint_valid
        joints = labelled @ self._mirror
        plan = CropDraw(draw.shift, draw.roll_rad, draw.zoom)
        crop = Crop.around(joints[valid], settings.crop, plan)
        # Keypoints that are not known: before the camera, so that their projection is finite.
        turned = np.where(valid[:, None], joints @ crop.rotation.T, [0.0, 0.0, 1.0])
        made: dict[str, Any] = {
            "present": np.array(True),
            "focal": np.array(crop.focal),
            "joints_m": turned,
            "joint_valid": valid,
            "wrist_rotation": crop.rotation @ self._wrist_rotation(view, joints),
        }
        if settings.landmarks:
            noise = draw.noise_px * (2 / settings.size)
            made["landmarks"] = (crop.project(turned) + noise) * valid[:, None]
            made["confidence"] = valid.astype(np.float64)
        vertices = self._vertices(view, crop)
        if vertices is not None:
            made["vertices_m"] = vertices
        if settings.images:
            made["images"] = self._image(view, crop, draw)
        if settings.masks and view.mask is not None:
            mask = crop.take(view.mask(), view.intrinsics, settings.size, mirrored=self._mirrored)
            made["masks"] = (mask > 127).astype(np.float64)
        return made

    def _absent(self) -> dict[str, Any]:
        """A view that sees nothing: every array that a seen one may have, empty."""
        size = self._settings.size
        made: dict[str, Any] = {
            "present": np.array(False),
            "focal": np.array(1.0),
            "joints_m": np.tile([0.0, 0.0, 1.0], (N_KEYPOINTS, 1)),
            "joint_valid": np.zeros(N_KEYPOINTS, bool),
            "wrist_rotation": np.eye(3),
        }
        if self._settings.landmarks:
            made["landmarks"] = np.zeros((N_KEYPOINTS, 2))
            made["confidence"] = np.zeros(N_KEYPOINTS)
        if self._has_mesh:
            made["vertices_m"] = np.tile([0.0, 0.0, 1.0], (_N_VERTICES, 1))
        if self._settings.images:
            made["images"] = np.zeros((3, size, size), np.float32)
        if self._settings.masks:
            made["masks"] = np.zeros((size, size))
        return made

    @property
    def _has_mesh(self) -> bool:
        return self._palm is not None

    def _wrist_rotation(self, view: LabelledView, joints_m: FloatArray) -> FloatArray:
        """The right hand's rest frame to the mirrored camera's axes."""
        if self._truth is None:
            return palm_rotation(joints_m, self._palm)
        turn = np.eye(3) if view.turn is None else view.turn
        return self._mirror @ turn @ self._mirror @ self._truth.wrist

    def _vertices(self, view: LabelledView, crop: Crop) -> FloatArray | None:
        """The mesh in the crop camera's axes; only where the user has MANO."""
        if not self._has_mesh or view.joints_m is None:
            return None
        if view.vertices_m is not None:
            return view.vertices_m @ self._mirror @ crop.rotation.T
        if self._truth is None:
            return None
        turn = np.eye(3) if view.turn is None else view.turn
        wrist = view.joints_m[0]
        if view.shift_m is not None:
            wrist = turn @ self._truth.origin_m + view.shift_m
        hand = self._mirror @ turn @ self._mirror @ self._truth.wrist
        there = self._truth.vertices_m @ hand.T + wrist @ self._mirror
        placed: FloatArray = there @ crop.rotation.T
        return placed

    def _image(self, view: LabelledView, crop: Crop, draw: ViewDraw) -> NDArray[np.float32]:
        image = read_image(view.image)
        size = self._settings.size
        taken = crop.take(image, view.intrinsics, size, mirrored=self._mirrored)
        colours = taken.astype(np.float32) / 255
        if draw.colour.any():
            strength = (1 + draw.colour[:3]) * (1 + draw.colour[3])
            colours = np.clip(colours * strength.astype(np.float32), 0, 1)
        return np.ascontiguousarray(colours.transpose(2, 0, 1))
