"""Section 3.3, joint-to-mesh interaction, and what is read off the points."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.model.a3net.mesh_to_joint import squared_distances
from bridge.model.layers.basic import PointNorm

__all__ = ["JointReadout", "JointToMesh", "interpolation_weights"]

_KERNEL = 0.8
"""IPNet's: how far a point speaks of a joint, in units of 0.1 m."""


def interpolation_weights(points: Tensor, anchors: Tensor, neighbours: int) -> Tensor:
    """Inverse-distance weights of the K_3 closest anchors of each point (PointNet++, eq. 2).

    Written as a matrix with zeros at all other anchors: 21 are so few that the product with it is
    cheaper than to gather. No gradient goes through it.

    Args:
        points: ``(..., P, 3)``.
        anchors: ``(..., 21, 3)``.
        neighbours: K_3.

    Returns:
        ``(..., P, 21)``, rows sum to 1.
    """
    with torch.no_grad():
        distances = squared_distances(points, anchors)
        reach = distances.topk(neighbours, dim=-1, largest=False).values[..., -1:]
        weights = (distances <= reach).to(distances.dtype) / (distances + 1e-8)
        return weights / weights.sum(dim=-1, keepdim=True)


class JointToMesh(nn.Module):
    """Points updated from the anchors: interpolation, then a point-wise MLP; gives F_3d."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(2 * channels, channels, bias=False),
            PointNorm(channels),
            nn.ReLU(),
            nn.Linear(channels, channels, bias=False),
            PointNorm(channels),
            nn.ReLU(),
        )

    def forward(self, anchors: Tensor, points: Tensor, weights: Tensor) -> Tensor:
        """F_3d ``(B, N, P, C)``.

        Args:
            anchors: ``(B, N, 21, C)``.
            points: F_point ``(B, N, P, C)``.
            weights: ``(B, N or 1, P, 21)`` of ``interpolation_weights``.
        """
        spread = weights.to(anchors.dtype) @ anchors
        return self.layers(torch.cat((spread, points), dim=-1))


class JointReadout(nn.Module):
    """The point-wise representation P^p and the joints as its weighted average.

    For each joint a point has an offset o (3), a closeness h and a weight w (IPNet's five): it puts
    the joint at ``p + kernel (1 - sigmoid(h)) o``, and the joint is the mean over all points of all
    present views by softmax(w).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, 21 * 5)
        nn.init.normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def forward(self, points: Tensor, places: Tensor, present: Tensor) -> Tensor:
        """Joints ``(B, 21, 3)`` relative to joint 9, canonical, 0.1 m.

        Args:
            points: Features ``(B, N, P, C)``.
            places: ``(B, N or 1, P, 3)``.
            present: ``(B, N)`` bool.
        """
        # With the joints in front, all that follows are sums over the last axis.
        out = self.linear(points).float().permute(0, 3, 1, 2)
        out = out.masked_fill(~present[:, None, :, None], 0.0)
        weight, close, offset = torch.split(out, [21, 21, 63], dim=1)
        weight = weight.masked_fill(~present[:, None, :, None], float("-inf"))
        share = weight.flatten(2).softmax(dim=-1)
        far = share * (_KERNEL * torch.sigmoid(-close.flatten(2)))
        moved = (far[:, :, None] * offset.flatten(2).unflatten(1, (21, 3))).sum(dim=-1)
        everywhere = places.expand(-1, points.shape[1], -1, -1).flatten(1, 2)
        joints = share @ everywhere + moved
        return joints - joints[:, 9:10]
