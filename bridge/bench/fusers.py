"""Ways to turn what views see of a clip into hands: ours, and what they are measured against."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.model.fusion import HandSpaceFuser, SelfCalFuser
from bridge.model.fusion.interface import Fuser
from bridge.model.lens import FOCAL_PRIOR
from bridge.model.pose import FloatArray, Hands
from bridge.model.selfcal.calibrate import Calibration, CameraReport
from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.clip import reconstruct_clip
from bridge.model.selfcal.rays import triangulated
from bridge.model.selfcal.skeleton import N_SHAPE, rest_keypoints
from bridge.model.selfcal.start import places, scaled_local
from bridge.model.selfcal.tracks import HandTrack, tracks_of
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.smooth import OneEuroSmoother
from bridge.model.synthetic.clips import SimulatedClip
from bridge.protocol.joints import BONES, N_KEYPOINTS

__all__ = ["METHODS", "Found", "keypoints_of", "play", "run_method"]

_CAMERA_FROM_STAGE = np.array([1.0, -1.0, -1.0])

METHODS = {
    "one view": "the first view's own idea, at the average hand's size, with a phone's lens",
    "aligned mean": "hand-space fusion, as GhostHands begins, live and smoothed",
    "essential matrix": "OpenCV's five-point method on all keypoints, a phone's lens",
    "live": "the default fuser, causal, smoothed",
    "offline": "the default for recordings: the whole clip at once",
    "calibrated triangulation": "linear, weighted by trust, with the true cameras",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a method found.

    Attributes:
        keypoints_m: ``(T, 2, 21, 3)`` first camera's axes, NaN where there is no hand.
        rotation: ``(V, 3, 3)`` of the cameras, where the method has them.
        focal: ``(V,)`` the same.
        reports: How sure it says it is of each camera.
        ms: Time for each frame set.
    """

    keypoints_m: FloatArray
    ms: float
    rotation: FloatArray | None = None
    focal: FloatArray | None = None
    reports: tuple[CameraReport, ...] = ()


def run_method(name: str, clip: SimulatedClip) -> Found:
    """Runs one of `METHODS` over a clip."""
    began = time.perf_counter()
    calibration: Calibration | None = None
    if name in ("live", "aligned mean"):
        fuser = HandSpaceFuser() if name == "aligned mean" else SelfCalFuser(in_this_thread)
        points, seconds = play(fuser, clip)
        if isinstance(fuser, SelfCalFuser):
            calibration = fuser.calibration
        return _found(points, 1000 * seconds, calibration)
    if name == "offline":
        views = [view.view for view in clip.frame_sets[0]]
        frame_sets = [
            (round(t * 1e9), v) for t, v in zip(clip.time_s, clip.frame_sets, strict=True)
        ]
        motion = reconstruct_clip(frame_sets, views)
        points, calibration = keypoints_of(motion.hands), motion.calibration
        return _found(points, _per_set(began, clip), calibration)
    tracks = _tracks(clip)
    if name == "essential matrix":
        points, rotation = _essential(tracks, len(clip.time_s))
        return Found(points, _per_set(began, clip), rotation)
    points = np.full((len(clip.time_s), 2, N_KEYPOINTS, 3), np.nan)
    for track in tracks:
        rows = _rows(track, clip.time_s)
        if name == "one view":
            focal = np.full(len(clip.focal), FOCAL_PRIOR)
            local = scaled_local(track, np.zeros(N_SHAPE))
            there = local + places(track, local, focal)[:, :, None]
            mine = track.seen[:, 0]
            points[rows[mine], track.side] = there[mine, 0]
        else:
            cameras = Cameras(clip.rotation, clip.offset_m, clip.focal)
            two = track.seen.sum(1) > 1
            points[rows[two], track.side] = triangulated(track, cameras)[two]
    return Found(points, _per_set(began, clip))


def play(fuser: Fuser, clip: SimulatedClip) -> tuple[FloatArray, float]:
    """Smoothed keypoints, and the median time of a frame set, seconds: adjusting is not in it."""
    smoother, hands, times = OneEuroSmoother(), [], []
    for t, views in zip(clip.time_s, clip.frame_sets, strict=True):
        began = time.perf_counter()
        hands.append(smoother.smooth(fuser.fuse(round(t * 1e9), views)))
        times.append(time.perf_counter() - began)
    return keypoints_of(hands), float(np.median(times))


def keypoints_of(hands: Sequence[Hands]) -> FloatArray:
    """Keypoints ``(T, 2, 21, 3)`` in the first camera's axes, NaN where there is no hand."""
    points = np.full((len(hands), 2, N_KEYPOINTS, 3), np.nan)
    for row, both in enumerate(hands):
        for side, pose in enumerate(both.hands):
            if pose is not None:
                points[row, side] = pose.joints_m * _CAMERA_FROM_STAGE
    return points


def _found(points: FloatArray, ms: float, calibration: Calibration | None) -> Found:
    if calibration is None:
        return Found(points, ms)
    cameras = calibration.cameras
    return Found(points, ms, cameras.rotation, cameras.focal, calibration.reports)


def _essential(tracks: list[HandTrack], count: int) -> tuple[FloatArray, FloatArray | None]:
    """Two views by OpenCV's essential matrix; hands get the average hand's size."""
    points = np.full((count, 2, N_KEYPOINTS, 3), np.nan)
    both = [track.take(np.flatnonzero(track.seen[:, :2].all(1))) for track in tracks]
    first, second = (
        np.concatenate([t.image[:, v].reshape(-1, 2) for t in both]) / FOCAL_PRIOR for v in (0, 1)
    )
    if len(first) < 100:
        return points, None
    matrix, inliers = cv2.findEssentialMat(first, second, np.eye(3), cv2.RANSAC, 0.999, 0.01)
    if matrix is None or matrix.shape != (3, 3):
        return points, None
    _, rotation, offset, _ = cv2.recoverPose(matrix, first, second, np.eye(3), mask=inliers)
    cameras = Cameras(
        np.stack([np.eye(3), rotation]),
        np.stack([np.zeros(3), offset[:, 0]]),
        np.full(2, FOCAL_PRIOR),
    )
    parent, child = np.array(BONES).T
    for track in both:
        if not len(track.time_s):
            continue
        found = triangulated(track, cameras)
        rest = rest_keypoints(track.side, np.zeros(N_SHAPE))
        size = np.linalg.norm(rest[child] - rest[parent], axis=-1).sum()
        own = np.linalg.norm(found[:, child] - found[:, parent], axis=-1).sum(-1)
        rows = np.round(track.time_s * 30).astype(int)
        points[rows, track.side] = found * (size / np.median(own))
    return points, cameras.rotation


def _tracks(clip: SimulatedClip) -> list[HandTrack]:
    views = [view.view for view in clip.frame_sets[0]]
    return tracks_of(list(zip(clip.time_s, clip.frame_sets, strict=True)), views)


def _rows(track: HandTrack, time_s: FloatArray) -> NDArray[np.intp]:
    return np.searchsorted(time_s, track.time_s)


def _per_set(began: float, clip: SimulatedClip) -> float:
    return 1000 * (time.perf_counter() - began) / len(clip.time_s)
