"""What a live room remembers of its views, when it adjusts anew, and whether a camera has moved."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np

from bridge.model.pose import FloatArray, ViewHands
from bridge.model.selfcal.calibrate import Calibration
from bridge.model.selfcal.lenses import Lenses
from bridge.model.selfcal.worker import Keyframes, Runner

__all__ = ["Adjuster", "KeyframeBuffer", "MotionWatch"]

_log = logging.getLogger(__name__)

_KEEP = 240
_INTERVAL_S = 0.12
_FIRST, _GROWTH, _ENOUGH = 12, 2.0, 150
_RETRY_GROWTH = 1.3
"""Where no cameras were found, a few more keyframes may tell."""

# A camera has moved if its error stays at this many times what it was, for so long.
_MOVED_FACTOR, _MOVED_S = 2.5, 1.0
_LEAST_ERROR = 0.02


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


class Adjuster:
    """Adjusts again and again while keyframes come in, then rests.

    Args:
        run: Where adjustments run.
        lenses: What is known of the views' lenses.
    """

    def __init__(self, run: Runner, lenses: Lenses) -> None:
        self._run, self._lenses = run, lenses
        self._next = _FIRST
        self._running: Future[Calibration | None] | None = None
        self._names: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        """Whether an adjustment runs."""
        return self._running is not None

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
            error = running.exception()
            if error is not None:
                _log.warning("the cameras could not be adjusted: %r", error)
            calibration = running.result() if error is None else None
            if calibration is None or calibration.usable.sum() < 2:
                self._next = min(self._next, round(buffer.added * _RETRY_GROWTH))
            if calibration is not None:
                done = self._names, calibration
        if self._running is None and buffer.added >= self._next and len(names) > 1:
            self._next = (
                round(max(buffer.added, _FIRST) * _GROWTH)
                if buffer.added < _ENOUGH
                else np.iinfo(np.int64).max
            )
            self._names = names
            self._running = self._run(buffer.snapshot(), names, self._lenses)
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
