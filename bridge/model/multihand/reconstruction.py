"""Losses of the reconstruction module (section III-C, eq. 7 to 11), hand by hand.

Distances in the picture are in units of the middle finger's first section as it is seen, "to unify
the errors for different hand scales". A section that points at the camera has next to no length:
a share of the hand's box is the least unit.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bridge.model.hand.layer import HandLayer
from bridge.model.hand.limits_torch import JointLimits
from bridge.model.multihand.output import Hands, MultiHandOutput
from bridge.model.multihand.scenes import HandScenes
from bridge.model.synthetic.meshes import vertex_normals
from bridge.model.synthetic.painting import light_up, paint
from bridge.model.training.sample import ROOT
from bridge.protocol.joints import BONES

__all__ = [
    "bone_directions",
    "colours_of",
    "consistency",
    "labelled_unit",
    "photometric",
    "regularisation",
    "reprojection",
    "true_hands",
    "truth_terms",
]

_SECTION = (9, 10)
"""Keypoints of the middle finger's first section: knuckle and first joint."""
_LEAST_UNIT = 0.15
_SHORT_BONE = 0.1
UNIT_M = 0.1


def labelled_unit(keypoints_px: Tensor, box_px: Tensor) -> Tensor:
    """The unit ``(N,)`` of picture distances, pixels, of labels ``(N, 21, 2)`` and ``(N, 4)``."""
    section = (keypoints_px[:, _SECTION[1]] - keypoints_px[:, _SECTION[0]]).norm(dim=-1)
    side = (box_px[:, 2:] - box_px[:, :2]).amax(-1)
    return torch.maximum(section, _LEAST_UNIT * side).clamp(min=1.0)


def reprojection(found_px: Tensor, labelled_px: Tensor, unit: Tensor) -> Tensor:
    """First sum of eq. 8: mean distance ``(N,)`` of 21 projected joints to their labels."""
    return (found_px - labelled_px).norm(dim=-1).mean(-1) / unit


def bone_directions(found_px: Tensor, labelled_px: Tensor, unit: Tensor) -> Tensor:
    """Second sum of eq. 8: mean distance ``(N,)`` of the 20 bones' directions to the labelled ones.

    Directions have length one however small a hand is drawn: a network that is not sure of a hand's
    turn could else gain by drawing it far away. Labelled bones that point at the camera count less,
    as no label says where they point.
    """
    parents, children = (list(ends) for ends in zip(*BONES, strict=True))
    scale = unit[:, None, None]
    found = (found_px[:, children] - found_px[:, parents]) / scale
    labelled = (labelled_px[:, children] - labelled_px[:, parents]) / scale
    length = labelled.square().sum(-1, keepdim=True)
    trust = (length / (length + _SHORT_BONE**2)).sqrt()[..., 0]
    apart = _unit(found) - _unit(labelled)
    return (trust * (apart.square().sum(-1) + 1e-9).sqrt()).mean(-1)


def _unit(vectors: Tensor) -> Tensor:
    return vectors / (vectors.square().sum(-1, keepdim=True) + 1e-8).sqrt()


def consistency(local_px: Tensor, projected_px: Tensor, visible: Tensor, unit: Tensor) -> Tensor:
    """Eq. 11, ``(N,)``: keypoints of the maps against those of the mesh, where they are visible."""
    apart = (local_px - projected_px).norm(dim=-1) * visible
    return apart.sum(-1) / visible.sum(-1).clamp(min=1) / unit


def regularisation(hands: Hands, limits: JointLimits, shape: float) -> Tensor:
    """Eq. 10, ``(N,)``: angles beyond their limits (L1), and the betas' length.

    Args:
        hands: N hands.
        limits: Of the hand model.
        shape: ``w_shape / w_pose``.
    """
    beyond = limits.excess(hands.rotations[:, 1:]).flatten(1).sum(-1)
    return beyond + shape * (hands.betas.square().sum(-1) + 1e-9).sqrt()


