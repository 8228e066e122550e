"""Section 3.3, mesh-to-joint interaction: anchors gather what lies around them (eq. 2 and 3)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from bridge.model.layers.basic import PointNorm

__all__ = ["MeshToJoint", "ball_query", "squared_distances"]


def squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """Squared distances ``(..., I, J)`` between ``(..., I, 3)`` and ``(..., J, 3)``."""
    return (a[..., :, None, :] - b[..., None, :, :]).square().sum(dim=-1)


def ball_query(distances: Tensor, radius: float, samples: int) -> tuple[Tensor, Tensor]:
    """The points closest to each anchor, and which of them lie within its ball.

    Args:
        distances: ``(..., I, J)`` squared distances from anchors to points.
        radius: Of the ball.
        samples: K, at most; fewer where there are fewer points.

    Returns:
        Indices ``(..., I, K)`` into J, and bool ``(..., I, K)``.
    """
    count = min(samples, distances.shape[-1])
    near, index = distances.topk(count, dim=-1, largest=False)
    return index, near <= radius**2


class _Region(nn.Module):
    """F_region of one radius (eq. 2)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.place = nn.Linear(3, channels, bias=False)
        self.feature = nn.Linear(channels, channels, bias=False)
        self.rest = nn.Sequential(
            PointNorm(channels),
            nn.ReLU(),
            nn.Linear(channels, channels, bias=False),
            PointNorm(channels),
            nn.ReLU(),
        )

    def forward(
        self,
        anchors: tuple[Tensor, Tensor],
        points: tuple[Tensor, Tensor],
        index: Tensor,
        inside: Tensor,
    ) -> Tensor:
        # What lies outside the ball is replaced by the closest point, which the maximum has anyway.
        index = torch.where(inside, index, index[..., :1])
        # phi_1 starts with a linear layer on (p_j - a_i, F_j - F_i): taken once for every point
        # and every anchor and subtracted afterwards, it is the same at a fraction of the work.
        at_anchor = -(self.place(anchors[0]) + self.feature(anchors[1]))
        at_point = self.place(points[0]) + self.feature(points[1])
        n_batch, n_views, n_points, channels = at_point.shape
        start = torch.arange(n_batch * n_views, device=index.device).view(n_batch, n_views, 1, 1)
        rows = (start * n_points + index).flatten()
        gathered = at_point.reshape(-1, channels).index_select(0, rows)
        differences = gathered.view(n_batch, n_views, -1, index.shape[-1], channels)
        phi = self.rest(differences + at_anchor[:, :, :, None])
        # max, not amax: its gradient goes to one place, at a fraction of the work on a CPU.
        region = phi.max(dim=3).values
        return region * inside[..., :1].to(region.dtype)


class MeshToJoint(nn.Module):
    """Anchors updated with the regions around them, at several radii.

    ``F_region^i = Pool(phi_1(Concat(d_ij, F_diff^ij)))`` over the K_2 points j in the ball (eq. 2),
    ``F_anchor^i = phi_2(Concat(F_anchor^i, F_region^i))`` (eq. 3).

    Several radii are IPNet's. Points come in farthest-point order, so that any first part of them
    is an even, coarser cloud: each radius twice as large asks half as many points, whose K_2
    nearest then reach as far as the ball does.

    Args:
        channels: C.
        radii: In units of 0.1 m, ascending.
        samples: K_2 of each ball.
    """

    def __init__(self, channels: int, radii: tuple[float, ...], samples: int) -> None:
        super().__init__()
        self.radii, self.samples = radii, samples
        self.regions = nn.ModuleList(_Region(channels) for _ in radii)
        self.phi_2 = nn.Sequential(
            nn.Linear(channels * (1 + len(radii)), channels, bias=False),
            PointNorm(channels),
            nn.ReLU(),
        )

    def forward(
        self, anchors: Tensor, points: Tensor, anchor_places: Tensor, point_places: Tensor
    ) -> Tensor:
        """Updated anchors ``(B, N, 21, C)``.

        Args:
            anchors: F_anchor ``(B, N, 21, C)``.
            points: F_point ``(B, N, P, C)``.
            anchor_places: ``(B, N or 1, 21, 3)`` canonical, 0.1 m; 1 if the same for all views.
            point_places: ``(B, N or 1, P, 3)``.
        """
        with torch.no_grad():
            distances = squared_distances(anchor_places, point_places)
        found = [anchors]
        for radius, region, count in zip(
            self.radii, self.regions, self._counts(int(points.shape[2])), strict=True
        ):
            index, inside = ball_query(distances[..., :count], radius, self.samples)
            cloud = (point_places[:, :, :count], points[:, :, :count])
            found.append(region((anchor_places, anchors), cloud, index, inside))
        return self.phi_2(torch.cat(found, dim=-1))

    def _counts(self, n_points: int) -> list[int]:
        """How many of the points each radius asks."""
        counts = [n_points]
        for small, large in pairwise(self.radii):
            counts.append(max(min(self.samples, n_points), round(counts[-1] * small / large)))
        return counts
