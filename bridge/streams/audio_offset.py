"""Offset and clock drift between two recordings of the same sound.

Generalised cross-correlation with phase transform (Knapp and Carter, "The Generalized Correlation
Method for Estimation of Time Delay", IEEE Trans. ASSP 24(4), 1976) of short windows of one
recording with the other, and a robust line through the delays of all windows. The phase transform
makes gain, equalisation and hum matter little, and its peak is sharp.

Two microphones at different distances from the source hear it at different times, 2.9 ms a metre:
no method that only listens can know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from bridge.errors import InputError
from bridge.streams.audio import Audio

__all__ = ["AudioOffset", "audio_offset"]

FloatArray = NDArray[np.floating]

_WINDOW_S = (1.5, 6.0)
_WINDOWS_APART = 4
_MOST_WINDOWS = 40
_LEAST_OVERLAP_S = 0.5
_BAND_HZ = (80.0, 7500.0)
_SILENT = 1e-5
_CANDIDATES = 3
_CANDIDATE_APART_S = 0.002
# The largest of a million lags of noise reaches some 5.3 standard deviations. Clicks and tones of
# unrelated sounds reach far more, but not at one delay in several windows.
_LEAST_PEAK = 6.0
_LEAST_AGREE = 3
_AGREE_S = 0.001
_MOST_DRIFT_PPM = 300.0
_DRIFT_PRIOR_S = 1.0
_FLOOR_S = 2e-5


@dataclass(frozen=True, slots=True)
class AudioOffset:
    """How two recordings lie in time: ``t_first = offset_s + (1 + drift) t_second``.

    Attributes:
        offset_s: How much later the second begins than the first, seconds.
        drift_ppm: How much slower the second's clock runs, parts in a million.
        spread_s: Standard deviation of the offset in the middle of what was compared.
        peak_to_noise: Median height of the agreeing windows' correlation peaks in standard
            deviations of the rest.
        windows: How many windows agree.
        trusted: Whether to believe it; the numbers mean little otherwise.
        reason: In words, for the user.
    """

    offset_s: float
    drift_ppm: float
    spread_s: float
    peak_to_noise: float
    windows: int
    trusted: bool
    reason: str


def audio_offset(first: Audio, second: Audio, *, max_offset_s: float = 30.0) -> AudioOffset:
    """Finds where the second recording lies on the first one's time line.

    Args:
        first: One recording; zero on its time line is its video's first frame.
        second: The other, at the same rate.
        max_offset_s: Largest offset that is looked for.

    Raises:
        InputError: The rates differ, or the largest offset is not positive.
    """
    if first.rate_hz != second.rate_hz:
        raise InputError(
            f"decode both sounds at one rate, not at {first.rate_hz} and {second.rate_hz} Hz"
        )
    if not 0 < max_offset_s < 3600:
        raise InputError(f"the largest offset must be above 0 and below 3600 s, not {max_offset_s}")
    if any(_silent(a.samples) for a in (first, second)):
        return _refused("one of the videos is silent")
    # Windows of the longer recording would often lie outside the shorter one.
    swapped = second.duration_s > first.duration_s
    base, probe = (second, first) if swapped else (first, second)
    length_s = float(np.clip(probe.duration_s / _WINDOWS_APART, *_WINDOW_S))
    found = [
        window
        for start_s in _window_starts(probe, length_s)
        if (window := _correlate(base, probe, start_s, length_s, max_offset_s)) is not None
    ]
    if not found:
        return _refused("the sounds have no part in common")
    result = _agreement(found, length_s, (base.start_s, base.end_s))
    return _swapped(result) if swapped else result


@dataclass(frozen=True, slots=True)
class _Window:
    """Candidate delays of one window: its middle, and delays and heights, highest first."""

    time_s: float
    delays_s: FloatArray
    heights: FloatArray


def _silent(samples: FloatArray) -> bool:
    return len(samples) == 0 or float(np.abs(samples - samples.mean()).max()) < _SILENT


def _window_starts(audio: Audio, length_s: float) -> FloatArray:
    """Starts of half overlapping windows, or of fewer where there would be too many."""
    room = max(0.0, audio.duration_s - length_s)
    count = min(_MOST_WINDOWS, 1 + int(np.ceil(room / (length_s / 2) - 1e-6)))
    return audio.start_s + np.linspace(0.0, room, count)


def _correlate(
    base: Audio, probe: Audio, start_s: float, length_s: float, max_offset_s: float
) -> _Window | None:
    """The best delays of one window of ``probe`` in ``base``; None where it says nothing."""
    rate = base.rate_hz
    at = round((start_s - probe.start_s) * rate)
    window = probe.samples[at : at + round(length_s * rate)].astype(np.float64)
    low = max(0, round((start_s - max_offset_s - base.start_s) * rate))
    high = round((start_s + max_offset_s - base.start_s) * rate) + len(window)
    stretch = base.samples[low : max(high, low)].astype(np.float64)
    least = round(_LEAST_OVERLAP_S * rate)
    if min(len(window), len(stretch)) < least or _silent(window) or _silent(stretch):
        return None
    curve = _gcc_phat(stretch, window, rate)
    # Lag 0 is where the window begins with the stretch; negative ones lie at the curve's end.
    lags = np.arange(least - len(window), len(stretch) - least + 1)
    delays = (lags + low) / rate + base.start_s - (at / rate + probe.start_s)
    lags = lags[np.abs(delays) <= max_offset_s]
    if len(lags) < 3:
        return None
    heights = curve[lags]
    noise = 1.4826 * np.median(np.abs(heights - np.median(heights)))
    if not noise > 0:
        return None
    peaks = _peaks(heights, round(_CANDIDATE_APART_S * rate))
    exact = np.array([lags[p] + _parabola(heights, p) for p in peaks])
    delays = (exact + low) / rate + base.start_s - (at / rate + probe.start_s)
    return _Window(start_s + len(window) / rate / 2, delays, heights[peaks] / noise)


def _gcc_phat(stretch: FloatArray, window: FloatArray, rate_hz: int) -> FloatArray:
    """Phase-transformed correlation, cyclic over more than both lengths."""
    size = fft.next_fast_len(len(stretch) + len(window), real=True)
    taper = np.hanning(len(window) + 2)[1:-1]
    cross = fft.rfft(stretch - stretch.mean(), size) * np.conj(
        fft.rfft((window - window.mean()) * taper, size)
    )
    size_of = np.abs(cross)
    hz = np.arange(len(cross)) * (rate_hz / size)
    use = (hz >= _BAND_HZ[0]) & (hz <= min(_BAND_HZ[1], 0.47 * rate_hz))
    use &= size_of > 1e-9 * size_of.max()
    white = np.where(use, cross / np.maximum(size_of, 1e-300), 0)
    curve: FloatArray = fft.irfft(white, size)
    return curve


def _peaks(heights: FloatArray, apart: int) -> NDArray[np.intp]:
    """The highest few samples that are not near a higher one."""
    left = heights.copy()
    found = []
    for _ in range(_CANDIDATES):
        best = int(left.argmax())
        if not np.isfinite(left[best]) or left[best] <= 0:
            break
        found.append(best)
        left[max(0, best - apart) : best + apart + 1] = -np.inf
    return np.array(found, dtype=np.intp)


def _parabola(heights: FloatArray, peak: int) -> float:
    """Place of the summit of the parabola through a peak and its neighbours, -0.5 to 0.5."""
    if not 0 < peak < len(heights) - 1:
        return 0.0
    before, here, after = heights[peak - 1 : peak + 2]
    bend = before - 2 * here + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _agreement(found: list[_Window], length_s: float, span_s: tuple[float, float]) -> AudioOffset:
    """The line that most windows' delays lie on, weighed by how high their peaks are."""
    time = np.concatenate([np.full(len(w.delays_s), w.time_s) for w in found])
    owner = np.concatenate([np.full(len(w.delays_s), k) for k, w in enumerate(found)])
    delay = np.concatenate([w.delays_s for w in found])
    height = np.concatenate([w.heights for w in found])
    clear = height >= _LEAST_PEAK
    if not clear.any():
        return _refused("the sounds are not of the same moment, or noise drowns what they share")
    best, inside = -1.0, clear
    for k in np.flatnonzero(clear):
        for drift in _drifts(time, delay, clear, int(k)):
            near = clear & (np.abs(delay - delay[k] - drift * (time - time[k])) < _AGREE_S)
            score = float(height[near].sum())
            if score > best:
                best, inside = score, near
    offset, drift, spread = _line(time[inside], delay[inside], height[inside])
    agree = len(set(owner[inside]))
    peak = float(np.median(height[inside]))
    # Of the windows that say anything, those that lie within the other recording at this offset.
    within = (time + offset > span_s[0]) & (time + offset < span_s[1])
    speaking = len(set(owner[clear & (within | inside)]))
    # Windows that overlap hear the same event: two that do not have to agree.
    apart = float(np.ptp(time[inside])) >= 0.99 * length_s
    trusted = agree >= _LEAST_AGREE and agree * 2 > speaking and apart
    reason = f"{agree} of {speaking} windows of sound agree, {peak:.0f} times above the noise"
    if not trusted:
        reason = f"the sounds are not clearly of the same moment: only {reason}"
    return AudioOffset(offset, drift * 1e6, spread, peak, agree, trusted, reason)


