"""The hand model as a differentiable layer: betas and rotations in, mesh and keypoints out.

Linear blend skinning as in MANO (Romero et al., "Embodied Hands", SIGGRAPH Asia 2017, eq. 1-3),
with MANO's pose blend shapes where the model has them. Control flow does not depend on data and
nothing is written in place, so the layer compiles and exports.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.hand.interface import HandModel
from bridge.model.hand.mano import Fingertips, mano_hand
from bridge.model.hand.open_hand import open_hand
from bridge.model.hand.rotation_torch import full_precision
from bridge.protocol.joints import (
    FINGERTIPS,
    JOINT_PARENTS,
    KEYPOINT_OF_JOINT,
    N_BETAS,
    N_JOINTS,
    N_KEYPOINTS,
    Side,
)

__all__ = ["HandLayer", "HandMesh", "mano_layer", "open_hand_layer"]

_KNUCKLES = [joint for joint, parent in enumerate(JOINT_PARENTS) if parent == 0]
_CHAINS = [[knuckle + level for knuckle in _KNUCKLES] for level in range(3)]
"""Joints of the five fingers by level, knuckles first."""
_CHAIN_KEYPOINTS = [[KEYPOINT_OF_JOINT[k] + level for k in _KNUCKLES] for level in range(4)]
# Levels are stacked finger by finger; these put them back in order.
_JOINT_ORDER = np.argsort([0, *np.transpose(_CHAINS).ravel()]).tolist()
_KEYPOINT_ORDER = np.argsort([0, *np.transpose(_CHAIN_KEYPOINTS).ravel()]).tolist()
# Keypoints with five vertices behind them, these in the place of the fingertips.
_WITH_TIPS = [
    N_KEYPOINTS + FINGERTIPS.index(k) if k in FINGERTIPS else k for k in range(N_KEYPOINTS)
]


class HandMesh(NamedTuple):
    """A posed hand.

    Attributes:
        vertices: ``(..., V, 3)`` metres.
        joints: ``(..., 16, 3)`` metres, MANO order.
        keypoints: ``(..., 21, 3)`` metres.
    """

    vertices: Tensor
    joints: Tensor
    keypoints: Tensor


class HandLayer(nn.Module):
    """Any `HandModel` in torch; its arrays are buffers, it has nothing to train.

    It works in the precision of its buffers, float32 unless converted, under autocast too.

    Example::

        layer = open_hand_layer(Side.RIGHT)
        mesh = layer(torch.zeros(8, 10), torch.eye(3).expand(8, 16, 3, 3))
        mesh.vertices  # (8, 1609, 3)

    Args:
        model: The hand model whose arrays are taken.

    Attributes:
        model: The hand model it was made of.
        side: Which hand.
        n_vertices: V.
        faces: ``(F, 3)`` vertex indices, outward by the right-hand rule.
        weights: ``(V, 16)`` skinning weights.
    """

    faces: Tensor
    weights: Tensor
    template: Tensor
    shape_dirs: Tensor
    rest_points: Tensor
    point_dirs: Tensor
    pose_dirs: Tensor | None

    def __init__(self, model: HandModel) -> None:
        super().__init__()
        self.model, self.side = model, model.side
        zero, unit = np.zeros(N_BETAS), np.eye(N_BETAS)
        template, points = model.rest_vertices(zero), model.rest_keypoints(zero)
        self.n_vertices = len(template)
        tips = model.fingertip_vertices
        self._tips = None if tips is None else list(tips)
        arrays = {
            "template": template,
            "shape_dirs": model.rest_vertices(unit) - template,
            "rest_points": points,
            "point_dirs": model.rest_keypoints(unit) - points,
            "weights": model.weights,
            "pose_dirs": model.pose_dirs,
        }
        for name, array in arrays.items():
            value = None if array is None else torch.tensor(np.asarray(array), dtype=torch.float32)
            self.register_buffer(name, value, persistent=False)
        self.register_buffer("faces", torch.tensor(np.asarray(model.faces)), persistent=False)

    def rest_vertices(self, betas: Tensor) -> Tensor:
        """Vertices ``(..., V, 3)`` at rest, metres, for ``betas (..., 10)``."""
        with full_precision(betas):
            return self.template + torch.einsum("...b,bvk->...vk", betas, self.shape_dirs)

    def rest_keypoints(self, betas: Tensor) -> Tensor:
        """Keypoints ``(..., 21, 3)`` at rest, metres, for ``betas (..., 10)``."""
        with full_precision(betas):
            return self.rest_points + torch.einsum("...b,bvk->...vk", betas, self.point_dirs)

    def forward(self, betas: Tensor, rotations: Tensor, wrist_m: Tensor | None = None) -> HandMesh:
        """Poses the hand; leading axes broadcast.

        Args:
            betas: ``(..., 10)``.
            rotations: ``(..., 16, 3, 3)``: the first turns the rest frame into the output's axes,
                1 to 15 are local, MANO joint order.
            wrist_m: ``(..., 3)`` metres; the origin where None.

        Raises:
            InputError: An argument has another shape.
        """
        if betas.shape[-1] != N_BETAS or rotations.shape[-3:] != (N_JOINTS, 3, 3):
            raise InputError(
                "a hand needs betas (..., 10) and rotations (..., 16, 3, 3), not "
                f"{tuple(betas.shape)} and {tuple(rotations.shape)}"
            )
        kind = self.template.dtype
        with full_precision(betas):
            wrist = None if wrist_m is None else wrist_m.to(kind)
            return self._posed(betas.to(kind), rotations.to(kind), wrist)

    def _posed(self, betas: Tensor, rotations: Tensor, wrist_m: Tensor | None) -> HandMesh:
        rest = self.rest_keypoints(betas)
        turned, keypoints = _chain(rest, rotations, wrist_m)
        joints = keypoints[..., list(KEYPOINT_OF_JOINT), :]
        rest_joints = rest[..., list(KEYPOINT_OF_JOINT), :]
        shifts = joints - (turned @ rest_joints[..., None]).squeeze(-1)
        vertices = self.rest_vertices(betas)
        if self.pose_dirs is not None:
            bent = (rotations[..., 1:, :, :] - torch.eye(3, device=rotations.device)).flatten(-3)
            vertices = vertices + torch.einsum("...p,vkp->...vk", bent, self.pose_dirs)
        transforms = torch.cat((turned.flatten(-2), shifts), -1)
        blended = self.weights @ transforms
        matrices = blended[..., :9].unflatten(-1, (3, 3))
        posed = (matrices @ vertices[..., None]).squeeze(-1) + blended[..., 9:]
        if self._tips is not None:
            tips = posed[..., self._tips, :]
            keypoints = torch.cat((keypoints, tips), -2)[..., _WITH_TIPS, :]
        return HandMesh(posed, joints, keypoints)

    def point_indices(self, count: int) -> Tensor:
        """Vertices spread evenly over the resting hand: farthest point sampling, ``(count,)``.

        Eldar et al., "The farthest point strategy for progressive image sampling", 1997. The
        first is vertex 0; the same count gives the same vertices.

        Raises:
            InputError: ``count`` is not between 1 and the number of vertices.
        """
        if not 1 <= count <= self.n_vertices:
            raise InputError(f"take 1 to {self.n_vertices} points of this hand, not {count}")
        points = self.template.double().cpu()
        chosen = [0]
        distance = torch.full((self.n_vertices,), float("inf"), dtype=torch.float64)
        for _ in range(count - 1):
            distance = torch.minimum(distance, (points - points[chosen[-1]]).square().sum(-1))
            chosen.append(int(distance.argmax()))
        return torch.tensor(chosen)


def _chain(rest: Tensor, rotations: Tensor, wrist_m: Tensor | None) -> tuple[Tensor, Tensor]:
    """Forward kinematics: each joint's global rotation ``(..., 16, 3, 3)`` and the keypoints."""
    root = rotations[..., 0, :, :]
    turn = root[..., None, :, :]
    reach = rest[..., _CHAIN_KEYPOINTS[0], :] - rest[..., :1, :]
    position = (turn @ reach[..., None]).squeeze(-1)
    wrist = torch.zeros_like(position[..., :1, :])
    if wrist_m is not None:
        wrist = wrist + wrist_m[..., None, :]
    position = position + wrist
    turns, positions = [], [position]
    for level, joints in enumerate(_CHAINS):
        turn = turn @ rotations[..., joints, :, :]
        turns.append(turn)
        bone = rest[..., _CHAIN_KEYPOINTS[level + 1], :] - rest[..., _CHAIN_KEYPOINTS[level], :]
        position = position + (turn @ bone[..., None]).squeeze(-1)
        positions.append(position)
    stacked = torch.stack(turns, -3).flatten(-4, -3)  # (..., 5, 3 levels, 3, 3), fingers first
    placed = torch.stack(positions, -2).flatten(-3, -2)
    root = root[..., None, :, :].expand(*stacked.shape[:-3], 1, 3, 3)
    turned = torch.cat((root, stacked), -3)[..., _JOINT_ORDER, :, :]
    keypoints = torch.cat((wrist, placed), -2)[..., _KEYPOINT_ORDER, :]
    return turned, keypoints


def open_hand_layer(side: Side = Side.RIGHT) -> HandLayer:
    """The open hand of one side as a layer."""
    return HandLayer(open_hand(side))


def mano_layer(
    path: Path | str,
    side: Side = Side.RIGHT,
    *,
    fingertips: Fingertips = "smplx",
    fix_left_shapedirs: bool | None = None,
) -> HandLayer:
    """A MANO hand of the user's as a layer; arguments and errors as for `mano_hand`."""
    return HandLayer(
        mano_hand(path, side, fingertips=fingertips, fix_left_shapedirs=fix_left_shapedirs)
    )
