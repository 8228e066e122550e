"""Losses of both networks, eq. 7 to 12, in two stages: the shape, then the orientation too.

Lengths count in 0.1 m, as means over coordinates (as in the base's code). A term whose truth a
batch does not have is left out; views that are absent do not count.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from bridge.model.hand.rotation_torch import full_precision
from bridge.model.simahand.adaptation import adaptation_terms
from bridge.model.simahand.config import SimaHandConfig
from bridge.model.simahand.network import UNIT_M
from bridge.model.simahand.output import SimaHandOutput
from bridge.model.training.sample import HandViews
from bridge.model.training.schedule import Moment
from bridge.model.training.terms import known_mean, mean_l1, numbers, seen_at

__all__ = ["edge_loss", "face_edges", "normal_loss", "rotation_loss", "simahand_loss"]

_WRIST = 0


def simahand_loss(
    output: SimaHandOutput,
    views: HandViews,
    config: SimaHandConfig,
    moment: Moment,
) -> dict[str, Tensor]:
    """All terms, each already weighted, and their sum.

    Args:
        output: Of the network for ``views``.
        views: With whatever truth it has.
        config: Its weights and stages.
        moment: Before ``config.orientation_from`` the orientation's terms are left out.

    Returns:
        Scalars: ``total``, and those of ``mesh``, ``joints``, ``normal``, ``edge``, ``keypoints``,
        ``rotation``, ``turned_mesh``, ``turned_joints`` and ``distil_...`` that there are.
    """
    # In bfloat16 a product of rotations and millimetres would be off by half a millimetre.
    with full_precision(output.vertices):
        terms = _shape_terms(output, views, config) | _image_term(output, views, config)
        second = moment.share >= config.orientation_from
        terms |= adaptation_terms(output, config, orientation=second)
        if second:
            terms |= _orientation_terms(output, views, config)
        zero = output.vertices.sum() * 0.0
        return {"total": sum(terms.values(), start=zero), **terms}


def face_edges(vertices: Tensor, faces: Tensor) -> Tensor:
    """The three edges of every face, ``(3, F, B, M, 3)``, of vertices ``(B, M, V, 3)``."""
    rows = vertices.permute(2, 0, 1, 3).contiguous()
    a, b, c = (rows.index_select(0, faces[:, k]) for k in range(3))
    return torch.stack((b - a, c - a, c - b))


def normal_loss(edges: Tensor, truth: Tensor) -> Tensor:
    """L_N of eq. 9: edges, as unit vectors (H2ONet), along the true faces' normals.

    Args:
        edges: ``(3, F, B, M, 3)`` from `face_edges`.
        truth: ``(3, F, B, 1, 3)`` or the same.

    Returns:
        ``(B, M)`` means over faces and edges.
    """
    normals = normalize(torch.linalg.cross(truth[0], truth[1]), dim=-1)
    along = (edges * normals).sum(-1) / torch.linalg.vector_norm(edges, dim=-1).clamp(min=1e-6)
    return along.abs().mean(dim=(0, 1))


def edge_loss(edges: Tensor, truth: Tensor) -> Tensor:
    """L_E of eq. 9: differences of the edges' lengths; arguments as for `normal_loss`."""
    lengths, wanted = (torch.linalg.vector_norm(e, dim=-1) for e in (edges, truth))
    return (lengths - wanted).abs().mean(dim=(0, 1))


def rotation_loss(rotation: Tensor, truth: Tensor) -> Tensor:
    """L_R of eq. 10: the Frobenius norm of ``truth R^T - 1``, ``(...)``."""
    unit = torch.eye(3, device=rotation.device)
    wrong = truth @ rotation.transpose(-1, -2) - unit
    return torch.linalg.vector_norm(wrong, dim=(-1, -2))


