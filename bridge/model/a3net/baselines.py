"""What A3-Net must beat: its own single views, alone and averaged, and calibrated triangulation."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.hand.rotation_torch import kabsch
from bridge.model.training.sample import ROOT, HandViews

__all__ = ["BASELINES", "aligned_mean", "best_view", "extrinsic_mean", "first_view", "triangulated"]

Predicted = tuple[Tensor, Tensor | None]


def first_view(network: nn.Module, views: HandViews) -> Predicted:
    """The first view's own estimate, before any fusion (section 3.1)."""
    initial = network(views).initial
    return initial.mesh_joints[:, 0], initial.vertices[:, 0]


def best_view(network: nn.Module, views: HandViews) -> Predicted:
    """Of each sample's single views, the one nearest to the truth: an oracle's choice.

    It is turned to the first view's axes by the true rotation, so only its shape is judged.
    """
    truth, turns = _truth(views)
    initial = network(views).initial
    errors = (initial.mesh_joints - truth).norm(dim=-1).mean(-1)
    # A view that sees nothing is not the best one.
    best = errors.masked_fill(~views.present, float("inf")).argmin(1)
    rows = torch.arange(len(best), device=best.device)
    turn = turns[rows, best].transpose(-1, -2)
    return initial.mesh_joints[rows, best] @ turn, initial.vertices[rows, best] @ turn


def aligned_mean(network: nn.Module, views: HandViews) -> Predicted:
    """The mean of the single views, each turned onto the first by Procrustes (HaMuCo's fusion)."""
    initial = network(views).initial
    joints = initial.mesh_joints
    turns = kabsch(joints, joints[:, :1].expand_as(joints))
    return _mean(initial.mesh_joints, initial.vertices, turns, views.present)


def extrinsic_mean(network: nn.Module, views: HandViews) -> Predicted:
    """The same mean with the true rotations between the cameras."""
    _, turns = _truth(views)
    initial = network(views).initial
    return _mean(initial.mesh_joints, initial.vertices, turns, views.present)


def triangulated(_network: nn.Module, views: HandViews) -> Predicted:
    """Linear triangulation of the detected landmarks with the true cameras: joints only.

    Each keypoint is the least squares intersection of its rays, weighted by the confidence; it
    needs two views, and does not know what a hand is.
    """
    joints, turns = _truth(views, absolute=True)
    landmarks, confidence = views.landmarks, views.confidence
    if landmarks is None or confidence is None:
        raise InputError("triangulation needs detected landmarks")
    # Camera centres in the first camera's axes, from where each camera sees the same hand's root.
    roots = joints[:, :, ROOT]
    centres = roots[:, :1] - (turns @ roots[..., None]).squeeze(-1)
    rays = torch.cat((landmarks, views.focal[..., None, None].expand_as(landmarks[..., :1])), -1)
    rays = torch.nn.functional.normalize(rays, dim=-1) @ turns.transpose(-1, -2)
    across = torch.eye(3, device=rays.device) - rays[..., :, None] * rays[..., None, :]
    weight = (confidence * views.present[..., None])[..., None, None]
    normal = (weight * across).sum(1)
    target = (weight * across @ centres[:, :, None, :, None]).sum(1)
    ridge = 1e-6 * torch.eye(3, device=rays.device)
    points = torch.linalg.solve(normal + ridge, target + ridge @ roots[:, :1, :, None]).squeeze(-1)
    return points - points[:, ROOT : ROOT + 1], None


BASELINES: dict[str, Callable[[nn.Module, HandViews], Predicted]] = {
    "first_view": first_view,
    "best_view": best_view,
    "aligned_mean": aligned_mean,
    "extrinsic_mean": extrinsic_mean,
    "triangulated": triangulated,
}


def _truth(views: HandViews, *, absolute: bool = False) -> tuple[Tensor, Tensor]:
    """True joints and rotations to the first view."""
    joints, turns = views.joints_m, views.to_first
    if joints is None or turns is None:
        raise InputError("this baseline needs samples with true joints and rotations")
    return (joints if absolute else joints - joints[:, :, ROOT : ROOT + 1]), turns


def _mean(joints: Tensor, vertices: Tensor, turns: Tensor, present: Tensor) -> Predicted:
    """The mean over present views of points ``(B, N, K, 3)``, turned into the first view's axes."""
    share = present / present.sum(1, keepdim=True)
    back = turns.transpose(-1, -2) * share[..., None, None]
    return (joints @ back).sum(1), (vertices @ back).sum(1)
