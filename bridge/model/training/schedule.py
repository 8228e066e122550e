"""Where a run is, and its learning rate there."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bridge.model.training.config import ScheduleConfig

__all__ = ["Moment", "rate_factor"]

_COSINE_FLOOR = 0.01


@dataclass(frozen=True, slots=True)
class Moment:
    """A step of a run: losses that come, go or alternate depend on it.

    Attributes:
        step: From 0.
        steps: Length of the run.
    """

    step: int
    steps: int

    @property
    def share(self) -> float:
        """How much of the run is behind it, 0 to 1."""
        return self.step / self.steps


def rate_factor(schedule: ScheduleConfig, step: int, steps: int) -> float:
    """What the learning rate is multiplied by at a step of a run of so many.

    Args:
        schedule: Warm-up, and either milestones or a cosine (Loshchilov and Hutter, "SGDR", 2017).
        step: From 0.
        steps: Length of the run.
    """
    warm = min(1.0, (step + 1) / schedule.warm_up) if schedule.warm_up else 1.0
    share = step / steps
    if schedule.decay == "cosine":
        wave = 0.5 * (1 + math.cos(math.pi * share))
        return warm * (_COSINE_FLOOR + (1 - _COSINE_FLOOR) * wave)
    # A share such as 1/3 of 30 epochs must count as reached when it is, whatever its rounding.
    passed = sum(share >= milestone - 1e-9 for milestone in schedule.milestones)
    return float(warm * schedule.gamma**passed)
