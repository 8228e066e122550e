"""The desk recording: two real cameras, one hand, and a stereo calibration to score against.

The reference is the calibrated triangulation of our own tracker's 2D keypoints: it is not the
truth, but it uses what the calibration-free path must do without.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from bridge.model.hand import open_hand
from bridge.model.lift import shipped_lifter
from bridge.model.nets import HandNets
from bridge.model.pose import ViewHands
from bridge.model.tracker import HandTracker
from bridge.protocol.joints import BONES, N_BETAS, Side

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "desk_two_views"
VIEWS = ("cam0", "cam1")
RATE_HZ = 30
Array = NDArray[np.float64]


def videos() -> tuple[Path, Path]:
    """The two video files; exits when the recording is not there."""
    paths = (FOLDER / "cam0_test.mp4", FOLDER / "cam1_test.mp4")
    if not all(path.is_file() for path in paths):
        raise SystemExit("needs the recording desk_two_views in shared/data beside the checkout")
    return paths


def track(
    progress: Callable[[int], None] = lambda _: None, *, lifted: bool = True
) -> list[list[ViewHands]]:
    """What our tracker sees, ``[frame][view]``; the landmark net's own shapes if not lifted."""
    tracker = HandTracker(HandNets(), lift=shipped_lifter() if lifted else None)
    seen = []
    containers = [av.open(str(path)) for path in videos()]
    for pictures in zip(*(c.decode(video=0) for c in containers), strict=False):
        images = {
            view: picture.to_ndarray(format="rgb24")
            for view, picture in zip(VIEWS, pictures, strict=True)
        }
        seen.append(tracker.track(images))
        progress(len(seen))
    for container in containers:
        container.close()
    return seen


def _numbers(path: Path) -> list[list[float]]:
    rows = []
    for line in path.read_text().splitlines():
        try:
            rows.append([float(word) for word in line.split()])
        except ValueError:
            continue
    return [row for row in rows if row]


def _camera(k: int) -> tuple[Array, Array, Array]:
    """Intrinsics ``(3, 3)``, distortion ``(5,)`` and ``[R | t]`` ``(3, 4)`` of a camera."""
    rows = _numbers(FOLDER / "calibration" / f"c{k}.dat")
    pose = _numbers(FOLDER / "calibration" / f"rot_trans_c{k}.dat")
    r, t = np.array(pose[:3]), np.concatenate([np.ravel(row) for row in pose[3:6]])
    return np.array(rows[:3]), np.array(rows[3]), np.c_[r, t]


def reference_m(first_px: Array, second_px: Array) -> Array:
    """Calibrated keypoints ``(T, 21, 3)``, metres, of pixels ``(T, 21, 2)`` in both views.

    The calibration's unit is unknown; the clip's median hand is given the size of the open hand.
    """
    points = _triangulate(first_px.reshape(-1, 2), second_px.reshape(-1, 2)).reshape(-1, 21, 3)
    average = open_hand(Side.RIGHT).rest_keypoints(np.zeros(N_BETAS))
    return points * (_size(average) / np.median(_size(points)))


def _size(keypoints: Array) -> Array:
    """Sum of the bones' lengths."""
    parent, child = np.array(BONES).T
    return np.linalg.norm(keypoints[..., child, :] - keypoints[..., parent, :], axis=-1).sum(-1)


def _triangulate(first_px: Array, second_px: Array) -> Array:
    """Linear triangulation of ``(N, 2)`` pixel pairs: ``(N, 3)``, calibration units."""
    rays, poses = [], []
    for k, pixels in enumerate((first_px, second_px)):
        intrinsics, distortion, pose = _camera(k)
        rays.append(cv2.undistortPoints(pixels[:, None], intrinsics, distortion)[:, 0])
        poses.append(pose)
    homogeneous = cv2.triangulatePoints(*poses, *(ray.T.copy() for ray in rays))
    return np.asarray((homogeneous[:3] / homogeneous[3]).T, dtype=np.float64)
