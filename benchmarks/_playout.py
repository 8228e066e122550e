"""The input of bridge/web/benchmarks/playout.ts, number for number, and its figures.

A display of 90 frames a second is fed 30 poses a second over an ordered connection that takes
60 ms and up to so much more by chance. A wrist swings as a pianist's does and a finger taps.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Iterator, Sequence

import numpy as np

SEND_HZ, DISPLAY_HZ = 30, 90
BASE_MS = 60
JITTERS_MS = (0, 10, 20, 40, 60, 80)
SEEDS = (1, 2, 3, 4, 5)
WARM_UP_MS, DURATION_MS = 4000, 34_000

Figures = dict[str, dict[str, float]]


def motion(time_ms: float) -> tuple[np.ndarray, float]:
    """Where the wrist is, metres, and how far the index finger is bent, radians."""
    t = time_ms / 1000

    def wave(hz: float, phase: float = 0.0) -> float:
        return math.sin(2 * math.pi * hz * t + phase)

    wrist = [0.1 * wave(0.5) + 0.02 * wave(1.7, 1), 0.01 * wave(3), 0.02 * wave(0.9, 2)]
    return np.array(wrist), 0.5 + 0.3 * wave(3, 0.5)


def trace(jitter_ms: float, seed: int) -> tuple[list[str], list[float]]:
    """Lines for the console's ``playout``, and the moments of its frames, milliseconds."""
    arrivals = list(_arrivals(jitter_ms, seed))
    lines, frames = [], []
    following, now_ms = 0, 0.0
    while now_ms < DURATION_MS:
        while following < len(arrivals) and arrivals[following][1] <= now_ms:
            time_ms, arrived_ms = arrivals[following]
            wrist, bend = motion(time_ms)
            numbers = [
                time_ms,
                arrived_ms,
                *wrist,
                0.0,
                0.0,
                math.sin(bend / 2),
                math.cos(bend / 2),
            ]
            lines.append("push " + " ".join(repr(float(number)) for number in numbers))
            following += 1
        lines.append(f"draw {now_ms!r}")
        frames.append(now_ms)
        now_ms += 1000 / DISPLAY_HZ
    return lines, frames


def played(command: Sequence[str], jitter_ms: float, seed: int) -> tuple[Figures, int]:
    """Figures of one run through a player, and the frames without a hand."""
    lines, frames = trace(jitter_ms, seed)
    done = subprocess.run(
        [*command, "playout"], input="\n".join(lines), capture_output=True, text=True, check=True
    )
    drawn, absent = [], 0
    for now_ms, answer in zip(frames, done.stdout.splitlines(), strict=True):
        if now_ms < WARM_UP_MS:
            continue
        if answer == "-":
            absent += 1
            continue
        delay_ms, _, *numbers = (float(word) for word in answer.split(" "))
        drawn.append((now_ms, delay_ms, *numbers))
    return _figures(np.array(drawn)), absent


def medians(runs: Sequence[Figures]) -> Figures:
    """Medians over the seeds, figure by figure, to three digits."""
    return {
        name: {key: float(f"{_quantile([run[name][key] for run in runs], 0.5):.3g}") for key in one}
        for name, one in runs[0].items()
    }


def _arrivals(jitter_ms: float, seed: int) -> Iterator[tuple[float, float]]:
    state, before, time_ms = seed * 7919, 0.0, 0.0
    while time_ms < DURATION_MS:
        state = state * 48271 % 0x7FFFFFFF
        before = max(before, time_ms + BASE_MS + state / 0x7FFFFFFF * jitter_ms)
        yield time_ms, before
        time_ms += 1000 / SEND_HZ


def _figures(drawn: np.ndarray) -> Figures:
    now_ms, delays_ms, wrists, turns = drawn[:, 0], drawn[:, 1], drawn[:, 2:5], drawn[:, 5:]
    median_ms = _quantile(delays_ms, 0.5)
    truth = [motion(moment - median_ms) for moment in now_ms]
    wrist = 1000 * np.linalg.norm(wrists - [place for place, _ in truth], axis=1)
    bends = 2 * np.arctan2(turns[:, 2], turns[:, 3])
    bend = np.degrees(np.abs(bends - [bent for _, bent in truth]))
    return {
        "wrist_error_mm": {"rms": _rms(wrist), "p95": _quantile(wrist, 0.95)},
        "finger_error_deg": {"rms": _rms(bend), "p95": _quantile(bend, 0.95)},
        "added_delay_ms": {
            "p50": median_ms - BASE_MS,
            "p95": _quantile(delays_ms, 0.95) - BASE_MS,
        },
    }


def _quantile(values: Sequence[float] | np.ndarray, share: float) -> float:
    ordered = np.sort(values)
    # As JavaScript rounds: half upwards.
    return float(ordered[math.floor(share * (len(ordered) - 1) + 0.5)])


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))
