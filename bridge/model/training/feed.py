"""Batches in the order of the steps, made while the steps before are computed."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.model.training.sample import Batch, SampleSource

__all__ = ["BatchPlan", "batches"]


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
        order = _order(self.seed, epoch, self.samples)
        chosen = np.resize(order[place * self.batch :], self.batch) + epoch * self.samples
        low, high = self.views
        views = int(np.random.default_rng((self.seed, epoch, place)).integers(low, high + 1))
        return [int(number) for number in chosen[self.rank :: self.processes]], views


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, samples: int) -> NDArray[np.int64]:
    """An epoch's order; DexYCB's 400,000 samples take too long to shuffle at every step."""
    return np.random.default_rng((seed, epoch)).permutation(samples)


def batches(
    source: SampleSource[Any], plan: BatchPlan, first: int, last: int, workers: int = 1
) -> Generator[Batch, None, None]:
    """Batches of the steps from ``first`` to before ``last``, some made ahead.

    Numbers count on from epoch to epoch; a source of finite size takes them modulo its length and
    draws another augmentation for each epoch. Whatever making one raised is raised in its turn.

    Args:
        source: Makes them; a batch is a function of its numbers, so threads change nothing.
        plan: Which.
        first: Step to begin with.
        last: Step to end before.
        workers: Threads; decoding pictures and PyTorch's operators run beside each other.
    """

    def make(step: int) -> Batch:
        numbers, views = plan.step(step)
        batch: Batch = source.batch(numbers, views=views, augment=True)
        return batch

    pool = ThreadPoolExecutor(workers, thread_name_prefix="batches")
    ahead: deque[Future[Batch]] = deque()
    following = iter(range(first, last))
    try:
        for _ in range(first, last):
            while len(ahead) <= workers and (step := next(following, None)) is not None:
                ahead.append(pool.submit(make, step))
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
