"""Keypoints as weighted means of mesh vertices, for whichever hand is loaded.

MANO comes with such weights for its joints, other hands do not: they are fitted here to random
poses of the hand. A keypoint hears only the vertices that lie nearest to it at rest.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bridge.model.hand.layer import HandLayer
from bridge.model.hand.rotation_torch import rotation_from_axis_angle
from bridge.protocol.joints import N_BETAS, N_JOINTS

__all__ = ["joint_regressor"]

_HANDS = 200
_NEAR = 80
_BEND_RAD = 0.4
_RIDGE_M2 = 1e-7


@torch.no_grad()
def joint_regressor(hand: HandLayer) -> Tensor:
    """``(21, V)`` weights whose rows sum to 1: ``weights @ vertices`` are the keypoints.

    Args:
        hand: The hand; the same one always gives the same weights.
    """
    generator = torch.Generator().manual_seed(0)
    betas = torch.randn(_HANDS, N_BETAS, generator=generator)
    bent = _BEND_RAD * torch.randn(_HANDS, N_JOINTS, 3, generator=generator)
    posed = hand(betas, rotation_from_axis_angle(bent))
    vertices, keypoints = posed.vertices.double(), posed.keypoints.double()
    distances = torch.cdist(hand.rest_points.double(), hand.template.double())
    weights = torch.zeros(distances.shape, dtype=torch.float64)
    for k, distance in enumerate(distances):
        near = distance.argsort()[:_NEAR]
        # Relative to the mean of them, so that the weights of the rest may be anything.
        middle = vertices[:, near].mean(1)
        columns = (vertices[:, near] - middle[:, None]).transpose(1, 2).reshape(-1, len(near))
        target = (keypoints[:, k] - middle).reshape(-1)
        ridge = _RIDGE_M2 * len(columns) * torch.eye(len(near), dtype=torch.float64)
        found = torch.linalg.solve(columns.T @ columns + ridge, columns.T @ target)
        weights[k, near] = found + (1 - found.sum()) / len(near)
    return weights.float()
