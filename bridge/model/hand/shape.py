"""A person's hand shape, learned from many frames: an information filter on the betas."""

from __future__ import annotations

import numpy as np

from bridge.errors import InputError
from bridge.model.pose import FloatArray
from bridge.protocol.joints import N_BETAS

__all__ = ["ShapeEstimate"]

# Keypoint errors of neighbouring frames are nearly the same, so ten frames tell as much as one.
_FRAME_WEIGHT = 0.1


class ShapeEstimate:
    """A normal distribution of the betas that narrows with every frame, then stays.

    It starts as the population's standard normal. Part of a keypoint's error never averages out (a
    net's idea of a knuckle is not the model's), so the certainty that frames can give is limited.

    Args:
        enough_frames: No number of frames tells more than so many with errors of their own.
        freeze_after: Frames after which the shape stays as it is; None never.
    """

    def __init__(self, *, enough_frames: float, freeze_after: int | None) -> None:
        self._enough_frames = enough_frames
        self._freeze_after = freeze_after
        self._frames = 0
        self._frozen = False
        self._mean: FloatArray = np.zeros(N_BETAS)
        self._information: FloatArray = np.eye(N_BETAS)
        self._sum: FloatArray = np.zeros((N_BETAS, N_BETAS))
        self._pull: FloatArray = np.zeros(N_BETAS)

    @property
    def betas(self) -> FloatArray:
        """``(10,)`` mean."""
        return self._mean.copy()

    @property
    def stiffness(self) -> FloatArray:
        """``(10, 10)`` how strongly one more frame is held to the mean: more with every frame."""
        return (1 + self._frames) * self._information

    @property
    def frozen(self) -> bool:
        """Whether the betas no longer change."""
        return self._frozen

    def freeze(self, betas: FloatArray | None = None) -> None:
        """Keeps the betas from now on: the present ones, or a person's known ``(10,)``.

        Raises:
            InputError: The betas have another shape or are not finite.
        """
        if betas is not None:
            mean = np.array(betas, dtype=np.float64)
            if mean.shape != (N_BETAS,) or not np.isfinite(mean).all():
                raise InputError(f"betas must be {N_BETAS} finite numbers, not {betas!r}")
            self._mean = mean
        self._frozen = True

    def update(self, betas: FloatArray, information: FloatArray) -> None:
        """Takes in one frame.

        ``betas`` minimise the frame's own cost plus ``stiffness`` times the squared distance from
        the mean, so the frame alone is the quadratic with curvature ``information`` whose gradient
        there cancels the other's.

        Args:
            betas: ``(10,)`` the joint optimum of frame and estimate.
            information: ``(10, 10)`` what the frame tells of the betas, its pose unknown.
        """
        if self._frozen:
            return
        self._pull += information @ betas + self.stiffness @ (betas - self._mean)
        self._sum += information
        self._frames += 1
        weight = min(_FRAME_WEIGHT, self._enough_frames / self._frames)
        self._information = np.eye(N_BETAS) + weight * self._sum
        self._mean = np.linalg.solve(self._information, weight * self._pull)
        if self._freeze_after is not None and self._frames >= self._freeze_after:
            self._frozen = True
