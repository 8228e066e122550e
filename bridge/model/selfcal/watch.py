"""What a live room remembers of its views, when it adjusts anew, and whether a camera has moved."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache

import numpy as np

from bridge.model.pose import FloatArray, ViewHands
from bridge.model.selfcal.calibrate import Calibration, calibrate
from bridge.model.selfcal.tracks import tracks_of

__all__ = ["Adjuster", "KeyframeBuffer", "MotionWatch", "in_process", "in_this_thread"]

_KEEP = 240
_INTERVAL_S = 0.12
_FIRST, _GROWTH, _ENOUGH = 12, 1.6, 150

# A camera has moved if its error stays at this many times what it was, for so long.
_MOVED_FACTOR, _MOVED_S = 2.5, 1.0
_LEAST_ERROR = 0.02

Keyframes = list[tuple[float, tuple[ViewHands, ...]]]
"""Instants, ``(time in seconds, what each view sees)``."""

Runner = Callable[[Keyframes, tuple[str, ...]], "Future[Calibration | None]"]
"""Starts an adjustment of keyframes of named views."""


class KeyframeBuffer:
    """Instants at which two views saw the same hand; the oldest go first when it is full."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, tuple[ViewHands, ...]]] = deque(maxlen=_KEEP)
        self._added = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def added(self) -> int:
        """How many were ever added since it was cleared."""
        return self._added

    def add(self, time_s: float, views: Sequence[ViewHands]) -> None:
        """Keeps an instant if it tells anything new."""
        if self._kept and 0 <= time_s - self._kept[-1][0] < _INTERVAL_S:
            return
        shared = any(sum(view.hands[side] is not None for view in views) > 1 for side in (0, 1))
        if shared:
            self._kept.append((time_s, tuple(views)))
            self._added += 1

    def since(self, time_s: float) -> None:
        """Forgets what is older."""
        self._kept = deque((k for k in self._kept if k[0] >= time_s), maxlen=_KEEP)
        self._added = len(self._kept)

    def snapshot(self) -> Keyframes:
        """All that is kept."""
        return list(self._kept)


def adjust(keyframes: Keyframes, names: tuple[str, ...]) -> Calibration | None:
    """Self-calibration of keyframes; the first named view is the stage."""
    return calibrate(tracks_of(keyframes, names))


def _begin_worker() -> None:
    """An adjustment may take what is left of the processor, but no frame waits for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the bridge, which ends this too
    if hasattr(os, "nice"):
        os.nice(10)


@cache
def _pool() -> ProcessPoolExecutor:
    # Forked workers would inherit the threads' locks of whoever forks.
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_begin_worker)


def in_process(keyframes: Keyframes, names: tuple[str, ...]) -> Future[Calibration | None]:
    """Adjusts in another process, one for all rooms: frames go on meanwhile."""
    return _pool().submit(adjust, keyframes, names)


def in_this_thread(keyframes: Keyframes, names: tuple[str, ...]) -> Future[Calibration | None]:
    """Adjusts at once: for files and tests, where every run must give the same."""
    future: Future[Calibration | None] = Future()
    future.set_result(adjust(keyframes, names))
    return future


class Adjuster:
    """Adjusts again and again while keyframes come in, then rests.

    Args:
        run: Where adjustments run.
    """

    def __init__(self, run: Runner) -> None:
        self._run = run
        self._next = _FIRST
        self._running: Future[Calibration | None] | None = None
        self._names: tuple[str, ...] = ()

    def begin_anew(self) -> None:
        """As if nothing had been adjusted yet; what is running is forgotten."""
        self._next, self._running = _FIRST, None

    def step(
        self, buffer: KeyframeBuffer, names: tuple[str, ...]
    ) -> tuple[tuple[str, ...], Calibration] | None:
        """Starts an adjustment if it is time, and gives one that has ended, with its views."""
        done = None
        if self._running is not None and self._running.done():
            running, self._running = self._running, None
            calibration = None if running.exception() else running.result()
            if calibration is not None:
                done = self._names, calibration
        if self._running is None and buffer.added >= self._next and len(names) > 1:
            self._next = (
                round(max(buffer.added, _FIRST) * _GROWTH)
                if buffer.added < _ENOUGH
                else np.iinfo(np.int64).max
            )
            self._names = names
            self._running = self._run(buffer.snapshot(), names)
            if self._running.done() and done is None:
                return self.step(buffer, names)
        return done


class MotionWatch:
    """Notices that a camera no longer is where it was: what the views see falls apart.

    Of two views that contradict each other either may carry the error, so it is not asked which.

    Args:
        usual: ``(V,)`` errors of the calibration, in hand sizes.
    """

    def __init__(self, usual: FloatArray) -> None:
        self._limit = _MOVED_FACTOR * np.maximum(usual, _LEAST_ERROR)
        self._since: float | None = None

    @property
    def suspicious(self) -> bool:
        """Whether what was seen last did not fit: nothing should be learned from it."""
        return self._since is not None

    def moved(self, time_s: float, errors: Sequence[FloatArray]) -> float | None:
        """Since when a camera has been elsewhere, or None if none has moved.

        Args:
            time_s: Now.
            errors: For each hand ``(V,)``, NaN where a view does not see it.
        """
        told = [error for error in errors if np.isfinite(error).sum() > 1]
        if not told:
            return None
        if all((np.nan_to_num(error) > self._limit).any() for error in told):
            self._since = time_s if self._since is None else self._since
            if time_s - self._since > _MOVED_S:
                return self._since
        else:
            self._since = None
        return None
