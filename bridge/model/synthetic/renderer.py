"""Pictures of scenes: hand, arm, second hand, things in the way, light, background, camera."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from bridge.model.hand.layer import HandLayer
from bridge.model.synthetic.appearance import (
    cloth_colour,
    glints,
    plain_colour,
    random_lamps,
    skin_colour,
    skin_tone,
)
from bridge.model.synthetic.backgrounds import random_backgrounds
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.meshes import random_arm, random_object, vertex_normals
from bridge.model.synthetic.photo import photograph
from bridge.model.synthetic.poses import joint_rotations, random_angles, random_betas
from bridge.model.synthetic.rasteriser import NEAR_M, interpolate, rasterise
from bridge.model.synthetic.scene import HandScene
from bridge.protocol.joints import N_KEYPOINTS

__all__ = ["Pictures", "render"]

_SAMPLES = 2
_OBJECT, _OTHER_HAND = 0.4, 0.3
_FLESH_M = torch.full((N_KEYPOINTS,), 0.018)
_FLESH_M[[0, 1, 5, 9, 13, 17]] = 0.032
"""A keypoint this far behind the hand's surface is seen: fingers are thin, the palm is not."""
_AT_ONCE = 8


class Pictures(NamedTuple):
    """What N cameras see of B scenes.

    Attributes:
        images: ``(B, N, 3, S, S)`` display values, 0 to 1.
        masks: ``(B, N, S, S)`` 1 where most of a pixel shows the hand.
        visible: ``(B, N, 21)`` bool, keypoints that nothing hides; what is not in the picture is
            not visible.
        other: ``(B, N, 21, 2)`` the second hand's keypoints in crop coordinates; NaN where the
            scene has none.
    """

    images: Tensor
    masks: Tensor
    visible: Tensor
    other: Tensor


class _Scenery(NamedTuple):
    """All meshes of B scenes as one; vertices of what a scene lacks are NaN.

    Attributes:
        vertices_m: ``(B, V, 3)``, the hand's first.
        normals: ``(B, V, 3)``.
        faces: ``(F, 3)``, the hand's first.
        albedo: ``(B, V, 3)`` linear.
        other_m: ``(B, 21, 3)`` the second hand's keypoints, NaN where there is none.
    """

    vertices_m: Tensor
    normals: Tensor
    faces: Tensor
    albedo: Tensor
    other_m: Tensor | None = None


def render(
    draws: Draws, scene: HandScene, hand: HandLayer, *, size: int, margin: float = 1.0
) -> Pictures:
    """Renders every view of every scene, on the device that the scene is on.

    Args:
        draws: Random numbers, on the same device.
        scene: Hands and cameras, with vertices.
        hand: The right hand's model, on the same device.
        size: Height and width of the pictures, pixels.
        margin: How much wider the pictures are than the crops.
    """
    draws = draws.fork("render")
    scenery = _scenery(draws, scene, hand)
    lamps = random_lamps(draws)
    solid = scenery.vertices_m.nan_to_num(nan=0.0)
    arriving = lamps.diffuse(solid, scenery.normals, scenery.faces)
    # Devices expose for what they see: the hand is lit alike on average, give or take.
    usual = arriving[:, : hand.n_vertices].mean((1, 2), keepdim=True)
    exposure = draws.uniform("exposure", 1, 1, low=0.6, high=1.25) / usual
    light = scenery.albedo * arriving * exposure
    cameras = scene.cameras
    views = cameras.focal.shape[1]
    eye = -(cameras.rotation.transpose(-1, -2) @ cameras.translation_m[..., None])[..., 0]
    towards = torch.nn.functional.normalize(eye[:, :, None] - solid[:, None], dim=-1)
    gloss = 0.25 * draws.uniform("gloss", 1, 1, 1) ** 2
    shine = glints(lamps, scenery.normals, towards, gloss)
    colours = light[:, None] + shine * exposure[:, None]
    seen = cameras.to_camera(scenery.vertices_m)
    keypoints = cameras.to_camera(scene.keypoints_m)
    focal = cameras.focal / margin

    own = draws.spread("views", views)
    parts = []
    flat = [t.flatten(0, 1) for t in (seen, colours, keypoints, focal, cameras.source_px * margin)]
    for start in range(0, len(flat[0]), _AT_ONCE):
        rows = torch.arange(start, min(start + _AT_ONCE, len(flat[0])), device=draws.device)
        some = [t[rows] for t in flat]
        parts.append(_draw(own.pick(rows), some, scenery.faces, len(hand.faces), size))
    shape = (len(draws), views)
    images, masks, visible = (
        torch.cat(part).unflatten(0, shape) for part in zip(*parts, strict=True)
    )
    other = torch.full_like(scene.keypoints_m, torch.nan)
    other = cameras.project(other if scenery.other_m is None else scenery.other_m)
    return Pictures(images, masks, visible, other)


