"""MANO's pose space: a few coefficients instead of 45 angles, and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bridge.errors import InputError, ModelError
from bridge.model.pose import FloatArray
from bridge.protocol.joints import N_JOINTS

__all__ = ["N_PCA", "PosePca"]

N_PCA = (N_JOINTS - 1) * 3
"""Components of a whole pose space: as many as 15 rotation vectors have numbers."""

_FEWEST = 6


@dataclass(frozen=True, eq=False)
class PosePca:
    """Principal components of hand poses (Romero et al. 2017, section 4.2).

    A pose is 15 local rotation vectors, MANO joint order. With ``flat_hand_mean`` coefficients of
    zero are the rest pose, the flat hand; without, the mean pose. It is the option of that name
    in smplx and manopth, and data sets state which one their labels use.

    Attributes:
        mean: ``(45,)`` mean pose, radians.
        components: ``(45, 45)`` one component a row, the largest first.

    Raises:
        ModelError: An array has another shape, is not finite, or the components are not
            independent.
    """

    mean: FloatArray
    components: FloatArray

    def __post_init__(self) -> None:
        for name, shape in (("mean", (N_PCA,)), ("components", (N_PCA, N_PCA))):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise ModelError(f"{name} of a pose space must be finite and have shape {shape}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if np.linalg.matrix_rank(self.components) < N_PCA:
            raise ModelError("the components of a pose space must be independent")

    def bases(self, count: int) -> tuple[FloatArray, FloatArray]:
        """The first components ``(count, 45)`` and what takes a pose back to them ``(45, count)``.

        Raises:
            InputError: ``count`` is not between 6 and 45.
        """
        if not _FEWEST <= count <= N_PCA:
            raise InputError(f"take {_FEWEST} to {N_PCA} pose components, not {count}")
        first = self.components[:count]
        return first, np.linalg.pinv(first)

    def rotvecs(self, coefficients: ArrayLike, *, flat_hand_mean: bool = False) -> FloatArray:
        """The pose of some coefficients.

        Args:
            coefficients: ``(..., n)`` of the first n components, n from 6 to 45.
            flat_hand_mean: Zero is the flat hand, not the mean pose.

        Returns:
            ``(..., 15, 3)`` local rotation vectors, radians.

        Raises:
            InputError: There are too few or too many coefficients.
        """
        given = np.asarray(coefficients, dtype=np.float64)
        first, _ = self.bases(given.shape[-1] if given.ndim else 0)
        pose: FloatArray = given @ first + (0 if flat_hand_mean else self.mean)
        return pose.reshape(*given.shape[:-1], N_JOINTS - 1, 3)

    def coefficients(
        self, rotvecs: ArrayLike, count: int = N_PCA, *, flat_hand_mean: bool = False
    ) -> FloatArray:
        """The coefficients that come nearest to a pose; exact with all 45.

        Args:
            rotvecs: ``(..., 15, 3)`` local rotation vectors, radians.
            count: How many, 6 to 45.
            flat_hand_mean: Zero is the flat hand, not the mean pose.

        Returns:
            ``(..., count)``.

        Raises:
            InputError: The pose has another shape, or ``count`` is out of range.
        """
        pose = np.asarray(rotvecs, dtype=np.float64)
        if pose.shape[-2:] != (N_JOINTS - 1, 3):
            raise InputError(f"a pose needs shape (..., {N_JOINTS - 1}, 3), not {pose.shape}")
        _, back = self.bases(count)
        flat = pose.reshape(*pose.shape[:-2], N_PCA) - (0 if flat_hand_mean else self.mean)
        coefficients: FloatArray = flat @ back
        return coefficients
