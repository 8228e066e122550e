"""What a difference may be: as much as the teacher differs from themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["clearly_beyond", "repeatability"]

Floats = NDArray[np.floating[Any]]


def repeatability(takes: Sequence[Floats]) -> Floats | None:
    """The smallest detectable change of each feature, from repeated takes.

    ``MDC95 = 1.96 sqrt(2) SEM`` (Weir 2005, "Quantifying test-retest reliability"); the standard
    error of measurement is the standard deviation between takes at one moment, pooled over all.

    Args:
        takes: Each ``(N, F)`` at the same moments; NaN where missing.

    Returns:
        ``(F,)`` in the unit of the features, NaN where no moment has two takes; None with fewer
        than two takes.
    """
    if len(takes) < 2:
        return None
    stack = np.stack(takes)
    count = np.isfinite(stack).sum(0)
    several = count > 1
    mean = np.nansum(stack, axis=0) / np.maximum(count, 1)
    squares = np.nansum((stack - mean) ** 2, axis=0)
    freedom = np.where(several, count - 1, 0).sum(0)
    pooled = np.where(several, squares, 0).sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = 1.96 * np.sqrt(2) * np.sqrt(pooled / freedom)
    return found


def clearly_beyond(mdc95: Floats, moments: float) -> Floats:
    """What a difference must exceed to be no accident anywhere in a lesson.

    MDC95 is exceeded by chance in 5 % of the time. Of ``moments`` independent ones (Bonferroni) the
    largest exceeds this in 5 % of the lessons.

    Args:
        mdc95: As `repeatability` gives it.
        moments: How many moments there are that do not depend on each other.
    """
    from scipy.special import ndtri

    return mdc95 * float(-ndtri(0.025 / max(moments, 1.0))) / 1.96
