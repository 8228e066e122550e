"""Section 3.2.3, multi-view collaborative learning: L = L_c + L_d + L_2D + L_p, all of them L1.

No label but noisy 2D keypoints of some detector, and its trust in them. Lengths are in units of
0.2 m, images in half crop widths (the authors' code: all weights 1).
"""

from __future__ import annotations

import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.hamuco.config import HaMuCoConfig
from bridge.model.hamuco.fusion import fuse
from bridge.model.hamuco.network import project_root_relative
from bridge.model.hamuco.output import HaMuCoOutput, PerView
from bridge.model.hamuco.single_view import UNIT_M
from bridge.model.hand.rotation_torch import axis_angle_from_rotation
from bridge.model.training.sample import HandViews
from bridge.model.training.schedule import Moment
from bridge.model.training.terms import known_mean, numbers

__all__ = ["hamuco_loss"]

_FAR = 3.0
"""Labels further out than this many half crop widths are brought back to it."""


def hamuco_loss(
    output: HaMuCoOutput, views: HandViews, config: HaMuCoConfig, moment: Moment
) -> dict[str, Tensor]:
    """All terms, each already weighted, and their sum.

    L_c and L_d begin after the warm-up: early on all views agree on what is wrong ("groupthink").
    L_c is L_c2D at even steps and L_cf at odd ones; where one is switched off, the other always.

    Args:
        output: Of the network for ``views``.
        views: With ``landmarks`` and ``confidence``: the pseudo labels.
        config: Its switches.
        moment: Where the run is.

    Returns:
        Scalars: ``total``, ``labels`` and ``interact_labels`` (L_2D), ``prior`` (L_p), and in their
        time ``consistency_2d``, ``consistency_fusion`` and ``distillation``.

    Raises:
        InputError: The views have no labels.
    """
    terms = {"labels": _label_loss(output.single, views, output.valid)}
    if config.interaction:
        terms["interact_labels"] = _label_loss(output.interact, views, output.present)
    terms["prior"] = config.prior * _prior(output, config)
    if moment.share >= config.warm_up:
        terms |= _collaborative(output, config, moment.step)
    return {"total": torch.stack(list(terms.values())).sum(), **terms}


def _collaborative(output: HaMuCoOutput, config: HaMuCoConfig, step: int) -> dict[str, Tensor]:
    """L_c and L_d as far as they are on."""
    present = output.present
    terms = {}
    points = _points(output.interact)
    back = output.to_first.inverse
    # The fused result supervises: nothing flows back through it into the views that made it.
    fused = fuse(points, output.to_first, present)[:, None].detach()
    fused = back(fused.expand_as(points))
    both = config.consistency_2d and config.consistency_fusion
    if config.consistency_2d and (step % 2 == 0 or not both):
        terms["consistency_2d"] = _consistency_2d(output, points)
    if config.consistency_fusion and (step % 2 == 1 or not both):
        # One view alone is its own mean: what differs is rounding, whose L1 gradient is not small.
        shared = present & (present.sum(1, keepdim=True) > 1)
        terms["consistency_fusion"] = known_mean(_l1(points, fused) / UNIT_M, shared)
    if config.distillation:
        terms["distillation"] = known_mean(
            _l1(_points(output.single), fused) / UNIT_M, output.valid
        )
    return terms


def _points(hand: PerView) -> Tensor:
    """The mesh and its keypoints, ``(B, N, V + 21, 3)`` metres."""
    return torch.cat((hand.vertices_m, hand.joints_m), dim=2)


def _consistency_2d(output: HaMuCoOutput, points: Tensor) -> Tensor:
    """L_c2D: what view i sees in its picture plane supervises the hands that other views bring."""
    camera, focal = output.camera.detach(), output.focal
    own = project_root_relative(points.detach(), camera, focal)
    in_first = output.to_first.apply(points)
    wrong = []
    for view in range(points.shape[1]):
        # A_i of every view j's hand: into the first view's axes, and from there into view i's.
        there = type(output.to_first)(*(part[:, view, None] for part in output.to_first))
        brought = there.inverse(in_first)
        image = project_root_relative(brought, camera[:, view, None], focal[:, view, None])
        wrong.append(_l1(image, own[:, view, None]))
    # A view agrees with itself; what differs is rounding, whose L1 gradient is not small.
    others = 1 - torch.eye(points.shape[1], device=points.device)
    pairs = output.present[:, :, None] & output.present[:, None]
    return known_mean(others * torch.stack(wrong, dim=1), pairs)


def _label_loss(hand: PerView, views: HandViews, known: Tensor) -> Tensor:
    """L_2D: keypoints against their labels, each as much as the detector trusts it."""
    if views.landmarks is None or views.confidence is None:
        raise InputError(
            "HaMuCo learns from 2D labels, and these samples have none: give a source of samples"
            " with landmarks"
        )
    trust = numbers(views.confidence).clamp(0, 1)
    # A keypoint that was not found may hold anything: no NaN of it may reach a gradient.
    labels = torch.where(trust[..., None] > 0, views.landmarks, hand.reprojection.detach())
    labels = labels.nan_to_num(0.0, _FAR, -_FAR).clamp(-_FAR, _FAR)
    return known_mean((trust * (hand.reprojection - labels).abs().mean(-1)).mean(-1), known)


def _prior(output: HaMuCoOutput, config: HaMuCoConfig) -> Tensor:
    """Sum of L_p's parts: rotation vectors but the wrist's, and shape."""
    bent = _l1_norm(axis_angle_from_rotation(output.single.rotations[:, :, 1:]))
    loss = known_mean(bent, output.valid)
    if config.interaction:
        bent = _l1_norm(axis_angle_from_rotation(output.interact.rotations[:, :, 1:]))
        loss = loss + known_mean(bent, output.present)
    return loss + config.shape_prior * known_mean(output.single.betas.abs().mean(-1), output.valid)


def _l1_norm(pose: Tensor) -> Tensor:
    return pose.abs().mean(dim=(-1, -2))


def _l1(a: Tensor, b: Tensor) -> Tensor:
    """Mean difference of points ``(..., K, D)``, ``(...)``."""
    return (a - b).abs().mean(dim=(-1, -2))
