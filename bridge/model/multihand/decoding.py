"""From the centre map to hands: local maxima are hands (section III-C), however many there are."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from bridge.model.hand.rotation_torch import full_precision

__all__ = ["LocalKeypoints", "cell_of", "local_keypoints", "middles", "peaks"]

_SHARPNESS = 2.0


class LocalKeypoints(NamedTuple):
    """What keypoint maps say of the hands at some cells.

    Attributes:
        pixel: ``(N, 21, 2)``.
        peak: ``(N, 21)`` highest probability near the cell, fading with the distance from it.
    """

    pixel: Tensor
    peak: Tensor


def peaks(logits: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """The highest local maxima of centre maps.

    A cell is one where max pooling over its 3 x 3 neighbours leaves it as it is (Zhou et al.,
    "Objects as Points", 2019).

    Args:
        logits: ``(B, h, w)``.
        most: How many.

    Returns:
        Probabilities ``(B, most)``, falling, 0 where there are no more, and cells ``(B, most)``,
        counted row by row.
    """
    score = logits.sigmoid()
    highest = F.max_pool2d(score[:, None], 3, 1, 1)[:, 0]
    alone = score * (score == highest).to(score)
    found, cells = alone.flatten(1).topk(min(most, score.shape[1] * score.shape[2]))
    return found, cells


def cell_of(pixel: Tensor, stride: int, shape: tuple[int, int]) -> Tensor:
    """The cells ``(...)``, counted row by row, of pixels ``(..., 2)`` of maps of a shape."""
    x = ((pixel[..., 0] + 0.5) / stride).long().clamp(0, shape[1] - 1)
    y = ((pixel[..., 1] + 0.5) / stride).long().clamp(0, shape[0] - 1)
    return y * shape[1] + x


def middles(cells: Tensor, stride: int, width: int) -> Tensor:
    """Pixels ``(..., 2)`` of the middles of cells, counted row by row in maps of a width."""
    place = torch.stack([cells % width, cells // width], -1)
    return place * float(stride) + (stride - 1) / 2


def local_keypoints(logits: Tensor, cells: Tensor, stride: int, reach_px: float) -> LocalKeypoints:
    """Each hand's keypoints off the keypoint maps: the mean place by their softmax near the cell.

    "Keypoints belong to the same hand should be close to each other while different hands should
    fall apart" (section III-C on joint assignment): a Gaussian around the cell keeps other hands'
    keypoints out.

    Args:
        logits: ``(N, 21, h, w)`` of the hands' pictures.
        cells: ``(N,)`` the hands' centres.
        stride: Pixels of a cell.
        reach_px: Standard deviation of the Gaussian.
    """
    height, width = logits.shape[-2:]
    every = torch.arange(height * width, device=logits.device)
    places = middles(every, stride, width)
    away = (places - middles(cells, stride, width)[:, None]).square().sum(-1)
    near = -away / (2 * reach_px**2)
    flat = logits.flatten(2)
    share = (_SHARPNESS * flat + near[:, None]).softmax(-1)
    with full_precision(share):
        pixel = share @ places
    return LocalKeypoints(pixel, (flat + near[:, None]).amax(-1).sigmoid())
