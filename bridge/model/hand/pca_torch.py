"""MANO's pose space as a differentiable layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.hand.pca import N_PCA, PosePca
from bridge.model.hand.rotation_torch import full_precision
from bridge.protocol.joints import N_JOINTS

__all__ = ["PcaLayer"]


class PcaLayer(nn.Module):
    """Coefficients of a `PosePca` to local rotation vectors, and back; nothing to train.

    Example::

        pose = PcaLayer(hand.data.pca, 15)
        rotations = rotation_from_axis_angle(pose(torch.zeros(8, 15)))  # (8, 15, 3, 3)

    Args:
        pca: The pose space.
        count: Components to use, 6 to 45.
        flat_hand_mean: Zero is the flat hand, not the mean pose.

    Raises:
        InputError: ``count`` is not between 6 and 45.
    """

    mean: Tensor
    components: Tensor
    back: Tensor

    def __init__(self, pca: PosePca, count: int = N_PCA, *, flat_hand_mean: bool = False) -> None:
        super().__init__()
        components, back = pca.bases(count)
        mean = pca.mean * (not flat_hand_mean)
        for name, array in (("mean", mean), ("components", components), ("back", back)):
            value = torch.tensor(array, dtype=torch.float32)
            self.register_buffer(name, value, persistent=False)

    def forward(self, coefficients: Tensor) -> Tensor:
        """Local rotation vectors ``(..., 15, 3)``, radians, of coefficients ``(..., count)``.

        Raises:
            InputError: There are more or fewer coefficients.
        """
        count = len(self.components)
        if coefficients.shape[-1] != count:
            raise InputError(f"give {count} pose coefficients, not {coefficients.shape[-1]}")
        with full_precision(coefficients):
            pose = coefficients.to(self.mean.dtype) @ self.components + self.mean
        return pose.unflatten(-1, (N_JOINTS - 1, 3))

    def coefficients(self, rotvecs: Tensor) -> Tensor:
        """The coefficients ``(..., count)`` nearest to rotation vectors ``(..., 15, 3)``."""
        if rotvecs.shape[-2:] != (N_JOINTS - 1, 3):
            raise InputError(f"a pose needs shape (..., 15, 3), not {tuple(rotvecs.shape)}")
        with full_precision(rotvecs):
            return (rotvecs.to(self.mean.dtype).flatten(-2) - self.mean) @ self.back