def _drifts(time: FloatArray, delay: FloatArray, clear: NDArray[np.bool_], k: int) -> list[float]:
    """Possible drifts of a line through peak ``k``: none, and one through each other peak."""
    apart = time - time[k]
    slope = np.divide(delay - delay[k], apart, out=np.full_like(apart, np.inf), where=apart != 0)
    possible = clear & (np.abs(slope) <= _MOST_DRIFT_PPM * 1e-6)
    return [0.0, *slope[possible]]


def _line(time: FloatArray, delay: FloatArray, height: FloatArray) -> tuple[float, float, float]:
    """Offset at time zero, slope, and the spread in the middle, by Cauchy-weighted least squares.

    Clocks of devices are good to some tens of parts in a million, which windows that lie within a
    second or so cannot show: their slope is drawn to zero.
    """
    middle = float(np.average(time, weights=height))
    apart, weight = time - middle, np.ones(len(time))
    offset, slope, spread = 0.0, 0.0, _FLOOR_S
    for _ in range(10):
        information = (weight * apart**2).sum() + _DRIFT_PRIOR_S**2
        offset = float(np.average(delay - slope * apart, weights=weight))
        slope = float((weight * apart * (delay - offset)).sum() / information)
        error = delay - offset - slope * apart
        spread = max(_FLOOR_S, 1.4826 * float(np.median(np.abs(error))))
        weight = 1 / (1 + (error / (2 * spread)) ** 2)
    return offset - slope * middle, slope, float(spread / np.sqrt(max(1.0, weight.sum())))


def _swapped(found: AudioOffset) -> AudioOffset:
    """The same with the recordings exchanged."""
    scale = 1 + found.drift_ppm * 1e-6
    return AudioOffset(
        -found.offset_s / scale,
        (1 / scale - 1) * 1e6,
        found.spread_s,
        found.peak_to_noise,
        found.windows,
        found.trusted,
        found.reason,
    )


def _refused(reason: str) -> AudioOffset:
    return AudioOffset(0.0, 0.0, float("inf"), 0.0, 0, False, reason)
