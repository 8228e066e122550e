"""Where adjustments run: in a process beside the bridge, so that no frame waits for them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import Connection

from bridge.model.pose import ViewHands
from bridge.model.selfcal.calibrate import Calibration
from bridge.model.selfcal.lenses import Lens, Lenses, lens_priors
from bridge.model.selfcal.whose import calibrate_views

__all__ = ["Keyframes", "Runner", "adjust", "end_worker", "in_process", "in_this_thread"]

Keyframes = list[tuple[float, tuple[ViewHands, ...]]]
"""Instants, ``(time in seconds, what each view sees)``."""

_NOTHING: dict[str, Lens] = {}

Runner = Callable[[Keyframes, tuple[str, ...], Lenses], "Future[Calibration | None]"]
"""Starts an adjustment of keyframes of named views, of whose lenses something may be known."""


def adjust(
    keyframes: Keyframes, names: tuple[str, ...], lenses: Lenses = _NOTHING
) -> Calibration | None:
    """Self-calibration of keyframes; the first named view is the stage."""
    return calibrate_views(keyframes, names, lenses=lens_priors(names, lenses))


def in_this_thread(
    keyframes: Keyframes, names: tuple[str, ...], lenses: Lenses = _NOTHING
) -> Future[Calibration | None]:
    """Adjusts at once: for files and tests, where every run must give the same."""
    future: Future[Calibration | None] = Future()
    future.set_result(adjust(keyframes, names, lenses))
    return future


class _Worker:
    """A process that adjusts until it is closed, or until the process that began it is gone."""

    def __init__(self) -> None:
        # It is to take what is left of the processor: one thread, whatever it is asked to multiply.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # Forked workers would inherit the threads' locks of whoever forks.
        context = multiprocessing.get_context("spawn")
        theirs, self._lifeline = context.Pipe(duplex=False)
        self._pool = ProcessPoolExecutor(
            1, mp_context=context, initializer=_begin, initargs=(theirs,)
        )

    def submit(
        self, keyframes: Keyframes, names: tuple[str, ...], lenses: Lenses
    ) -> Future[Calibration | None]:
        return self._pool.submit(adjust, keyframes, names, lenses)

    def close(self) -> None:
        """Ends it at once, whatever it is at."""
        self._lifeline.close()
        self._pool.shutdown(cancel_futures=True)


def _begin(lifeline: Connection) -> None:
    """Takes what is left of the processor, and lives as long as the lifeline's other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the bridge, which ends this too
    if hasattr(os, "nice"):
        os.nice(10)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    lifeline.poll(None)  # nothing is ever sent: this returns when the other end is closed
    os._exit(0)


_worker: _Worker | None = None


def in_process(
    keyframes: Keyframes, names: tuple[str, ...], lenses: Lenses = _NOTHING
) -> Future[Calibration | None]:
    """Adjusts in another process, one for all rooms: frames go on meanwhile.

    The process begins with the first adjustment; `end_worker` ends it.
    """
    global _worker
    if _worker is not None:
        try:
            return _worker.submit(keyframes, names, lenses)
        except BrokenProcessPool:  # somebody killed it: the next adjustment gets a new one
            _worker.close()
    _worker = _Worker()
    return _worker.submit(keyframes, names, lenses)


def end_worker() -> None:
    """Ends the process of `in_process`, if there is one, without waiting for its adjustment."""
    global _worker
    if _worker is not None:
        _worker.close()
        _worker = None
