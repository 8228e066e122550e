"""Self-calibration: from what the views see of hands to where the cameras stand.

Several starts (lenses, and ways of aligning the views where the hands leave a choice) are adjusted
on few keyframes; those that end apart compete on more. What comes out says how sure it is of each
camera, and how far behind the runner-up is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from bridge.model.hand.articulation import AT_EASE
from bridge.model.pose import BoolArray, FloatArray
from bridge.model.selfcal.cameras import N_CAMERA, Cameras
from bridge.model.selfcal.keyframes import choose_keyframes
from bridge.model.selfcal.lenses import lens_priors
from bridge.model.selfcal.skeleton import N_SHAPE
from bridge.model.selfcal.solve import Priors, Solution, solve
from bridge.model.selfcal.start import place_cameras, pose_hands
from bridge.model.selfcal.terms import Noise
from bridge.model.selfcal.tracks import HandTrack

__all__ = ["GOOD_TRUST", "LEAST_SHARED", "STILL", "Calibration", "CameraReport", "calibrate"]

STILL = Noise(gap_s=0.0, depth_m=0.04, robust=2.0)
"""Keyframes are far apart in time: nothing holds them together."""

_FOCAL_STARTS = (1.0, 1.5)
"""Factors on the prior focal length to start from."""

_FEW, _MANY = 16, 60
_FEW_STEPS, _MANY_STEPS = 15, 40
_SAME_TURN_RAD, _SAME_FOCAL = np.radians(8.0), 0.12
LEAST_SHARED = 8
"""Instants at which a view must see a hand together with another one."""

_SURE_TURN_RAD, _SURE_FOCAL = np.radians(10.0), 0.25
_SPREAD = 12.0
"""By curvature the adjustment is so many times surer of cameras than it is right, for neighbouring
errors are alike and models not exact. Of drawn clips' cameras then 97 % of focal lengths are
within two deviations, and 98 % of rotations within three."""

GOOD_TRUST = 0.54
"""Views of one scene keep 0.57 and more of their trust with twice the errors that real videos have;
of two scenes, or mirrored, below 0.54 (measured on simulated clips)."""
_CLOSE_COST = 0.03


@dataclass(frozen=True, slots=True)
class CameraReport:
    """How sure the calibration is of one camera; standard deviations.

    Attributes:
        turn_rad: Of its rotation relative to the first camera's.
        place_m: Of its place.
        focal: Of its focal length, as a share.
        shared: Instants at which it sees a hand together with another view.
        error: Median distance of seen keypoints from where they should be, in hand sizes.
        trust: Share of its keypoints' trust that is left: far below 1, most are outliers.
    """

    turn_rad: float
    place_m: float
    focal: float
    shared: int
    error: float
    trust: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Cameras, the person's shape, and how sure both are.

    Attributes:
        cameras: All views; the first is the stage.
        shape: ``(30,)`` the person's bones (``selfcal.skeleton``).
        reports: One a camera.
        margin: By what share of the cost the runner-up is worse; inf where all starts agree.
        usable: ``(V,)`` bool, views whose camera is known well enough to be fused.
        warnings: What is wrong or uncertain, for people.
        believed: The view whose left and right hold, where views did not agree on them.
    """

    cameras: Cameras
    shape: FloatArray
    reports: tuple[CameraReport, ...]
    margin: float
    usable: BoolArray
    warnings: tuple[str, ...] = field(default=())
    believed: int | None = None


def calibrate(
    tracks: Sequence[HandTrack],
    *,
    lenses: tuple[FloatArray, FloatArray] | None = None,
    before: Calibration | None = None,
    keyframes: int = _MANY,
    names: Sequence[str] = (),
) -> Calibration | None:
    """Finds the cameras.

    Args:
        tracks: What all views see of each hand.
        lenses: What is known of them before, as ``lens_priors`` gives it; that they are a phone's
            where None.
        before: An earlier calibration of the same cameras, as one more start.
        keyframes: Most instants of each hand.
        names: What to call the views in warnings; their numbers where not given.

    Returns:
        The calibration, or None if no two views ever see a hand together.
    """
    tracks = [track for track in tracks if len(track)]
    if not tracks:
        return None
    n_views = tracks[0].trust.shape[1]
    shared = _shared(tracks)
    if n_views > 1 and shared.max() < LEAST_SHARED:
        return None
    priors = Priors(*(lenses or lens_priors([""] * n_views, {})), np.zeros(N_SHAPE))
    few = _picked(tracks, min(_FEW, keyframes))
    ends = [_adjusted(few, cameras, priors, _FEW_STEPS) for cameras in _starts(few, priors, before)]
    ends.sort(key=lambda end: end.cost)
    many = _picked(tracks, keyframes)
    rivals = [end for k, end in enumerate(ends) if not any(_same(end, e) for e in ends[:k])][:2]
    finals = [
        _adjusted(many, end.cameras, _knowing(priors, end.shape), _MANY_STEPS) for end in rivals
    ]
    finals.sort(key=lambda end: end.cost)
    best = finals[0]
    margin = np.inf
    if len(finals) > 1 and not _same(finals[0], finals[1]):
        margin = finals[1].cost / best.cost - 1
    called = names or [f"view {v + 1}" for v in range(n_views)]
    return _report(many, best, margin, shared, called)


