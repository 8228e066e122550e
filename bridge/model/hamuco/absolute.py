"""Section 4.3.2, absolute coordinates: Opt-Center, and RANSAC triangulation (Table 3).

HaMuCo's hands are relative to their roots. Where the cameras are known, the images that it says
its keypoints have in each view place them.
"""

from __future__ import annotations

from itertools import combinations
from typing import NamedTuple

import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.training.sample import ROOT, HandViews

__all__ = ["Cameras", "opt_center", "ransac", "triangulate"]

_STEPS = 15
_NEAREST_M = 0.02


class Cameras(NamedTuple):
    """Calibrated crop cameras of B hands, N each.

    Attributes:
        rotation: ``(B, N, 3, 3)`` the first camera's axes to each one's.
        translation_m: ``(B, N, 3)`` the first camera's origin in each one's axes.
        focal: ``(B, N)`` half crop widths.
    """

    rotation: Tensor
    translation_m: Tensor
    focal: Tensor

    @classmethod
    def of(cls, views: HandViews) -> Cameras:
        """The cameras of samples with all truth: a still hand tells how they stand to each other.

        Raises:
            InputError: The truth is not there.
        """
        if views.joints_m is None or views.wrist_rotation is None:
            raise InputError("absolute positions need views with known cameras")
        turn = views.wrist_rotation.double()
        rotation = turn @ turn[:, :1].transpose(-1, -2)
        wrist = views.joints_m[:, :, 0].double()
        translation = wrist - (rotation @ wrist[:, :1, :, None]).squeeze(-1)
        return cls(rotation, translation, views.focal.double())

    def see(self, points_m: Tensor) -> Tensor:
        """Points ``(B, K, 3)`` of the first camera's axes in each one's, ``(B, N, K, 3)``."""
        turned = points_m[:, None] @ self.rotation.transpose(-1, -2)
        return turned + self.translation_m[:, :, None]

    def project(self, points_m: Tensor) -> Tensor:
        """Crop coordinates ``(B, N, K, 2)`` of points ``(B, K, 3)`` of the first camera's axes."""
        seen = self.see(points_m)
        depth = seen[..., 2:].clamp(min=_NEAREST_M)
        return self.focal[..., None, None] * seen[..., :2] / depth


def triangulate(cameras: Cameras, images: Tensor, weights: Tensor) -> Tensor:
    """Linear triangulation (DLT; Hartley and Zisserman 2003, section 12.2).

    Args:
        cameras: At least two.
        images: ``(B, N, K, 2)`` crop coordinates.
        weights: ``(B, N, K)``; two views at least must have some.

    Returns:
        ``(B, K, 3)`` in the first camera's axes.
    """
    images, weights = images.double(), weights.double()
    pose = torch.cat((cameras.rotation, cameras.translation_m[..., None]), -1)
    rays = images / cameras.focal[..., None, None]
    # Rows u P_3 - P_1 and v P_3 - P_2 of every view.
    rows = rays[..., None] * pose[:, :, None, 2:, :] - pose[:, :, None, :2, :]
    rows = rows * weights[..., None, None]
    system = rows.transpose(1, 2).flatten(2, 3)
    homogeneous = torch.linalg.svd(system, full_matrices=False)[2][..., -1, :]
    last = homogeneous[..., 3:]
    return homogeneous[..., :3] / torch.where(last.abs() < 1e-9, torch.full_like(last, 1e-9), last)


def ransac(
    cameras: Cameras, images: Tensor, weights: Tensor | None = None, *, inlier: float = 0.2
) -> Tensor:
    """Triangulates each keypoint from the views that agree on it.

    Every pair of views is tried: there are so few that nothing needs to be drawn. The pair with
    most inliers (then the least error among them) names the views that are triangulated together.

    Args:
        cameras: At least two.
        images: ``(B, N, K, 2)`` crop coordinates.
        weights: ``(B, N, K)`` trust in each; equal where None. What has none is not used.
        inlier: Largest distance of an inlier from where it projects, half crop widths; above the
            noise of keypoints, which is 0.12 of the landmark net's labels.

    Returns:
        ``(B, K, 3)`` in the first camera's axes.
    """
    images = images.double()
    weights = torch.ones_like(images[..., 0]) if weights is None else weights.double()
    best, best_score = None, None
    for pair in combinations(range(images.shape[1]), 2):
        only = torch.zeros_like(weights)
        only[:, list(pair)] = weights[:, list(pair)].clamp(min=1e-6)
        error = (cameras.project(triangulate(cameras, images, only)) - images).norm(dim=-1)
        agree = (error < inlier) & (weights > 0)
        # One inlier more counts for more than all of their errors together.
        score = agree.sum(1) - (error.clamp(max=inlier) * agree).sum(1) / (inlier * len(images[0]))
        # One view alone agrees with itself: a pair needs two that are trusted.
        score = torch.where((weights[:, list(pair)] > 0).all(1), score, -torch.ones_like(score))
        # The pair itself always stays: two views with no inlier are still all there is.
        kept = (agree | (only > 0)).to(weights)
        if best is None or best_score is None:
            best, best_score = kept, score
        else:
            better = score > best_score
            best = torch.where(better[:, None], kept, best)
            best_score = torch.maximum(score, best_score)
    if best is None:
        raise InputError("triangulation needs at least two views")
    return triangulate(cameras, images, best * weights.clamp(min=1e-6))


def opt_center(
    cameras: Cameras, images: Tensor, joints_m: Tensor, weights: Tensor | None = None
) -> Tensor:
    """Places a root-relative hand: its root is triangulated, then refined on all keypoints.

    Gauss-Newton on the robust (L1) distances between where the hand's keypoints project and where
    each view says they are; the hand's shape stays as it is.

    Args:
        cameras: At least two.
        images: ``(B, N, K, 2)`` keypoints by each view, crop coordinates.
        joints_m: ``(B, K, 3)`` the hand around its root, first camera's axes.
        weights: ``(B, N, K)`` trust in each; equal where None.

    Returns:
        ``(B, K, 3)`` in the first camera's axes.
    """
    images, joints_m = images.double(), joints_m.double()
    trust = torch.ones_like(images[..., 0]) if weights is None else weights.double()
    root = slice(ROOT, ROOT + 1)
    centre = triangulate(cameras, images[:, :, root], trust[:, :, root])[:, 0]
    for _ in range(_STEPS):
        seen = cameras.see(joints_m + centre[:, None])
        depth = seen[..., 2:].clamp(min=_NEAREST_M)
        focal = cameras.focal[..., None, None]
        wrong = focal * seen[..., :2] / depth - images
        weight = trust / wrong.norm(dim=-1).clamp(min=1e-3)
        # d(f X/Z) / d(centre) = f (R_1 - X/Z R_3) / Z, and likewise for Y.
        ratio = (seen[..., :2] / depth)[..., None]
        turn = cameras.rotation[:, :, None]
        slope = focal[..., None] / depth[..., None] * (turn[..., :2, :] - ratio * turn[..., 2:, :])
        slope, wrong = slope.flatten(1, 3), wrong.flatten(1, 3)
        weight = weight[..., None].expand(*weight.shape, 2).flatten(1)
        normal = slope.transpose(-1, -2) @ (slope * weight[..., None])
        gradient = (slope * (weight * wrong)[..., None]).sum(1)
        normal = normal + 1e-9 * torch.eye(3, dtype=normal.dtype, device=normal.device)
        centre = centre - torch.linalg.solve(normal, gradient)
    return joints_m + centre[:, None]
