"""What a cell says of the hand that is centred on it: side, MANO parameters, texture, light.

Each is a function of the features of the cell and of those around it, of the encoder's last level
there, and of where the keypoint maps have the hand's keypoints: "the 2D pose estimated from local
features serves as a guidance for 3D pose estimated from global features" (section I; figure 2 feeds
the keypoints' heatmaps into the encoder, which a cell alone could not read). It is computed for the
cells where a hand is and for no others: the same numbers as a map of all cells.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bridge.model.hand.articulation import AT_EASE, Articulation
from bridge.model.hand.layer import HandLayer
from bridge.model.hand.rotation_torch import (
    full_precision,
    rotation_from_6d,
    rotation_from_axis_angle,
)
from bridge.model.layers.basic import mlp, start_near_zero
from bridge.model.multihand.camera import Camera
from bridge.model.multihand.config import MultiHandConfig
from bridge.model.multihand.decoding import local_keypoints, middles
from bridge.model.multihand.output import Hands
from bridge.model.synthetic.painting import N_LIGHT
from bridge.model.training.sample import ROOT
from bridge.protocol.joints import N_BETAS, N_KEYPOINTS

__all__ = ["HandHeads", "Seen"]

_DEPTH_M = 0.8
_RANGE_M = 0.7
"""Most that a hand's depth differs from the usual one. A network that is unsure of a hand's turn
gains by drawing it far away and small, and unlearns there: turns hardly show."""
_AROUND = 2
"""Cells on each side of a hand's own that its heads see."""
_REACH = 0.2
"""How far a hand's keypoints are from its centre, as a share of the picture's width."""


class Seen(NamedTuple):
    """What is known of B pictures before any hand is read.

    Attributes:
        features: ``(B, C, h, w)`` joined.
        deep: ``(B, D, h', w')`` the encoder's last level.
        keypoints: ``(B, 21, h, w)`` logits of the keypoint maps.
    """

    features: Tensor
    deep: Tensor
    keypoints: Tensor


class HandHeads(nn.Module):
    """The heads that read hands.

    Args:
        config: Of the network.
        deep: D.
        hand: The right hand's model.
    """

    mean: Tensor

    def __init__(self, config: MultiHandConfig, deep: int, hand: HandLayer) -> None:
        super().__init__()
        ease = Articulation(hand.model).rotations(np.eye(3), AT_EASE)[1:]
        flat = np.broadcast_to(np.eye(3), ease.shape)
        mean = ease if config.mean_pose == "at_ease" else flat
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32), persistent=False)
        self._config, self._hand = config, hand
        look = config.channels * (2 * _AROUND + 1) ** 2 + deep
        whole, hidden, small = look + 3 * N_KEYPOINTS, config.hidden, max(16, config.hidden // 4)
        self.side = _head(whole, hidden, 2)
        self.mano = _head(whole, hidden, hidden, 2 * config.parameters_per_hand)
        self.texture = _head(look, small, 3 * hand.n_vertices)
        self.light = _head(look, small, N_LIGHT)

    def forward(
        self, seen: Seen, picture: Tensor, cells: Tensor, left: Tensor | None, camera: Camera
    ) -> Hands:
        """The hands at cells.

        Args:
            seen: Of the pictures.
            picture: ``(N,)`` rows of them.
            cells: ``(N,)`` counted row by row.
            left: ``(N,)`` bool: of the two hands that a cell tells, which (the authors' code has
                one set of parameters for each side); what the side head says where None.
            camera: Of the pictures.
        """
        stride, width = self._config.stride, seen.features.shape[-1]
        middle, reach = middles(cells, stride, width), _REACH * self._config.size
        local = local_keypoints(seen.keypoints[picture], cells, stride, reach)
        guide = ((local.pixel - middle[:, None]) / reach).flatten(1)
        look = torch.cat([_patches(seen.features, picture, cells), _below(seen, picture, cells)], 1)
        whole = torch.cat([look, guide, local.peak], 1)
        side = self.side(whole).float()
        if left is None:
            left = side[:, 0] > side[:, 1]
        both = self.mano(whole).float().unflatten(-1, (2, -1))
        rotations, betas, place = self._read(torch.where(left[:, None], both[:, 0], both[:, 1]))
        root_px = middle + stride * place[:, :2]
        depth = _DEPTH_M + _RANGE_M * (place[:, 2] / _RANGE_M).tanh()
        mesh = self._hand(betas, rotations)
        root = mesh.keypoints[:, ROOT : ROOT + 1]
        joints = camera.place(mesh.keypoints - root, left, root_px, depth)
        return Hands(
            rotations=rotations,
            betas=betas,
            side=side,
            left=left,
            root_px=root_px,
            depth_m=depth,
            joints_m=joints,
            vertices_m=camera.place(mesh.vertices - root, left, root_px, depth),
            keypoints_px=camera.project(joints),
            local_px=local.pixel,
            albedo=self.texture(look).float().unflatten(-1, (-1, 3)).sigmoid(),
            light=self.light(look).float() + _ambient(look),
        )

    def _read(self, told: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Rotations ``(N, 16, 3, 3)``, betas ``(N, 10)``, and place: cells, cells, metres."""
        turns = 6 if self._config.rotation == "6d" else 3
        turn, pose, betas, place = told.split([turns, 45, N_BETAS, 3], -1)
        if turns == 6:
            # Begins at the identity, as a vector of zeros does.
            start = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0], device=turn.device)
            root = rotation_from_6d(turn + start)
        else:
            root = rotation_from_axis_angle(turn)
        with full_precision(pose):
            bent = self.mean @ rotation_from_axis_angle(pose.unflatten(-1, (15, 3)))
        return torch.cat([root[:, None], bent], 1), betas, place


def _head(*sizes: int) -> nn.Sequential:
    head = mlp(*sizes)
    start_near_zero(head)
    return head


def _patches(features: Tensor, picture: Tensor, cells: Tensor) -> Tensor:
    """Features ``(N, 25 C)`` of cells and of those around them, as a convolution sees them."""
    width = features.shape[-1]
    padded = F.pad(features, (_AROUND,) * 4)
    steps = torch.arange(2 * _AROUND + 1, device=cells.device)
    rows = (cells // width)[:, None, None] + steps[:, None]
    columns = (cells % width)[:, None, None] + steps
    places = (rows * padded.shape[-1] + columns).flatten(1)
    return padded.flatten(2)[picture[:, None], :, places].flatten(1)


def _below(seen: Seen, picture: Tensor, cells: Tensor) -> Tensor:
    """Features ``(N, D)`` of the last level's cells that lie under cells."""
    width, coarse = seen.features.shape[-1], seen.deep.shape[-1]
    ratio = width // coarse
    places = (cells // width // ratio) * coarse + cells % width // ratio
    return seen.deep.flatten(2)[picture, :, places]


def _ambient(like: Tensor) -> Tensor:
    """Light ``(27,)`` that shows the texture as it is: the first harmonic of each colour."""
    light = like.new_zeros(3, 9)
    light[:, 0] = 1
    return light.flatten()
