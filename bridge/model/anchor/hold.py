"""An anchor in use: what it tells of lenses before cameras are sought, and of the stage after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bridge.model.anchor.anchor import Anchor, AnchoredView
from bridge.model.anchor.stage import Placement, place_stage
from bridge.model.selfcal.calibrate import Calibration, CameraReport
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.lenses import Lens
from bridge.model.selfcal.skeleton import N_SHAPE, scaled_shape
from bridge.model.selfcal.stage import Stage

__all__ = ["anchored_calibration", "calibration_of_taps", "lenses_of", "stage_of_view"]

_HAND_SIZE_STD = 0.06
"""Hands of people differ in size by about so much; an anchor's scale is weighed against it."""

_TAPPED_ERROR = 0.04
"""How far keypoints are from where tapped cameras expect them, in hand sizes, if nothing moved."""

_MOVED_RAD, _MOVED_M = np.radians(10.0), 0.05
_MOVED_STDS = 4.0


def lenses_of(anchor: Anchor) -> dict[str, Lens]:
    """What an anchor knows of its views' lenses."""
    return {
        v.taps.view: Lens(v.pose.focal, max(v.focal_std / v.pose.focal, 1e-3)) for v in anchor.views
    }


def stage_of_view(anchor: Anchor, view: str) -> Stage | None:
    """The instrument's frame as the stage of a view on its own; None if it has no taps."""
    found = [v for v in anchor.views if v.taps.view == view]
    if not found:
        return None
    return Stage(found[0].pose.rotation.T, found[0].pose.centre_m)


def calibration_of_taps(anchor: Anchor, names: Sequence[str]) -> Calibration | None:
    """Cameras as the taps alone have them, before any hand is seen; None if one has no taps."""
    views = {v.taps.view: v for v in anchor.views}
    if not names or not set(names) <= views.keys():
        return None
    found = [views[name] for name in names]
    first = found[0].pose
    turn = np.stack([v.pose.rotation @ first.rotation.T for v in found])
    offset = np.stack([v.pose.offset_m for v in found]) - turn @ first.offset_m
    focal = np.array([v.pose.focal for v in found])
    reports = tuple(
        CameraReport(
            turn_rad=v.rotation_std_rad,
            place_m=v.position_std_m,
            focal=v.focal_std / v.pose.focal,
            shared=0,
            error=_TAPPED_ERROR,
            trust=1.0,
        )
        for v in found
    )
    usable = np.ones(len(names), bool)
    return Calibration(Cameras(turn, offset, focal), np.zeros(N_SHAPE), reports, np.inf, usable)


def anchored_calibration(
    calibration: Calibration, names: Sequence[str], anchor: Anchor
) -> tuple[Calibration, Stage | None]:
    """Cameras and hands in the true size, and where the instrument is.

    Args:
        calibration: Of the views, found with `lenses_of` the anchor.
        names: The views, as the calibration has them.
        anchor: The anchor; views of other names in it are ignored.

    Returns:
        The calibration in its new size, with a warning if the anchor contradicts it; and the stage
        of the first camera, None if no usable view is anchored.
    """
    views = [v for v in anchor.views if v.taps.view in names and calibration.usable[_at(v, names)]]
    if not views:
        return calibration, None
    which = [_at(v, names) for v in views]
    placed = place_stage(calibration.cameras, replace(anchor, views=tuple(views)), which)
    warnings = calibration.warnings
    if _contradicts(placed, views):
        # Nobody knows which one has moved: the first keeps its place, and hands keep their size.
        warnings = (
            *warnings,
            "a device has moved since the anchor was set, or its corners are wrong: set it again",
        )
        first = replace(anchor, views=(views[0],))
        placed = place_stage(calibration.cameras, first, which[:1])
    scale = _weighed(placed)
    old = calibration.cameras
    sized = replace(
        calibration,
        cameras=Cameras(old.rotation, scale * old.offset_m, old.focal),
        shape=scaled_shape(calibration.shape, scale),
        warnings=warnings,
    )
    # With the scale taken up, what is left of the similarity is rigid about the anchored cameras.
    turn = placed.similarity.rotation
    there = placed.similarity.points(_centres(old)[which]).mean(0)
    offset = there - turn @ (scale * _centres(old)[which].mean(0))
    return sized, Stage(turn, offset)


def _at(view: AnchoredView, names: Sequence[str]) -> int:
    return list(names).index(view.taps.view)


def _centres(cameras: Cameras) -> np.ndarray:
    centres: np.ndarray = -np.einsum("vji,vj->vi", cameras.rotation, cameras.offset_m)
    return centres


def _contradicts(placed: Placement, views: Sequence[AnchoredView]) -> bool:
    turn = _MOVED_RAD + _MOVED_STDS * max(v.rotation_std_rad for v in views)
    shift = _MOVED_M + _MOVED_STDS * max(v.position_std_m for v in views)
    return placed.turn_rad > turn or (placed.scale_known and placed.shift_m > shift)


def _weighed(placed: Placement) -> float:
    """The measured scale and the hands' own, 1, weighed by how sure they are."""
    if not placed.scale_known:
        return 1.0
    share = _HAND_SIZE_STD**2 / (_HAND_SIZE_STD**2 + placed.scale_std**2)
    return float(np.exp(share * np.log(placed.similarity.scale)))
