"""Takes of a known piece: with noise as measured, and with what was done to them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sdk_python import Recording
from tests.sdk.motion import Piece, pose_of_angles

RATE_HZ = 60
PIECE = Piece(1, 20)
END_S = PIECE.duration_s

Edit = Callable[[np.ndarray, np.ndarray], np.ndarray]


def lesson_times(end_s: float = END_S, *, tempo: float = 1.0) -> np.ndarray:
    return np.arange(0, end_s, tempo / RATE_HZ)


def take(
    lesson_s: np.ndarray | None = None,
    *,
    noise_deg: float = 0.0,
    slow_deg: float = 0.0,
    constant_deg: float = 0.0,
    seed: int = 0,
    edit: Edit | None = None,
    piece: Piece = PIECE,
    rest_joints_m: np.ndarray | None = None,
) -> Recording:
    """A recording of a piece.

    Noise is white, slow noise keeps for about half a second, a constant error for the whole take.
    """
    lesson_s = lesson_times() if lesson_s is None else lesson_s
    time_s = np.arange(len(lesson_s)) / RATE_HZ
    angles = piece.angles(lesson_s)
    if edit is not None:
        angles = edit(time_s, angles.copy())
    rng = np.random.default_rng(seed)
    angles = angles + rng.normal(0, np.radians(noise_deg), angles.shape)
    angles = angles + np.radians(slow_deg) * slow_noise(rng, angles.shape)
    angles = angles + np.radians(constant_deg) * rng.normal(0, 1, angles.shape[1:])
    return Recording.from_arrays(
        time_s,
        pose_quat=pose_of_angles(angles),
        wrist_m=piece.wrists(lesson_s),
        rest_joints_m=rest_joints_m,
    )


def slow_noise(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Gaussian noise of unit variance with a correlation time of half a second."""
    from scipy.signal import lfilter

    keep = np.exp(-1 / (0.5 * RATE_HZ))
    white = rng.normal(0, np.sqrt(1 - keep**2), shape)
    white[0] = rng.normal(0, 1, shape[1:])
    return lfilter([1.0], [1.0, -keep], white, axis=0)
