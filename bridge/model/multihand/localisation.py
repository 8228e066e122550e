"""Losses of the localisation module (section III-B, eq. 2 and 3): centres, sides, keypoints.

Eq. 3 writes only the positive half of a "pixel-wise two-class logistic regression with focal loss".
The whole is that of CornerNet (Law and Deng 2018, eq. 1), which the paper cites for the radius and
the authors' code uses: background near a centre counts less, by a Gaussian as wide as the hand
allows.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bridge.model.multihand.decoding import cell_of
from bridge.model.multihand.output import MultiHandOutput
from bridge.model.multihand.scenes import HandScenes

__all__ = ["focal_loss", "gaussian_radius", "localisation_terms", "peak_maps"]

_GAMMA = 2.0
_NEAR = 4.0
"""CornerNet's beta: how much less background near a centre counts."""
_OVERLAP = 0.7


def localisation_terms(
    output: MultiHandOutput, scenes: HandScenes, stride: int
) -> dict[str, Tensor]:
    """L_cp, L_lr and L_kp, as ``centre``, ``side`` and ``keypoints``.

    Args:
        output: Of the network for ``scenes``.
        scenes: 2D labels.
        stride: Pixels of a cell.
    """
    maps, shape = output.maps, output.maps.centre.shape[-2:]
    picture, slot = output.picture, output.slot
    valid = torch.zeros_like(scenes.valid)
    valid[picture, slot] = True
    box = torch.where(valid[..., None], scenes.box_px, torch.zeros_like(scenes.box_px))
    sides = (box[..., 2:] - box[..., :2]) / stride
    spread = (2 * gaussian_radius(sides[..., 1], sides[..., 0]) + 1) / 6
    size = (shape[0], shape[1])
    cells = cell_of(scenes.centre_px, stride, size)
    centre = peak_maps(cells, spread, valid, size)
    points = torch.where(scenes.visible[..., None], scenes.keypoints_px, 0.0).transpose(1, 2)
    shown = (scenes.visible & valid[..., None]).transpose(1, 2)
    spread = spread[:, None].expand(shown.shape)
    keypoints = peak_maps(cell_of(points, stride, size), spread, shown, size)
    usable = output.usable
    count = max(1, len(picture))
    # 0 is a left hand, 1 a right one.
    said = output.hands.side.log_softmax(-1).gather(
        1, (~scenes.left[picture, slot]).long()[:, None]
    )
    side = -((1 - said.exp()) ** _GAMMA * said).sum() / count
    return {
        "centre": focal_loss(maps.centre[usable], centre[usable]) / count,
        "side": side,
        # A mean over keypoints: one map has as many peaks as there are hands.
        "keypoints": focal_loss(maps.keypoints[usable], keypoints[usable]) / (21 * count),
    }


def focal_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Sum over all cells of the focal loss of peaks (eq. 3 with gamma 2, and its other half).

    Args:
        logits: Of any shape.
        target: The same shape: 1 at peaks, falling to 0 around them.
    """
    yes, no = F.logsigmoid(logits), F.logsigmoid(-logits)
    probability = logits.sigmoid()
    at_peak = (1 - probability) ** _GAMMA * yes
    elsewhere = (1 - target) ** _NEAR * probability**_GAMMA * no
    return -torch.where(target == 1, at_peak, elsewhere).sum()


def gaussian_radius(height: Tensor, width: Tensor) -> Tensor:
    """How far corners of a box may move for it to overlap the true one by 0.7 at least.

    CornerNet, section 3.2: the least of three cases (both corners inwards, both outwards, both to
    one side), each the smaller root of its quadratic equation.

    Args:
        height: ``(...)`` cells.
        width: ``(...)`` cells.
    """
    total, area = height + width, height * width
    o = _OVERLAP
    shifted = _smaller_root(1.0, -total, area * (1 - o) / (1 + o))
    inside = _smaller_root(4.0, -2 * total, area * (1 - o))
    # Outwards the roots have opposite signs; the positive one is the radius.
    outside = (-2 * o * total + (4 * o * o * total**2 + 16 * o * (1 - o) * area).sqrt()) / (8 * o)
    return torch.minimum(torch.minimum(shifted, inside), outside)


def peak_maps(cells: Tensor, spread: Tensor, there: Tensor, shape: tuple[int, int]) -> Tensor:
    """Maps ``(..., h, w)`` that are 1 at cells and fall as Gaussians around them.

    Args:
        cells: ``(..., K)`` counted row by row.
        spread: ``(..., K)`` standard deviations, cells.
        there: ``(..., K)`` bool, which of them count.
        shape: h and w.
    """
    height, width = shape
    rows = torch.arange(height, device=cells.device)
    columns = torch.arange(width, device=cells.device)
    down = (rows - (cells // width)[..., None]).square()
    across = (columns - (cells % width)[..., None]).square()
    narrow = 2 * spread.clamp(min=1e-3).square()[..., None]
    maps = (-down / narrow).exp()[..., :, None] * (-across / narrow).exp()[..., None, :]
    return torch.where(there[..., None, None], maps, 0.0).amax(-3)


def _smaller_root(a: float, b: Tensor, c: Tensor) -> Tensor:
    return (-b - (b * b - 4 * a * c).clamp(min=0).sqrt()) / (2 * a)
