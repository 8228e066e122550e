"""Training losses (section 3.5; the paper states neither terms nor weights, see LossWeights).

Lengths are compared in units of 0.1 m. A term whose truth a batch does not have is left out; views
that are absent and joints that are not labelled do not count.
"""

from __future__ import annotations

from collections import defaultdict

import torch
import torch.nn.functional as F
from torch import Tensor

from bridge.model.a3net.config import A3NetConfig
from bridge.model.a3net.output import A3NetOutput, InitialOutput, StageOutput
from bridge.model.a3net.single_view import UNIT_M
from bridge.model.layers.maps import gaussian_maps, splat_to_map
from bridge.model.training.sample import ROOT, HandViews
from bridge.model.training.terms import known_mean, mean_l1, numbers, seen_at

__all__ = ["a3net_loss"]

_HEATMAP_CELLS = 1.0


def a3net_loss(output: A3NetOutput, views: HandViews, config: A3NetConfig) -> dict[str, Tensor]:
    """All terms, each already weighted, and their sum.

    Args:
        output: Of the network for ``views``.
        views: With whatever truth it has.
        config: Its weights, and the auxiliary task.

    Returns:
        Scalars: ``total``, and those of ``joints``, ``mesh_joints``, ``vertices``, ``rotations``,
        ``betas``, ``reprojection``, ``heatmap`` and ``alignment`` for which there is truth,
        the single views' own among them as ``initial_...``. Terms of the iterations are means
        over them.
    """
    truth = _Truth(views, output.valid)
    sums: dict[str, list[Tensor]] = defaultdict(list)
    for stage in output.stages:
        for name, value in _hand_terms(stage, truth, first_only=True).items():
            sums[name].append(value)
        for name, value in _image_terms(stage, truth, config).items():
            sums[name].append(value)
    for name, value in _hand_terms(output.initial, truth, first_only=False).items():
        sums[f"initial_{name}"].append(value)
    if truth.keypoints is not None:
        heat = _heatmap_loss(output.initial.heat, truth)
        sums["initial_heatmap"].append(heat)
    shift = output.initial.shift_m.norm(dim=-1) / UNIT_M
    if config.alignment == "learned" and truth.to_first is not None and shift.shape[1] > 1:
        turns = [output.initial.to_first]
        if config.refine_alignment:
            turns += [stage.to_first for stage in output.stages]
        others = truth.valid[:, 1:]
        known = others & torch.isfinite(truth.to_first[:, 1:]).flatten(2).all(dim=-1)
        for turn in turns:
            wrong = (turn - numbers(truth.to_first)).abs().mean(dim=(-1, -2))
            sums["alignment"].append(known_mean(wrong[:, 1:], known))
        sums["alignment"].append(known_mean(shift[:, 1:], others))
    weights = config.loss
    terms = {}
    for name, values in sums.items():
        weight = getattr(weights, name.removeprefix("initial_"))
        if name.startswith("initial_"):
            weight *= weights.initial
        terms[name] = weight * torch.stack(values).mean()
    zero = output.joints_m.sum() * 0.0
    return {"total": sum(terms.values(), start=zero), **terms}


class _Truth:
    """What a batch knows, in the units and axes of the losses; None where it does not."""

    def __init__(self, views: HandViews, valid: Tensor) -> None:
        self.valid = valid
        # Views that do not count may hold anything.
        focal = torch.where(valid, views.focal, torch.ones_like(views.focal))
        self.to_first = views.to_first
        self.wrist, self.pose, self.betas = views.wrist_rotation, views.pose, views.betas
        self.masks = views.masks
        self.joints = self.keypoints = self.vertices = self.vertex_images = None
        self.known = valid[..., None].expand(*valid.shape, 21)
        if views.joints_m is not None:
            if views.joint_valid is not None:
                self.known = self.known & views.joint_valid
            self.known = self.known & torch.isfinite(views.joints_m).all(dim=-1)
            joints = numbers(views.joints_m)
            root = joints[:, :, ROOT : ROOT + 1]
            self.joints = (joints - root) / UNIT_M
            # Relative positions need the root's label too.
            self.relative = self.known & self.known[:, :, ROOT : ROOT + 1]
            self.keypoints, ahead = seen_at(joints, focal)
            self.imaged = self.known & ahead
            if views.vertices_m is not None:
                finite = torch.isfinite(views.vertices_m).flatten(2).all(dim=-1)
                vertices = numbers(views.vertices_m)
                self.vertices = (vertices - root) / UNIT_M
                self.meshed = self.known[:, :, ROOT] & finite
                self.vertex_images, _ = seen_at(vertices, focal)


