"""Batches in the order of the steps, made while the step before is computed."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from bridge.model.training.sample import HandViews, SampleSource

__all__ = ["BatchPlan", "batches"]

_AHEAD = 2


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """Which samples make which step: a function of the seed alone, so that a resumed run goes on.

    Attributes:
        samples: Samples in an epoch.
        batch: Samples a step, over all processes.
        views: Least and most views, drawn step by step.
        seed: Of the order and of the views.
        rank: This process.
        processes: How many there are; each takes its share of every batch.
    """

    samples: int
    batch: int
    views: tuple[int, int]
    seed: int
    rank: int = 0
    processes: int = 1

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in an epoch; the rest of a shuffled epoch is left out."""
        return max(1, self.samples // self.batch)

    def step(self, step: int) -> tuple[list[int], int]:
        """The sample numbers of this process at a step, and how many views they have."""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = np.random.default_rng((self.seed, epoch)).permutation(self.samples)
        chosen = np.resize(order[place * self.batch :], self.batch) + epoch * self.samples
        low, high = self.views
        views = int(np.random.default_rng((self.seed, epoch, place)).integers(low, high + 1))
        return [int(number) for number in chosen[self.rank :: self.processes]], views


def batches(source: SampleSource, plan: BatchPlan, first: int, last: int) -> Iterator[HandViews]:
    """Batches of the steps from ``first`` to before ``last``, two made ahead.

    Numbers count on from epoch to epoch; a source of finite size takes them modulo its length and
    draws another augmentation for each epoch.
    """
    ready: queue.Queue[HandViews | BaseException] = queue.Queue(_AHEAD)
    stop = threading.Event()

    def put(item: HandViews | BaseException) -> None:
        while not stop.is_set():
            try:
                ready.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    def make() -> None:
        try:
            for step in range(first, last):
                numbers, views = plan.step(step)
                put(source.batch(numbers, views=views, augment=True))
                if stop.is_set():
                    return
        except BaseException as error:  # It is raised where the batch is taken.
            put(error)

    worker = threading.Thread(target=make, name="batches", daemon=True)
    worker.start()
    with closing(_Stop(stop, worker)):
        for _ in range(first, last):
            item = ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item


class _Stop:
    """Ends the worker however the generator ends."""

    def __init__(self, stop: threading.Event, worker: threading.Thread) -> None:
        self._stop, self._worker = stop, worker

    def close(self) -> None:
        self._stop.set()
        self._worker.join()