def _shared(tracks: Sequence[HandTrack]) -> FloatArray:
    """``(V,)`` instants at which each view sees a hand together with another one."""
    counts = [(t.seen & (t.seen.sum(1, keepdims=True) > 1)).sum(0) for t in tracks]
    return np.asarray(np.sum(counts, axis=0))


def _picked(tracks: Sequence[HandTrack], most: int) -> list[HandTrack]:
    rows = choose_keyframes(tracks, most)
    return [track.take(own) for track, own in zip(tracks, rows, strict=True)]


def _knowing(priors: Priors, shape: FloatArray) -> Priors:
    return Priors(priors.log_focal, priors.log_focal_spread, shape)


def _starts(
    tracks: Sequence[HandTrack], priors: Priors, before: Calibration | None
) -> list[Cameras]:
    """Cameras to start from."""
    starts = [] if before is None else [before.cameras]
    for factor in _FOCAL_STARTS:
        known = priors.log_focal_spread == 0
        focal = np.exp(priors.log_focal + np.where(known, 0.0, np.log(factor)))
        starts.append(place_cameras(tracks, focal, priors.shape))
    return starts


def _adjusted(
    tracks: Sequence[HandTrack], cameras: Cameras, priors: Priors, steps: int
) -> Solution:
    motions = [pose_hands(track, cameras, priors.shape) for track in tracks]
    return solve(tracks, motions, cameras, priors, at_ease=AT_EASE, noise=STILL, steps=steps)


def _same(a: Solution, b: Solution) -> bool:
    """Whether two adjustments mean the same cameras."""
    turn = a.cameras.rotation @ np.swapaxes(b.cameras.rotation, 1, 2)
    angle = np.arccos(np.clip((np.trace(turn, axis1=1, axis2=2) - 1) / 2, -1, 1))
    lens = np.abs(np.log(a.cameras.focal / b.cameras.focal))
    return bool(angle.max() < _SAME_TURN_RAD and lens.max() < _SAME_FOCAL)


def _report(
    tracks: Sequence[HandTrack],
    best: Solution,
    margin: float,
    shared: FloatArray,
    names: Sequence[str],
) -> Calibration:
    cameras = best.cameras
    n_views = len(cameras)
    variance = np.diag(best.covariance)[N_SHAPE:].reshape(n_views, N_CAMERA)
    deviation = _SPREAD * np.sqrt(np.maximum(variance, 0))
    reports = []
    for v in range(n_views):
        errors, kept, given = [], 0.0, 0.0
        for track, motion, weight in zip(tracks, best.motions, best.weights, strict=True):
            seen = track.trust[:, v] > 0
            image = cameras.project(motion.keypoints(track, best.shape))[:, v]
            off = np.linalg.norm(image - track.image[:, v], axis=-1) / track.extent[:, v, None]
            errors.append(off[seen])
            kept += float(weight[:, v].sum())
            given += float(track.trust[:, v].sum())
        all_errors = np.concatenate(errors)
        reports.append(
            CameraReport(
                turn_rad=float(np.linalg.norm(deviation[v, :3])),
                place_m=float(np.linalg.norm(deviation[v, 3:6])),
                focal=float(deviation[v, 6]),
                shared=int(shared[v]),
                error=float(np.median(all_errors)) if all_errors.size else np.inf,
                trust=kept / max(given, 1e-9),
            )
        )
    usable = np.array([True] + [_fits(report) for report in reports[1:]])
    if n_views == 2 and reports[0].trust < GOOD_TRUST:
        usable[1] = False  # two that contradict each other: either may carry the error
    return Calibration(
        cameras,
        best.shape,
        tuple(reports),
        margin,
        usable,
        _warnings(reports, usable, margin, names),
    )


def _fits(report: CameraReport) -> bool:
    return report.shared >= LEAST_SHARED and report.trust >= GOOD_TRUST


def _warnings(
    reports: Sequence[CameraReport], usable: BoolArray, margin: float, names: Sequence[str]
) -> tuple[str, ...]:
    found = []
    for v, report in enumerate(reports):
        if v and report.shared < LEAST_SHARED:
            found.append(f"{names[v]} hardly ever sees a hand together with another view")
        elif not usable[v]:
            found.append(
                f"{names[v]} does not show the same hands as the others (or is mirrored, or much "
                "later or earlier): it is left out"
            )
        elif (len(reports) == 1 or usable.sum() > 1) and (
            report.turn_rad > _SURE_TURN_RAD or report.focal > _SURE_FOCAL
        ):
            found.append(
                f"{names[v]} is uncertain: {np.degrees(report.turn_rad):.0f} degrees and "
                f"{report.focal:.0%} of the focal length; move the hands about, or set an anchor"
            )
    if margin < _CLOSE_COST:
        found.append("two arrangements of the cameras fit nearly as well: move the hands about")
    return tuple(found)
