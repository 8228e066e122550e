"""What the network says: maps of the whole picture, and the hands that are read off their cells."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from bridge.model.hand.layer import HandLayer
from bridge.model.hand.limits_torch import JointLimits

__all__ = ["Hands", "Maps", "MultiHandOutput"]


@dataclass(frozen=True, slots=True)
class Maps:
    """The localisation module (figure 2), for each cell of B pictures.

    Attributes:
        centre: ``(B, h, w)`` logits, delta_cp.
        keypoints: ``(B, 21, h, w)`` logits, delta_kp.
    """

    centre: Tensor
    keypoints: Tensor


@dataclass(frozen=True, slots=True)
class Hands:
    """N hands of any pictures of the batch: the reconstruction module.

    Attributes:
        rotations: ``(N, 16, 3, 3)``: the first turns the rest hand to the axes of the ray through
            the root (see `Camera`), the others are local, MANO order; of a right hand.
        betas: ``(N, 10)``.
        side: ``(N, 2)`` logits of left and right, delta_lr.
        left: ``(N,)`` bool, whether the hand is that right hand's mirror image.
        root_px: ``(N, 2)`` pixels.
        depth_m: ``(N,)`` of the root.
        joints_m: ``(N, 21, 3)`` in the one camera's axes.
        vertices_m: ``(N, V, 3)`` likewise.
        keypoints_px: ``(N, 21, 2)`` the joints, projected.
        local_px: ``(N, 21, 2)`` what the keypoint maps say of the same joints.
        albedo: ``(N, V, 3)`` 0 to 1, delta_text.
        light: ``(N, 27)``, delta_light.
    """

    rotations: Tensor
    betas: Tensor
    side: Tensor
    left: Tensor
    root_px: Tensor
    depth_m: Tensor
    joints_m: Tensor
    vertices_m: Tensor
    keypoints_px: Tensor
    local_px: Tensor
    albedo: Tensor
    light: Tensor


@dataclass(frozen=True, slots=True)
class MultiHandOutput:
    """Of one forward pass.

    Attributes:
        maps: Of all pictures.
        hands: Those that were asked for.
        picture: ``(N,)`` the picture that each hand is in.
        slot: ``(N,)`` in training, which of the picture's labelled hands it is; else its rank.
        score: ``(N,)`` probability of a centre at its cell.
        usable: ``(B,)`` bool, pictures without a number that is not finite.
        hand: The hand model that they are hands of.
        limits: How far its joints can turn.
    """

    maps: Maps
    hands: Hands
    picture: Tensor
    slot: Tensor
    score: Tensor
    usable: Tensor
    hand: HandLayer
    limits: JointLimits
