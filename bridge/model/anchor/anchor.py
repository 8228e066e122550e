"""An instrument as anchor: where every view's camera stands in its frame, in metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bridge.errors import InputError
from bridge.model.anchor.instruments import Instrument
from bridge.model.anchor.pnp import candidates
from bridge.model.anchor.refine import Fit, Lenses, refine
from bridge.model.anchor.taps import LEAST_TAP_PX, MOST_TAP_PX, TAP_PX, Taps, check_taps
from bridge.model.pose import FloatArray
from bridge.model.selfcal.cameras import Cameras

__all__ = ["Anchor", "AnchoredView", "ViewPose", "find_anchor"]

_DOUBTFUL_CHI2 = 11.0
"""One degree of freedom is left in a view: exceeded by one honest set of taps in a thousand."""

_IMPOSSIBLE_CHI2 = 40.0
_OTHER_ORDER_CHI2 = 25.0
_RIVAL_CHI2 = 9.0
_VAGUE_FOCAL = 0.15
_LONG = 3.0
"""Whose sides differ so much is never mistaken for itself turned by a right angle."""


@dataclass(frozen=True, slots=True)
class ViewPose:
    """A camera in the instrument's frame: a point X there is at ``rotation X + offset_m`` here.

    Attributes:
        rotation: ``(3, 3)`` from the instrument's axes to the camera's (OpenCV).
        offset_m: ``(3,)``.
        focal: Focal length, longer image sides.
    """

    rotation: FloatArray
    offset_m: FloatArray
    focal: float

    @property
    def centre_m(self) -> FloatArray:
        """``(3,)`` where the camera stands in the instrument's frame."""
        centre: FloatArray = -self.rotation.T @ self.offset_m
        return centre


