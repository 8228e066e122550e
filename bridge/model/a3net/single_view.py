"""Section 3.1: what one view alone says: a MANO hand, its camera, joints and visual features."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bridge.model.a3net.backbone import ImageStem
from bridge.model.a3net.config import A3NetConfig
from bridge.model.a3net.landmark_stem import LandmarkStem
from bridge.model.hand.rotation_torch import rotation_from_6d, six_d_from_rotation
from bridge.model.layers.basic import mlp, start_near_zero
from bridge.model.layers.maps import cell_centres

__all__ = ["UNIT_M", "PixelwiseHead", "SingleView", "SingleViewNet"]

UNIT_M = 0.1
"""Length that the network counts in: hands are about 1 to 2 of it."""

_TYPICAL_SCALE = 0.6
"""Half crop widths per 0.1 m of a hand that fills its crop."""


class SingleView(NamedTuple):
    """M views, each reconstructed on its own; lengths in 0.1 m, relative to the root.

    Attributes:
        f_global: ``(M, G)`` global feature.
        f_vis: ``(M, C, S, S)`` visual feature map F_vis.
        rotations: ``(M, 16, 3, 3)`` joint rotations, the wrist's to the view's axes.
        betas: ``(M, 10)``.
        camera: ``(M, 3)`` scale s and the root's image t, see ``layers.project``.
        joints: ``(M, 21, 3)`` joints J from the pixel-wise representation, view's axes.
        keypoints: ``(M, 21, 2)`` their images, crop coordinates.
        heat: ``(M, 21, S*S)`` logits of their heatmaps.
    """

    f_global: Tensor
    f_vis: Tensor
    rotations: Tensor
    betas: Tensor
    camera: Tensor
    joints: Tensor
    keypoints: Tensor
    heat: Tensor


class PixelwiseHead(nn.Module):
    """The pixel-wise representation O (after Ren et al. 2022): per joint and cell heat and offset.

    Each cell says how much it has to say of a joint (heat h) and where the joint is from it
    (du, dv in crop units, dz from the root in 0.1 m): joints are sums over cells weighted by
    softmax(h), a 2.5D heatmap that also reaches joints outside the crop.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.maps = nn.Conv2d(channels, 21 * 4, 1)
        nn.init.normal_(self.maps.weight, std=0.01)

    def forward(self, f_vis: Tensor) -> tuple[Tensor, Tensor]:
        """Reads O from F_vis.

        Args:
            f_vis: ``(M, C, S, S)``.

        Returns:
            Heat logits ``(M, 21, S*S)`` and ``(M, 21, 3)``: u, v in crop coordinates, z in 0.1 m.
        """
        heat, offsets = torch.split(self.maps(f_vis).flatten(2).float(), [21, 63], dim=1)
        weight = heat.softmax(dim=-1)
        mean = (offsets.unflatten(1, (21, 3)) * weight[:, :, None]).sum(dim=-1)
        size = f_vis.shape[-1]
        centres = cell_centres(size, heat)
        square = weight.unflatten(2, (size, size))
        u = (square.sum(dim=2) * centres).sum(dim=-1)
        v = (square.sum(dim=3) * centres).sum(dim=-1)
        place = torch.stack((u, v, torch.zeros_like(u)), dim=-1)
        return heat, mean + place


class SingleViewNet(nn.Module):
    """The encoder-decoder with its two heads, one for all views.

    Fill-ins: the focal length is an input to f_global, since the strength of perspective depends on
    it and intrinsics are known (section 4.1); rotations are 6D; J is lifted through the camera.
    """

    rest: Tensor

    def __init__(self, config: A3NetConfig) -> None:
        super().__init__()
        size = config.global_channels
        self.stem: ImageStem | LandmarkStem = (
            ImageStem(config.channels, config.weights)
            if config.stem == "rgb"
            else LandmarkStem(config.channels, config.map_size, size)
        )
        self.embed = mlp(self.stem.features + 1, size, size)
        self.mano = mlp(size, config.head_channels, size, 16 * 6 + 10 + 3)
        self.pixelwise = PixelwiseHead(config.channels)
        start_near_zero(self.mano)
        self.register_buffer("rest", six_d_from_rotation(torch.eye(3)).repeat(16))

    def forward(self, inputs: tuple[Tensor, ...], focal: Tensor) -> SingleView:
        """Reconstructs every view on its own.

        Args:
            inputs: Images ``(M, 3, S, S)``, or landmarks ``(M, 21, 2)`` and confidence ``(M, 21)``.
            focal: ``(M,)`` half crop widths.
        """
        f_vis, pooled = self.stem(*inputs)
        # 1 / f is the tangent of half the angle of view: near 0 without perspective.
        f_global = self.embed(torch.cat((pooled, 1 / focal[:, None]), dim=1)).relu()
        pose, betas, raw = torch.split(self.mano(f_global).float(), [96, 10, 3], dim=-1)
        rotations = rotation_from_6d((pose + self.rest).unflatten(-1, (16, 6)))
        scale = _TYPICAL_SCALE * torch.exp(2 * torch.tanh(raw[:, :1] / 2))
        camera = torch.cat((scale, raw[:, 1:]), dim=1)
        heat, place = self.pixelwise(f_vis)
        joints = lift(place, camera, focal)
        return SingleView(f_global, f_vis, rotations, betas, camera, joints, place[..., :2], heat)


def lift(place: Tensor, camera: Tensor, focal: Tensor) -> Tensor:
    """The inverse of ``layers.project``, given depths.

    Args:
        place: ``(M, K, 3)`` crop coordinates u, v and depth from the root z, 0.1 m.
        camera: ``(M, 3)``.
        focal: ``(M,)``.

    Returns:
        ``(M, K, 3)`` relative to the root, 0.1 m.
    """
    scale, shift = camera[:, None, :1], camera[:, None, 1:]
    depth = 1 + scale * place[..., 2:] / focal[:, None, None]
    return torch.cat(((place[..., :2] * depth - shift) / scale, place[..., 2:]), dim=-1)
