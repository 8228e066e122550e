"""How near the reconstruction came to the truth: the last line that the demo prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.demo.truth import STAGE_VIEW, joints_in_stage
from bridge.errors import InputError
from bridge.model import metrics
from bridge.protocol.joints import N_KEYPOINTS, Side

__all__ = ["DemoScore", "capture_clock", "score_poses"]

CaptureClock = Callable[[NDArray[np.int64]], NDArray[np.float64]]
"""Piece times in seconds of capture times in nanoseconds, ``(P,)`` both."""


class DemoScore(TypedDict):
    """Errors over all poses received; None where no hand was.

    Attributes:
        poses: Poses received.
        mpjpe_mm: Mean error of the 21 keypoints, both hands moved to the true wrist's place: in
            the stage's axes and metres, so wrong orientation and wrong size count.
        pa_mpjpe_mm: The same after rotation, scale and translation of each hand: shape alone.
        position_error_mm: Mean distance of the wrist from where it is.
        coverage: Share of poses that have the hand, 0 to 1, by side: ``left``, ``right``.
    """

    poses: int
    mpjpe_mm: float | None
    pa_mpjpe_mm: float | None
    position_error_mm: float | None
    coverage: dict[str, float | None]


def capture_clock(start_ns: int) -> CaptureClock:
    """The clock of a publisher that plays the clips in a loop without a pause.

    Args:
        start_ns: When its first frame, the start of the piece, was captured.
    """
    return lambda time_ns: (time_ns - start_ns) / 1e9


def score_poses(
    time_ns: ArrayLike,
    joints_m: ArrayLike,
    *,
    clock: CaptureClock,
    view: str = STAGE_VIEW,
) -> DemoScore:
    """Compares received poses with the truth at their capture times.

    A wrong capture time is an error as any other: at 0.3 m/s, 10 ms are 3 mm of position.

    Args:
        time_ns: ``(P,)`` capture times as received.
        joints_m: ``(P, 2, 21, 3)`` keypoints in the stage, metres, NaN where a hand is absent.
        clock: What the piece's time was then, for example `capture_clock`.
        view: The view whose camera is the stage.

    Raises:
        InputError: The shapes do not fit, or there is no such view.
    """
    times = np.asarray(time_ns, np.int64)
    joints = np.asarray(joints_m, np.float64)
    if joints.shape != (*times.shape, len(Side), N_KEYPOINTS, 3) or times.ndim != 1:
        raise InputError(
            f"poses need times (P,) and joints (P, 2, 21, 3), got {times.shape}, {joints.shape}"
        )
    true = joints_in_stage(clock(times), view)
    present = np.asarray(np.isfinite(joints).all((-1, -2)))
    return DemoScore(
        poses=len(times),
        mpjpe_mm=_value(metrics.mpjpe_mm(joints, true, root=0)),
        pa_mpjpe_mm=_value(metrics.pa_mpjpe_mm(joints, true)),
        position_error_mm=_value(metrics.mpjpe_mm(joints[..., :1, :], true[..., :1, :])),
        coverage={
            side.name.lower(): float(present[:, side].mean()) if len(times) else None
            for side in Side
        },
    )


def _value(score: metrics.Score) -> float | None:
    return score.value if score.used else None
