"""Section 3.4, 2D alignment: features of the cloud meet every view's image again (eq. 4 and 5)."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bridge.model.layers.basic import masked_mean
from bridge.model.layers.maps import splat_to_map

__all__ = ["ImageAlignment", "ImageAlignmentResult"]

_EXTRA_MAPS = {"unsupervised": 0, "segmentation": 1, "heatmap2.5d": 21, "heatmap2d": 0}


class ImageAlignmentResult(NamedTuple):
    """What 2D alignment gives.

    Attributes:
        f_vis: ``(M, C, S, S)`` updated visual features, M = B N.
        f_2d: ``(B, N, 21, C)`` aligned image features of each joint, views fused.
        heat: ``(M, 21, S*S)`` logits of the weight map W; a heatmap where it is supervised as one.
        mask: ``(M, S*S)`` silhouette logits (``segmentation``).
        depth: ``(M, 21)`` depth of the joints from the root, 0.1 m (``heatmap2.5d``).
    """

    f_vis: Tensor
    f_2d: Tensor
    heat: Tensor
    mask: Tensor | None
    depth: Tensor | None


class ImageAlignment(nn.Module):
    """Refines F_vis with the projected cloud, and sums it up by joint.

    ``F_vis^i = phi_3(Concat(Project^i(F_3d), F_vis^i))`` (eq. 4) with phi_3 two convolutions; O_2d
    is a 1 x 1 convolution of it, and its 21 joint maps are the logits of W:
    ``F_2d^i = sum(Softmax(W) F_vis^i)`` (eq. 5), one feature a joint. The views are fused by a
    1 x 1 convolution over each view's own feature and the mean of all.

    The auxiliary task says what else is asked of O_2d: nothing (``unsupervised``); a silhouette,
    whose logit is added to all of W (``segmentation``); that the joint maps are heatmaps
    (``heatmap2d``); that, and the joints' depths (``heatmap2.5d``).

    Args:
        channels: C.
        task: ``A3NetConfig.image_alignment`` but ``none``.
        kernel: Of phi_3's first convolution.
    """

    def __init__(self, channels: int, task: str, kernel: int) -> None:
        super().__init__()
        self.task = task
        self.phi_3 = nn.Sequential(
            nn.Conv2d(2 * channels, channels, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        )
        self.maps = nn.Conv2d(channels, 21 + _EXTRA_MAPS[task], 1)
        self.fuse = nn.Linear(2 * channels, channels)

    def forward(
        self, f_3d: Tensor, f_vis: Tensor, places: Tensor, present: Tensor
    ) -> ImageAlignmentResult:
        """Aligns once.

        Args:
            f_3d: ``(B, N, P, C)``.
            f_vis: ``(M, C, S, S)``.
            places: ``(B, N, P, 2)`` the points' images in each view.
            present: ``(B, N)`` bool.
        """
        size = f_vis.shape[-1]
        projected = splat_to_map(f_3d.flatten(0, 1), places.flatten(0, 1), size)
        f_vis = self.phi_3(torch.cat((projected, f_vis), dim=1))
        maps = self.maps(f_vis).flatten(2)
        heat, extra = maps[:, :21], maps[:, 21:]
        mask = depth = None
        if self.task == "segmentation":
            mask = extra[:, 0]
            heat = heat + F.logsigmoid(extra)
        weight = heat.softmax(dim=-1)
        if self.task == "heatmap2.5d":
            depth = (weight * extra).sum(dim=-1)
        own = (weight @ f_vis.flatten(2).transpose(1, 2)).unflatten(0, (-1, present.shape[1]))
        mean = masked_mean(own, present)[:, None].expand_as(own)
        f_2d = self.fuse(torch.cat((own, mean), dim=-1))
        return ImageAlignmentResult(f_vis, f_2d, heat, mask, depth)