def _hand_terms(
    hand: StageOutput | InitialOutput, truth: _Truth, *, first_only: bool
) -> dict[str, Tensor]:
    """Terms on joints, mesh and parameters: of the first view, or of each view on its own."""

    def of(value: Tensor) -> Tensor:
        return value[:, 0] if first_only else value

    terms = {}
    if truth.joints is not None and truth.keypoints is not None:
        known, target = of(truth.relative), of(truth.joints)
        terms["joints"] = mean_l1(hand.joints / UNIT_M, target, known)
        terms["mesh_joints"] = mean_l1(hand.mesh_joints / UNIT_M, target, known)
        terms["reprojection"] = mean_l1(hand.reprojection, truth.keypoints, truth.imaged)
    if truth.vertices is not None:
        target = of(truth.vertices)
        if target.shape == hand.vertices.shape:
            terms["vertices"] = mean_l1(hand.vertices / UNIT_M, target, of(truth.meshed)[..., None])
    turns = []
    if truth.wrist is not None:
        turns.append((hand.rotations[..., :1, :, :], of(truth.wrist)[..., None, :, :]))
    if truth.pose is not None:
        pose = truth.pose if first_only else truth.pose[:, None]
        turns.append((hand.rotations[..., 1:, :, :], pose))
    if turns:
        known = of(truth.valid)
        for _, target in turns:
            known = known & torch.isfinite(target).flatten(-3).all(dim=-1)
        wrong = [(a - numbers(b)).abs().mean(dim=(-1, -2)) for a, b in turns]
        terms["rotations"] = known_mean(torch.cat(wrong, dim=-1).mean(dim=-1), known)
    if truth.betas is not None:
        betas = truth.betas if first_only else truth.betas[:, None]
        known = of(truth.valid) & torch.isfinite(betas).all(dim=-1)
        terms["betas"] = known_mean((hand.betas - numbers(betas)).abs().mean(dim=-1), known)
    return terms


def _image_terms(stage: StageOutput, truth: _Truth, config: A3NetConfig) -> dict[str, Tensor]:
    """The auxiliary task of 2D alignment (Table 3, ID 8 to 11)."""
    task = config.image_alignment
    if stage.heat is None or truth.keypoints is None or task == "unsupervised":
        return {}
    if task == "segmentation":
        mask = _silhouette(truth, config.map_size)
        if mask is None or stage.mask is None:
            return {}
        wrong = F.binary_cross_entropy_with_logits(stage.mask.float(), mask, reduction="none")
        return {"heatmap": known_mean(wrong.mean(dim=-1), truth.valid)}
    terms = {"heatmap": _heatmap_loss(stage.heat, truth)}
    if stage.depth is not None and truth.joints is not None:
        wrong = (stage.depth - truth.joints[..., 2]).abs()
        terms["heatmap"] = terms["heatmap"] + known_mean(wrong, truth.relative)
    return terms


def _heatmap_loss(heat: Tensor, truth: _Truth) -> Tensor:
    """Cross-entropy from Gaussians around the true keypoints, less its minimum (KL)."""
    if truth.keypoints is None:
        return heat.sum() * 0.0
    size = round(heat.shape[-1] ** 0.5)
    target = gaussian_maps(truth.keypoints, size, _HEATMAP_CELLS).flatten(-2)
    inside = truth.imaged & (truth.keypoints.abs() < 1).all(dim=-1)
    target = target / target.sum(dim=-1, keepdim=True).clamp(min=1e-6)
    wrong = F.kl_div(heat.float().log_softmax(dim=-1), target, reduction="none").sum(dim=-1)
    return known_mean(wrong, inside)


def _silhouette(truth: _Truth, size: int) -> Tensor | None:
    """Share of each map cell that the hand covers, ``(B, N, S*S)``.

    From the masks; else from where the true vertices fall, which no occluder hides.
    """
    if truth.masks is not None:
        masks = numbers(truth.masks.float())
        small = F.adaptive_avg_pool2d(masks.flatten(0, 1)[:, None], size)
        return small.view(*truth.valid.shape, -1)
    if truth.vertex_images is None:
        return None
    places = truth.vertex_images.flatten(0, 1)
    hit = splat_to_map(torch.ones_like(places[..., :1]), places, size)
    return hit.view(*truth.valid.shape, -1).clamp(0, 1)