def colours_of(hands: Hands, faces: Tensor) -> Tensor:
    """Lit vertex colours ``(N, V, 3)``."""
    outward = torch.where(hands.left, -1.0, 1.0)[:, None, None]
    return light_up(hands.albedo, outward * vertex_normals(hands.vertices_m, faces), hands.light)


def photometric(
    output: MultiHandOutput, scenes: HandScenes, hand: HandLayer, *, pixel: int, pictures: int
) -> Tensor:
    """Eq. 9, a scalar: how far the drawn hands' colours are from the picture's, on skin.

    Args:
        output: Of the network for ``scenes``.
        scenes: Pictures and their skin.
        hand: The hand model, for its faces.
        pixel: Pixels of the picture in one of the drawing.
        pictures: Most pictures to draw; the first ones.
    """
    hands, count = output.hands, min(pictures, len(scenes.images))
    used = output.picture < count
    if not used.any():
        return hands.albedo.sum() * 0.0
    picture, slot = output.picture[used], output.slot[used]
    camera = scenes.camera
    vertices = hands.vertices_m[used]
    points = (camera.project(vertices) + 0.5) / pixel - 0.5
    colours = colours_of(hands, hand.faces)[used]
    slots, n_vertices = int(slot.max()) + 1, hand.n_vertices

    def spread(values: Tensor, empty: float) -> Tensor:
        full = values.new_full((count, slots, *values.shape[1:]), empty)
        return full.index_put((picture, slot), values).flatten(1, 2)

    offsets = n_vertices * torch.arange(slots, device=picture.device)
    faces = (hand.faces + offsets[:, None, None]).flatten(0, 1)
    size = (camera.height // pixel, camera.width // pixel)
    drawn, seen = paint(
        spread(points, 0.0),
        spread(vertices[..., 2], float("inf")),
        faces,
        spread(colours, 0.0),
        size,
    )
    images = torch.nan_to_num(scenes.images[:count], 0.0, 0.0, 0.0)
    skin = F.avg_pool2d(scenes.skin[:count, None], pixel)[:, 0] > 0.5
    mask = (seen & skin).to(drawn)
    apart = (drawn - F.avg_pool2d(images, pixel)).square().sum(1)
    return (mask * (apart + 1e-8).sqrt()).sum() / mask.sum().clamp(min=1)


def true_hands(
    scenes: HandScenes, picture: Tensor, slot: Tensor, hand: HandLayer
) -> tuple[Tensor, Tensor] | None:
    """True joints ``(N, 21, 3)`` and vertices ``(N, V, 3)`` in the camera's axes, if known."""
    given = (scenes.turn, scenes.pose, scenes.betas, scenes.depth_m)
    if any(value is None for value in given):
        return None
    turn, pose, betas, depth = (value[picture, slot] for value in given if value is not None)
    with torch.no_grad():
        mesh = hand(betas, torch.cat([turn[:, None], pose], 1))
        root = mesh.keypoints[:, ROOT : ROOT + 1]
        place = (scenes.left[picture, slot], scenes.root_px[picture, slot], depth)
        camera = scenes.camera
        return (
            camera.place(mesh.keypoints - root, *place),
            camera.place(mesh.vertices - root, *place),
        )


def truth_terms(hands: Hands, joints_m: Tensor, vertices_m: Tensor) -> dict[str, Tensor]:
    """Table IV's L_3D: L1 of joints and vertices relative to the root, units of 0.1 m, ``(N,)``."""
    found, true = hands.joints_m, joints_m
    root, true_root = found[:, ROOT : ROOT + 1], true[:, ROOT : ROOT + 1]
    joints = ((found - root) - (true - true_root)).abs()
    vertices = ((hands.vertices_m - root) - (vertices_m - true_root)).abs()
    return {
        "joints": joints.flatten(1).mean(-1) / UNIT_M,
        "vertices": vertices.flatten(1).mean(-1) / UNIT_M,
    }
