"""How hands move: speed, smoothness, key presses, and how well both hands keep together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError
from bridge.protocol.joints import FINGERS, Side

__all__ = ["Press", "hand_lag", "key_presses", "sparc", "speed"]

Floats = NDArray[np.floating[Any]]

_CUTOFF_HZ = 8.0
_LEAST_SPEED_M_S = 0.08
_LEAST_DEPTH_M = 0.004
_STOPPED = 0.25
_TOGETHER_S = 0.15
_LEAST_PAIRS = 5


@dataclass(frozen=True, slots=True)
class Press:
    """One stroke of a finger.

    Attributes:
        hand: Whose finger.
        finger: Which, as an index into ``FINGERS``.
        time_s: When it has reached the bottom.
        depth_m: How far it went down.
        speed_m_s: How fast at most.
    """

    hand: Side
    finger: int
    time_s: float
    depth_m: float
    speed_m_s: float


def speed(points_m: ArrayLike, time_s: ArrayLike) -> Floats:
    """How fast points move, by central differences.

    Differences amplify noise: low-pass points first where they come from cameras.

    Args:
        points_m: ``(T, ..., 3)``, NaN where absent.
        time_s: ``(T,)`` strictly rising.

    Returns:
        ``(T, ...)`` metres a second; NaN beside what is absent.

    Raises:
        InputError: Fewer than two moments, or times that do not rise.
    """
    points, times = _moments(points_m, time_s)
    velocity = np.gradient(points, times, axis=0)
    fast: Floats = np.linalg.norm(velocity, axis=-1)
    return fast


def sparc(speed_m_s: ArrayLike, rate_hz: float) -> float:
    """Smoothness of one movement: the spectral arc length of its speed.

    Balasubramanian, Melendez-Calderon, Roby-Brami and Burdet 2015, "On the analysis of movement
    smoothness", eq. 1, with its cutoff (10 Hz, amplitude 0.05) and zero padding (to four octaves
    more). It depends on neither how fast nor how large a movement is.

    Args:
        speed_m_s: ``(T,)`` of one movement, without gaps.
        rate_hz: Moments a second.

    Returns:
        Below zero: about -1.4 for a single smooth reach, less the more halting it is.

    Raises:
        InputError: Fewer than four moments, a gap, or no movement at all.

    Example:
        >>> import numpy as np, sdk_python as sdk
        >>> t = np.linspace(0, 1, 101)
        >>> round(sdk.features.sparc(30 * (t**2 - 2 * t**3 + t**4), 100), 2)  # minimum jerk
        -1.41
    """
    values = np.asarray(speed_m_s, dtype=float)
    if values.ndim != 1 or len(values) < 4 or not np.isfinite(values).all():
        raise InputError("smoothness needs at least four moments of speed without a gap, (T,)")
    if not values.any():
        raise InputError("nothing moves: there is no smoothness to tell")
    size = 2 ** (int(np.ceil(np.log2(len(values)))) + 4)
    frequency = np.fft.rfftfreq(size, 1 / rate_hz)
    amplitude = np.abs(np.fft.rfft(values, size))
    amplitude /= amplitude.max()
    inside = frequency <= 10.0
    frequency, amplitude = frequency[inside], amplitude[inside]
    last = int(np.flatnonzero(amplitude >= 0.05)[-1])
    frequency, amplitude = frequency[: last + 1], amplitude[: last + 1]
    if last == 0:
        return 0.0
    steps = np.hypot(np.diff(frequency) / (frequency[-1] - frequency[0]), np.diff(amplitude))
    return -float(steps.sum())


def key_presses(
    height_m: ArrayLike, time_s: ArrayLike, *, cutoff_hz: float = _CUTOFF_HZ
) -> tuple[Press, ...]:
    """Strokes of fingers: down by 4 mm and more, at 8 cm/s and more, then stopped.

    Heights come from `fingertip_height` where there is an anchor; without one, the fingertips'
    depth in the hand (`fingertips`, minus its towards-the-palm axis) tells of strokes that the
    fingers make, not of those of the arm. Heights are low-passed (Butterworth, second order,
    forwards and backwards) before speeds are taken.

    Args:
        height_m: ``(T, 2, 5)``, NaN where absent.
        time_s: ``(T,)`` strictly rising, evenly within a few per cent.
        cutoff_hz: Of the low-pass.

    Returns:
        In the order of time.
    """
    from scipy.signal import butter, find_peaks, sosfiltfilt

    heights, times = _moments(height_m, time_s)
    if heights.shape[1:] != (2, len(FINGERS)):
        raise InputError(f"heights of all fingers need shape (T, 2, 5), not {heights.shape}")
    rate_hz = 1 / float(np.median(np.diff(times)))
    if cutoff_hz >= rate_hz / 2:
        raise InputError(
            f"{rate_hz:.1f} frames a second are too few for a cutoff of {cutoff_hz} Hz"
        )
    low_pass = butter(2, cutoff_hz, fs=rate_hz, output="sos")
    found = []
    for side in Side:
        for finger in range(len(FINGERS)):
            for start, end in _present(heights[:, side, finger]):
                if end - start < 12:
                    continue
                height = sosfiltfilt(low_pass, heights[start:end, side, finger], padlen=9)
                falling = -np.gradient(height, times[start:end])
                peaks, _ = find_peaks(falling, height=_LEAST_SPEED_M_S)
                for peak in peaks:
                    top, bottom = _stroke(falling, int(peak))
                    depth = float(height[top] - height[bottom])
                    if depth >= _LEAST_DEPTH_M:
                        when = float(times[start + bottom])
                        found.append(Press(side, finger, when, depth, float(falling[peak])))
    return tuple(sorted(found, key=lambda press: press.time_s))


def hand_lag(presses: tuple[Press, ...]) -> tuple[float, float] | None:
    """How much later the right hand presses than the left, where both press together.

    Args:
        presses: As `key_presses` gives them.

    Returns:
        Median and interquartile range, seconds; positive: the right hand is later. None with fewer
        than five pairs within 0.15 s. No finer than a frame for a single pair.
    """
    left, right = (np.array([p.time_s for p in presses if p.hand is side]) for side in Side)
    if not len(left) or not len(right):
        return None
    after = np.clip(np.searchsorted(right, left), 1, max(len(right) - 1, 1))
    near = np.stack([right[np.minimum(after, len(right) - 1)], right[after - 1]]) - left
    lags = np.where(np.abs(near[0]) <= np.abs(near[1]), near[0], near[1])
    lags = lags[np.abs(lags) <= _TOGETHER_S]
    if len(lags) < _LEAST_PAIRS:
        return None
    low, middle, high = np.percentile(lags, [25, 50, 75])
    return float(middle), float(high - low)


def _stroke(falling: Floats, peak: int) -> tuple[int, int]:
    """Where a stroke begins and where it has stopped."""
    limit = _STOPPED * falling[peak]
    top = bottom = peak
    while top > 0 and falling[top - 1] > limit:
        top -= 1
    while bottom < len(falling) - 1 and falling[bottom] > limit:
        bottom += 1
    return top, bottom


def _present(values: Floats) -> list[tuple[int, int]]:
    there = np.concatenate([[False], np.isfinite(values), [False]]).astype(np.int8)
    return [(a, b) for a, b in np.flatnonzero(np.diff(there)).reshape(-1, 2).tolist()]


def _moments(values: ArrayLike, time_s: ArrayLike) -> tuple[Floats, Floats]:
    array, times = np.asarray(values, dtype=float), np.asarray(time_s, dtype=float)
    if times.ndim != 1 or len(times) < 2 or len(array) != len(times):
        raise InputError(
            f"values over time need as many moments as times and at least two: {array.shape} "
            f"values, {times.shape} times"
        )
    if not (np.diff(times) > 0).all():
        raise InputError("times must rise strictly")
    return array, times
