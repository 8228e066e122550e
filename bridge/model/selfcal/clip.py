"""A whole recording at once: cameras and bones first, then the motions, smooth both ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from bridge.model.anchor import Anchor
from bridge.model.anchor.hold import anchored_calibration, lenses_of, stage_of_view
from bridge.model.hand.articulation import AT_EASE
from bridge.model.pose import BoolArray, FloatArray, HandPose, Hands, ViewHands
from bridge.model.selfcal.calibrate import Calibration
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.identity import with_sides_kept
from bridge.model.selfcal.lenses import Lenses, lens_priors
from bridge.model.selfcal.skeleton import N_SHAPE, betas_of, rest_keypoints, skeleton
from bridge.model.selfcal.solve import Priors, Solution, solve
from bridge.model.selfcal.stage import CAMERA_STAGE
from bridge.model.selfcal.start import pose_hands
from bridge.model.selfcal.terms import Noise
from bridge.model.selfcal.tracks import HandTrack, tracks_of
from bridge.model.selfcal.whose import calibrate_views

__all__ = ["ClipMotion", "reconstruct_clip"]

_SMOOTH = Noise(
    image=0.025, depth_m=0.04, robust=2.0, wrist_m_s2=4.0, turn_rad_s2=40.0, angle_rad_s2=80.0
)
_KEYFRAMES = 100
_STEPS = 25


@dataclass(frozen=True, slots=True)
class ClipMotion:
    """What came of a recording.

    Attributes:
        hands: Of each frame set.
        calibration: Of the cameras; None where no two views ever saw a hand together, so that only
            the first of them that sees hands was used.
        views: Names of the views, as the calibration has them.
    """

    hands: tuple[Hands, ...]
    calibration: Calibration | None
    views: tuple[str, ...]


def reconstruct_clip(
    frame_sets: Sequence[tuple[int, Sequence[ViewHands]]],
    views: Sequence[str],
    *,
    anchor: Anchor | None = None,
    lenses: Lenses | None = None,
) -> ClipMotion:
    """Reconstructs a recording that is all there.

    Args:
        frame_sets: ``(time in nanoseconds, what each view sees)``, in the order of time.
        views: Names of the views; the first one's camera is the stage, unless there is an anchor.
        anchor: The instrument, whose frame then is the stage and whose size is everything's.
        lenses: What is known of the views' lenses besides.
    """
    known = {**(lenses or {}), **(lenses_of(anchor) if anchor else {})}
    times = [time_ns / 1e9 for time_ns, _ in frame_sets]
    seen: list[tuple[float, Sequence[ViewHands]]] = [
        (time_s, there) for time_s, (_, there) in zip(times, frame_sets, strict=True)
    ]
    calibration = calibrate_views(
        seen, views, keyframes=_KEYFRAMES, lenses=lens_priors(views, known)
    )
    if calibration is not None and calibration.believed is not None:
        seen = list(with_sides_kept(seen, views, calibration))
    tracks = tracks_of(seen, views)
    stage = None
    if calibration is None:
        cameras, shape, usable = _alone(tracks, views, known)
        if anchor is not None:
            stage = stage_of_view(anchor, views[int(np.argmax(usable))])
    else:
        if anchor is not None:
            calibration, stage = anchored_calibration(calibration, views, anchor)
        cameras, shape, usable = calibration.cameras, calibration.shape, calibration.usable
    stage = stage or CAMERA_STAGE
    tracks = [kept for track in tracks if (kept := _only(track, usable)) is not None]
    poses: dict[tuple[float, int], HandPose] = {}
    for track in tracks:
        solution = _moved(track, cameras, shape)
        for time_s, pose in zip(track.time_s, _poses(track, solution), strict=True):
            poses[float(time_s), int(track.side)] = stage.place(pose)
    hands = tuple(
        Hands(time_ns, (poses.get((time_s, 0)), poses.get((time_s, 1))))
        for time_s, (time_ns, _) in zip(times, frame_sets, strict=True)
    )
    return ClipMotion(hands, calibration, tuple(views))


def _alone(
    tracks: Sequence[HandTrack], views: Sequence[str], lenses: Lenses
) -> tuple[Cameras, FloatArray, BoolArray]:
    """No two views see a hand together: the one that sees most is the stage."""
    n_views = len(views)
    seen = np.sum([track.seen.sum(0) for track in tracks], axis=0) if tracks else np.zeros(n_views)
    usable = np.arange(n_views) == np.argmax(seen)
    focal = np.exp(lens_priors(views, lenses)[0])
    return Cameras.unknown(n_views).with_focal(focal), np.zeros(N_SHAPE), usable


def _only(track: HandTrack, usable: BoolArray) -> HandTrack | None:
    """A track without the views that are of no use; None if nothing is left."""
    trust = np.where(usable[:, None], track.trust, 0.0)
    rows = np.flatnonzero(trust.any(axis=(1, 2)))
    return replace(track, trust=trust).take(rows) if len(rows) else None


def _moved(track: HandTrack, cameras: Cameras, shape: FloatArray) -> Solution:
    n_views = len(cameras)
    priors = Priors(
        np.log(cameras.focal),
        np.zeros(n_views),
        shape,
        move_cameras=False,
        move_focal=False,
        move_shape=False,
    )
    begin = pose_hands(track, cameras, shape)
    return solve([track], [begin], cameras, priors, at_ease=AT_EASE, noise=_SMOOTH, steps=_STEPS)


def _poses(track: HandTrack, solution: Solution) -> list[HandPose]:
    motion, shape, side = solution.motions[0], solution.shape, track.side
    rotations = skeleton(side).articulation.rotations(motion.rotation, motion.angles)
    quats = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_quat(canonical=True)
    keypoints = motion.keypoints(track, shape)
    trust = solution.weights[0].max(axis=1)[:, 1:].reshape(-1, 5, 4).mean(-1)
    betas, rest = betas_of(shape), rest_keypoints(side, shape)
    return [
        HandPose(
            side=side,
            wrist_m=motion.wrist_m[k],
            pose_quat=quats.reshape(-1, 16, 4)[k],
            betas=betas,
            rest_m=rest,
            joints_m=keypoints[k],
            finger_confidence=trust[k],
        )
        for k in range(len(track))
    ]