@dataclass(frozen=True, slots=True)
class AnchoredView:
    """What one view's taps say.

    Attributes:
        taps: The taps.
        pose: The camera.
        rotation_std_rad: Standard deviation of its rotation, about all three axes together.
        position_std_m: Standard deviation of where it stands, along all three axes together.
        focal_std: Standard deviation of the focal length, longer image sides. A view that looks
            straight down on the instrument does not determine it, and this is then the prior's.
        reprojection_px: Root mean square distance of the corners from their taps.
        rival: A second camera that fits nearly as well: the mirror pose of a plane; else None.
        warnings: What a person should know.
    """

    taps: Taps
    pose: ViewPose
    rotation_std_rad: float
    position_std_m: float
    focal_std: float
    reprojection_px: float
    rival: ViewPose | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """Cameras in the frame of an instrument.

    Attributes:
        instrument: What was tapped; its frame is the one that cameras are in.
        views: One for each view with taps.
        size: ``(2,)`` width and depth of this very instrument over their nominal values, as far as
            the taps tell.
        size_std: ``(2,)`` relative standard deviation of both.
        tap_px: Standard deviation of a tap that was assumed, pixels.
    """

    instrument: Instrument
    views: tuple[AnchoredView, ...]
    size: FloatArray = field(default_factory=lambda: np.ones(2))
    size_std: FloatArray = field(default_factory=lambda: np.zeros(2))
    tap_px: float = TAP_PX

    @property
    def cameras(self) -> Cameras:
        """The cameras of all its views, in the instrument's frame."""
        poses = [view.pose for view in self.views]
        return Cameras(
            np.stack([p.rotation for p in poses]),
            np.stack([p.offset_m for p in poses]),
            np.array([p.focal for p in poses]),
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of all views, each with its view's name."""
        return tuple(f"{view.taps.view}: {text}" for view in self.views for text in view.warnings)


def find_anchor(instrument: Instrument, taps: Sequence[Taps], *, tap_px: float = TAP_PX) -> Anchor:
    """Finds the cameras of views in which the corners of one instrument were tapped.

    Views share what this instrument measures where its kind varies (keyboards do, by half a percent
    in width and some in depth), so several views determine it, and each other, better than one.

    Args:
        instrument: What was tapped.
        taps: One for each view, of different names.
        tap_px: How far a tap is off, standard deviation, pixels.

    Raises:
        InputError: Taps that no camera explains; the message says which, and what to do.
    """
    if not taps or len({t.view for t in taps}) != len(taps):
        raise InputError("an anchor needs the taps of at least one view, and once for each view")
    if not LEAST_TAP_PX <= tap_px <= MOST_TAP_PX:
        raise InputError(
            f"a tap's error is between {LEAST_TAP_PX:g} and {MOST_TAP_PX:g} px, not {tap_px:g}"
        )
    alone = []
    for one in taps:
        check_taps(one, tap_px=tap_px)
        alone.append(_explained(instrument, one, tap_px))
    start = Cameras(
        np.concatenate([fits[0].cameras.rotation for fits, _ in alone]),
        np.concatenate([fits[0].cameras.offset_m for fits, _ in alone]),
        np.concatenate([fits[0].cameras.focal for fits, _ in alone]),
    )
    fit = refine(instrument, taps, start, Lenses.of(taps), tap_px=tap_px)
    views = tuple(_view(fit, v, one, *alone[v]) for v, one in enumerate(taps))
    free = np.array([instrument.width_spread, instrument.depth_spread]) > 0
    size_std = np.sqrt(np.diag(fit.covariance)[-2:]) * free
    return Anchor(instrument, views, fit.size, size_std, tap_px)


def _explained(instrument: Instrument, taps: Taps, tap_px: float) -> tuple[list[Fit], bool]:
    """Candidates of one view, and whether its corners may as well begin one further on."""
    fits = candidates(instrument, taps, tap_px=tap_px)
    chi2 = fits[0].chi2 if fits else np.inf
    other = np.inf
    longest = max(instrument.width_m, instrument.depth_m)
    if chi2 > _OTHER_ORDER_CHI2 or longest < _LONG * min(instrument.width_m, instrument.depth_m):
        turned = replace(taps, corners_px=np.roll(taps.corners_px, 1, axis=0))
        others = candidates(instrument, turned, tap_px=tap_px)
        other = others[0].chi2 if others else np.inf
    if chi2 > _OTHER_ORDER_CHI2 and other < min(_OTHER_ORDER_CHI2, chi2 / 4):
        raise InputError(
            f"view {taps.view}: the corners were tapped from the wrong one onwards: front and side "
            "edges are exchanged. Begin with the front left corner, then front right, as the "
            "player sees them"
        )
    if chi2 > _IMPOSSIBLE_CHI2:
        off = f" (off by {fits[0].reprojection_px[0]:.0f} px)" if fits else ""
        raise InputError(
            f"view {taps.view}: no camera sees a {_described(instrument)} at these four corners"
            f"{off}: check that the instrument is the right one, and tap its corners again; an "
            "ultra-wide lens bends straight edges, so use the normal one"
        )
    return fits, other - chi2 < _RIVAL_CHI2


def _described(instrument: Instrument) -> str:
    size = f"{instrument.width_m:.3f} x {instrument.depth_m:.3f} m"
    kind = "keyboard" if instrument.white_keys else "rectangle"
    return f"{kind} of {size} ({instrument.name})"


def _view(fit: Fit, index: int, taps: Taps, alone: Sequence[Fit], any_order: bool) -> AnchoredView:
    covariance = fit.camera_covariance(index)
    log_focal_std = float(np.sqrt(covariance[6, 6]))
    rival = alone[1] if len(alone) > 1 and alone[1].chi2 - alone[0].chi2 < _RIVAL_CHI2 else None
    warnings = []
    if alone[0].chi2 > _DOUBTFUL_CHI2:
        warnings.append(
            f"the corners fit poorly (off by {fit.reprojection_px[index]:.1f} px): look at the "
            "preview, and tap them again"
        )
    if any_order:
        warnings.append(
            "the corners fit as well if the first was not the front left one: make sure of it"
        )
    if rival is not None:
        warnings.append(
            "two camera positions fit these corners nearly equally well: bring the device nearer, "
            "or anchor a second view"
        )
    if log_focal_std > _VAGUE_FOCAL:
        warnings.append(
            f"the focal length is uncertain by {log_focal_std:.0%}, and the distance with it: look "
            "at the instrument more from one side"
        )
    return AnchoredView(
        taps=taps,
        pose=_pose(fit, index),
        rotation_std_rad=float(np.sqrt(np.trace(covariance[:3, :3]))),
        position_std_m=float(np.sqrt(np.trace(covariance[3:6, 3:6]))),
        focal_std=float(fit.cameras.focal[index]) * log_focal_std,
        reprojection_px=float(fit.reprojection_px[index]),
        rival=None if rival is None else _pose(rival, 0),
        warnings=tuple(warnings),
    )


def _pose(fit: Fit, index: int) -> ViewPose:
    cameras = fit.cameras
    return ViewPose(cameras.rotation[index], cameras.offset_m[index], float(cameras.focal[index]))