def _canonical(views: HandViews) -> tuple[Tensor, Tensor | None, Tensor] | None:
    """True joints and vertices at the canonical pose, 0.1 m, and which hands have them."""
    if views.joints_m is None or views.wrist_rotation is None:
        return None
    turn, joints = views.wrist_rotation[:, 0], views.joints_m[:, 0]
    wrist = joints[:, _WRIST : _WRIST + 1]
    vertices = None if views.vertices_m is None else views.vertices_m[:, 0]
    known = torch.isfinite(joints).all(-1).all(-1) & torch.isfinite(turn).all(-1).all(-1)
    if views.joint_valid is not None:
        known = known & views.joint_valid[:, 0].all(-1)
    joints = numbers((joints - wrist) @ turn / UNIT_M)
    if vertices is not None:
        known = known & torch.isfinite(vertices).all(-1).all(-1)
        vertices = numbers((vertices - wrist) @ turn / UNIT_M)
    return joints, vertices, known


def _shape_terms(
    output: SimaHandOutput, views: HandViews, config: SimaHandConfig
) -> dict[str, Tensor]:
    """Eq. 7 and 9, at the canonical pose."""
    truth = _canonical(views)
    if truth is None:
        return {}
    joints, vertices, known = truth
    weights, each = config.loss, output.vertices.shape[1]
    # MVR-Hand has one shape for all views; of SVR-Hand's, those of absent views do not count.
    counts = known[:, None] & (output.valid if each > 1 else output.valid[:, :1])
    terms = {
        "joints": weights.joints
        * mean_l1(output.joints / UNIT_M, joints[:, None], counts[..., None])
    }
    if vertices is not None and vertices.shape[1] == output.vertices.shape[2]:
        found = output.vertices / UNIT_M
        terms["mesh"] = weights.mesh * mean_l1(found, vertices[:, None], counts[..., None])
        edges = face_edges(found, output.faces)
        truth_edges = face_edges(vertices[:, None], output.faces)
        normal, edge = normal_loss(edges, truth_edges), edge_loss(edges, truth_edges)
        terms["normal"] = weights.normal * known_mean(normal, counts)
        terms["edge"] = weights.edge * known_mean(edge, counts)
    return terms


def _image_term(
    output: SimaHandOutput, views: HandViews, config: SimaHandConfig
) -> dict[str, Tensor]:
    """Eq. 8."""
    if views.joints_m is None:
        return {}
    known = output.valid[..., None] & torch.isfinite(views.joints_m).all(-1)
    if views.joint_valid is not None:
        known = known & views.joint_valid
    # Views that do not count may hold anything: no NaN of theirs may reach a gradient.
    focal = torch.where(output.valid, views.focal, torch.ones_like(views.focal))
    target, ahead = seen_at(numbers(views.joints_m), focal)
    wrong = mean_l1(output.keypoints, target, known & ahead)
    return {"keypoints": config.loss.keypoints * wrong}


def _orientation_terms(
    output: SimaHandOutput, views: HandViews, config: SimaHandConfig
) -> dict[str, Tensor]:
    """Eq. 10, and eq. 7 of the rotated mesh and joints, through which no gradient reaches shape."""
    truth = _canonical(views)
    if truth is None or views.wrist_rotation is None:
        return {}
    joints, vertices, known = truth
    turns = views.wrist_rotation
    counts = known[:, None] & output.present & torch.isfinite(turns).all(-1).all(-1)
    turns = numbers(turns)
    weights = config.loss
    terms = {
        "rotation": weights.rotation * known_mean(rotation_loss(output.rotation, turns), counts)
    }

    def turned(found: Tensor, target: Tensor) -> Tensor:
        seen = (found.detach() / UNIT_M) @ output.rotation.transpose(-1, -2)
        return mean_l1(seen, target[:, None] @ turns.transpose(-1, -2), counts[..., None])

    terms["turned_joints"] = weights.joints * turned(output.joints, joints)
    if vertices is not None and vertices.shape[1] == output.vertices.shape[2]:
        terms["turned_mesh"] = weights.mesh * turned(output.vertices, vertices)
    return terms
