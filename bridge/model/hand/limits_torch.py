"""How far joint rotations are beyond what a hand can do, as a differentiable function.

The angles and limits are those of `articulation`: a joint turns by
``exp(flexion a) exp(abduction n) exp(twist d)``; an angle that a joint does not have there (a
middle joint's twist, an end joint's abduction) may not leave zero.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from bridge.model.hand.articulation import LIMITS_RAD, bones_of
from bridge.model.hand.interface import HandModel
from bridge.model.pose import FloatArray
from bridge.protocol.joints import N_JOINTS, Side

__all__ = ["JointLimits"]

_FINGERS = 5
_KINDS_OF_LEVEL = ((0, 1, 2), (3, 4, None), (5, None, None))
"""Rows of ``ANGLE_NAMES`` by level of the chain: flexion, abduction, twist."""


class JointLimits(nn.Module):
    """The limits of one hand model's joints; nothing to train.

    Args:
        model: The hand; its flexion axes and bones give the angles' axes.
        limits_rad: ``(30, 2)``, in the order of ``ANGLE_NAMES``.
    """

    frames: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, model: HandModel, limits_rad: FloatArray = LIMITS_RAD) -> None:
        super().__init__()
        bones = bones_of(model)[1:, ..., 0]  # (3 levels, 5 fingers, 3), fingers in joint order
        joints = np.array([[1 + 3 * f + level for f in range(_FINGERS)] for level in range(3)])
        d = bones / np.linalg.norm(bones, axis=-1, keepdims=True)
        a = model.flexion_axes[joints]
        a = a - (a * d).sum(-1, keepdims=True) * d
        a /= np.linalg.norm(a, axis=-1, keepdims=True)
        # On both sides these three are a right-handed frame.
        handed = 1.0 if model.side is Side.RIGHT else -1.0
        frames = np.zeros((N_JOINTS, 3, 3))
        frames[joints] = np.stack([a, handed * np.cross(d, a), handed * d], -1)
        limits = np.zeros((N_JOINTS, 3, 2))
        by_kind = limits_rad.reshape(-1, _FINGERS, 2)
        for level, kinds in enumerate(_KINDS_OF_LEVEL):
            for axis, kind in enumerate(kinds):
                if kind is not None:
                    limits[joints[level], axis] = by_kind[kind]
        for name, value in (
            ("frames", frames[1:]),
            ("low", limits[1:, :, 0]),
            ("high", limits[1:, :, 1]),
        ):
            tensor = torch.tensor(value, dtype=torch.float32)
            self.register_buffer(name, tensor, persistent=False)

    def angles(self, pose: Tensor) -> Tensor:
        """Flexion, abduction and twist ``(..., 15, 3)``, radians.

        Args:
            pose: ``(..., 15, 3, 3)`` local rotations, MANO joint order.
        """
        seen = self.frames.transpose(-1, -2) @ pose @ self.frames
        flexion = torch.atan2(-seen[..., 1, 2], seen[..., 2, 2])
        abduction = torch.asin(seen[..., 0, 2].clamp(-1 + 1e-6, 1 - 1e-6))
        twist = torch.atan2(-seen[..., 0, 1], seen[..., 0, 0])
        return torch.stack([flexion, abduction, twist], -1)

    def excess(self, pose: Tensor) -> Tensor:
        """How far each angle is beyond its limits, ``(..., 15, 3)`` radians, 0 within."""
        angles = self.angles(pose)
        return (self.low - angles).clamp(min=0) + (angles - self.high).clamp(min=0)
