"""Section 3.1, the single-view estimator: a picture to a hand, on its own.

An encoder F_e; three heads of two layers as its decoder F_d: pose (6D rotations, Zhou et
al. 2019), shape, camera.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bridge.model.hamuco.config import HaMuCoConfig
from bridge.model.hamuco.encoders import Levels, encoder_of
from bridge.model.hand.rotation_torch import rotation_from_6d, six_d_from_rotation
from bridge.model.layers.basic import mlp, start_near_zero

__all__ = ["UNIT_M", "SingleView", "SingleViewEstimator"]

UNIT_M = 0.2
"""Lengths within the network and its losses are in this many metres (the authors' code)."""

_HEAD = 512
_TYPICAL_SCALE = 1.5
"""Half crop widths that a length unit of a hand fills."""


class SingleView(NamedTuple):
    """What M pictures say.

    Attributes:
        rotations: ``(M, 16, 3, 3)``, the first into the crop camera's axes.
        betas: ``(M, 10)``.
        camera: ``(M, 3)`` scale s, half crop widths per unit, and the root's image t.
        maps: H^1 to H^4.
    """

    rotations: Tensor
    betas: Tensor
    camera: Tensor
    maps: Levels


class SingleViewEstimator(nn.Module):
    """F_s = F_d(F_e(.)).

    Args:
        config: Depth, width, and where its weights start.
    """

    rest: Tensor

    def __init__(self, config: HaMuCoConfig) -> None:
        super().__init__()
        self.encoder = encoder_of(config)
        features = config.level_channels[-1]
        self.pose, self.shape, self.camera = (
            mlp(features, _HEAD, outputs) for outputs in (16 * 6, 10, 3)
        )
        for head in (self.pose, self.shape, self.camera):
            start_near_zero(head)
        rest = six_d_from_rotation(torch.eye(3)).repeat(16)
        self.register_buffer("rest", rest, persistent=False)

    def forward(self, *seen: Tensor) -> SingleView:
        """Reconstructs each of M views on its own.

        Args:
            seen: Pictures ``(M, 3, S, S)``, 0 to 1; or landmarks ``(M, 21, 2)`` and trust
                ``(M, 21)``.
        """
        maps, pooled = self.encoder(*seen)
        pose, betas, raw = (head(pooled).float() for head in (self.pose, self.shape, self.camera))
        rotations = rotation_from_6d((pose + self.rest).unflatten(-1, (16, 6)))
        # Always positive; a scale of 0 would let any hand fit any label.
        scale = _TYPICAL_SCALE * torch.exp(2 * torch.tanh(raw[:, :1] / 2))
        return SingleView(rotations, betas, torch.cat((scale, raw[:, 1:]), dim=1), maps)
