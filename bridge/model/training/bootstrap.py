"""How far a mean over samples may be off: percentile bootstrap intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bridge.errors import InputError

__all__ = ["Interval", "bootstrap_mean"]

_RESAMPLES = 2000


class Interval(NamedTuple):
    """A mean and its 95 % interval.

    Attributes:
        mean: Of the samples.
        low: 2.5th percentile of the resampled means.
        high: 97.5th percentile.
    """

    mean: float
    low: float
    high: float


def bootstrap_mean(values: ArrayLike, *, seed: int = 0, resamples: int = _RESAMPLES) -> Interval:
    """The mean of samples with its 95 % percentile interval (Efron 1979).

    Args:
        values: ``(S,)`` one number a sample; NaN ones are left out.
        seed: Of the resampling: the same seed and size draw the same samples, so two intervals of
            one test set can be compared.
        resamples: How often.

    Raises:
        InputError: Nothing finite is left.
    """
    sample = np.asarray(values, np.float64)
    sample = sample[np.isfinite(sample)]
    if not sample.size:
        raise InputError("no finite value to take a mean of")
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(sample.size, np.full(sample.size, 1 / sample.size), size=resamples)
    means = counts @ sample / sample.size
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(sample.mean()), float(low), float(high))