def _draw(
    draws: Draws, flat: list[Tensor], faces: Tensor, hand_faces: int, size: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Images, masks and visible keypoints of P pictures."""
    vertices, colours, keypoints, focal, source_px = flat
    fine = size * _SAMPLES
    depth = vertices[..., 2].nan_to_num(nan=0.0)
    safe = depth.clamp(min=NEAR_M)[..., None]
    points = _pixels(vertices[..., :2].nan_to_num(nan=0.0) / safe, focal, fine)
    raster = rasterise(points, depth, faces, (fine, fine), cull=True)
    front = raster.face >= 0
    paint = torch.zeros(*front.shape, 3, device=vertices.device)
    paint[front] = interpolate(raster, points, depth, faces, colours)
    ours = front & (raster.face < hand_faces)
    layers = torch.cat([paint, front[..., None].float(), ours[..., None].float()], -1)
    layers = torch.nn.functional.avg_pool2d(layers.permute(0, 3, 1, 2), _SAMPLES)
    behind = random_backgrounds(draws, size)
    linear = layers[:, :3] + (1 - layers[:, 3:4]) * behind
    masks = (layers[:, 4] > 0.5).float()

    at = _pixels(keypoints[..., :2] / keypoints[..., 2:], focal, fine).round().long()
    inside = ((at >= 0) & (at < fine)).all(-1)
    at = at.clamp(0, fine - 1)
    index = at[..., 1] * fine + at[..., 0]
    nearest = raster.depth_m.flatten(1).gather(1, index)
    visible = inside & (nearest > keypoints[..., 2] - _FLESH_M.to(nearest))
    return photograph(draws, linear, source_px), masks, visible


def _pixels(image: Tensor, focal: Tensor, size: int) -> Tensor:
    """Pixels of points ``(P, K, 2)`` at unit depth."""
    return (focal[:, None, None] * image + 1) * (size / 2) - 0.5


def _scenery(draws: Draws, scene: HandScene, hand: HandLayer) -> _Scenery:
    assert scene.vertices_m is not None  # noqa: S101 - the caller's contract
    tone = skin_tone(draws)
    parts = [_person(draws, hand, scene.vertices_m, tone)]
    other = draws.below("other hand", _OTHER_HAND)
    if other.any():
        parts.append(_absent_unless(other, _other_hand(draws, hand, scene, tone)))
    thing = draws.below("object", _OBJECT)
    if thing.any():
        prism = random_object(draws, scene.keypoints_m.mean(1))
        normals = vertex_normals(prism.vertices_m, prism.faces)
        albedo = plain_colour(draws, prism.vertices_m.shape[1])
        parts.append(
            _absent_unless(thing, _Scenery(prism.vertices_m, normals, prism.faces, albedo))
        )
    other_m = next((part.other_m for part in parts if part.other_m is not None), None)
    return _joined(parts)._replace(other_m=other_m)


def _person(draws: Draws, hand: HandLayer, vertices_m: Tensor, tone: Tensor) -> _Scenery:
    """A hand and its arm."""
    arm = random_arm(draws, hand, vertices_m)
    cloth = cloth_colour(draws, arm.along_m)
    bare = tone[:, None] * (1 + 0.05 * draws.normal("arm", arm.along_m.shape[1], 1))
    albedo = torch.lerp(bare, cloth, arm.sleeve[:, None])
    hand_normals = vertex_normals(vertices_m, hand.faces)
    arm_normals = vertex_normals(arm.vertices_m, arm.faces)
    # Light must not show the seam: both meshes have the mean normal there.
    ring = slice(0, len(arm.loop))
    seam = torch.nn.functional.normalize(hand_normals[:, arm.loop] + arm_normals[:, ring], dim=-1)
    hand_normals[:, arm.loop] = seam
    arm_normals[:, ring] = seam
    skin = skin_colour(draws, hand, tone)
    albedo[:, ring] = skin[:, arm.loop]
    parts = [
        _Scenery(vertices_m, hand_normals, hand.faces, skin),
        _Scenery(arm.vertices_m, arm_normals, arm.faces, albedo),
    ]
    return _joined(parts)


def _other_hand(draws: Draws, hand: HandLayer, scene: HandScene, tone: Tensor) -> _Scenery:
    """A hand beside the hand, left or right, its own person's or the same one's."""
    draws = draws.fork("other")
    device = draws.device
    with torch.no_grad():
        pose = joint_rotations(random_angles(draws))
        pose = torch.cat([torch.eye(3, device=device).expand(len(draws), 1, 3, 3), pose], 1)
        posed = hand(random_betas(draws), pose)
    stranger = draws.below("stranger", 0.2, 1)
    person = _person(draws, hand, posed.vertices, torch.where(stranger, skin_tone(draws), tone))
    # A left hand is a right one mirrored where it points: across.
    mirror = torch.where(draws.below("left", 0.7, 1, 1), -1.0, 1.0)
    flip = torch.cat([torch.ones_like(mirror), torch.ones_like(mirror), mirror], -1)
    # Half the time as on a keyboard, side by side; else any way round, hands that touch.
    beside = draws.below("beside", 0.5, 1)
    turn = torch.where(beside[..., None], _small_turn(draws), draws.rotations("turn"))
    middle = posed.keypoints.mean(1)
    across = torch.stack(
        [draws.normal("x") * 0.05, draws.normal("y") * 0.03, draws.uniform("z", low=0.1, high=0.2)],
        1,
    )
    away = torch.nn.functional.normalize(draws.normal("away", 3), dim=-1)
    away = away * draws.uniform("near", 1, low=0.06, high=0.14)
    place = scene.keypoints_m.mean(1) + torch.where(beside, across, away)
    turn = flip.transpose(-1, -2) * turn.transpose(-1, -2)
    move = place[:, None] - middle[:, None] @ turn
    return person._replace(
        vertices_m=person.vertices_m @ turn + move,
        normals=person.normals @ turn,
        other_m=posed.keypoints @ turn + move,
    )


def _small_turn(draws: Draws) -> Tensor:
    """Rotations ``(B, 3, 3)`` by some 15 degrees."""
    x, y, z = (0.26 * draws.normal("small turn", 3)).unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))
    return torch.linalg.matrix_exp(skew)


def _absent_unless(there: Tensor, part: _Scenery) -> _Scenery:
    there = there[:, None, None]
    hidden = torch.where(there, part.vertices_m, torch.nan)
    other = None if part.other_m is None else torch.where(there, part.other_m, torch.nan)
    return part._replace(vertices_m=hidden, other_m=other)


def _joined(parts: list[_Scenery]) -> _Scenery:
    faces, vertices = [], 0
    for part in parts:
        faces.append(part.faces + vertices)
        vertices += part.vertices_m.shape[1]
    return _Scenery(
        torch.cat([part.vertices_m for part in parts], 1),
        torch.cat([part.normals for part in parts], 1),
        torch.cat(faces),
        torch.cat([part.albedo for part in parts], 1),
    )
