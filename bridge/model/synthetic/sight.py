"""What a landmark net's errors depend on: how the hand lies in its region, and what hides what."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from bridge.protocol.joints import BONES, N_KEYPOINTS

__all__ = ["N_FEATURES", "N_SUMMARY", "Region", "Sight", "sight_of"]

_STABLE = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
"""As `bridge.model.roi`: wrist, thumb to its third joint, knuckles and next joints."""

_SEGMENTS = (*BONES, (5, 9), (9, 13), (13, 17), (1, 5))
_RADII_M = [0.013 if a == 0 else 0.009 for a, b in BONES] + [0.012, 0.012, 0.012, 0.009]
_BEHIND_M = 0.016
"""A keypoint is hidden by a bone whose middle is this much nearer to the camera."""

N_FEATURES = 1 + 42 + 21 + 9 + 45
N_SUMMARY = 12


class Region(NamedTuple):
    """The upright square that a tracker cuts a hand out of, in crop coordinates.

    Attributes:
        size: ``(P,)`` its side.
        turn: ``(P, 2, 2)`` its axes to the crop's.
        centre: ``(P, 2)``.
    """

    size: Tensor
    turn: Tensor
    centre: Tensor


class Sight(NamedTuple):
    """How P views see their hands.

    Attributes:
        exact: ``(P, 21, 2)`` true keypoints in crop coordinates.
        region: Where the net looks.
        features: ``(P, N_FEATURES)`` keypoints in the region, depths, the wrist's orientation and
            its products: what the net's bias is a linear function of.
        summary: ``(P, N_SUMMARY)`` what its spread and its trust depend on, without the hidden
            part.
        hidden: ``(P, 21)`` bool, keypoints behind the hand itself.
    """

    exact: Tensor
    region: Region
    features: Tensor
    summary: Tensor
    hidden: Tensor


def sight_of(joints_m: Tensor, focal: Tensor, wrist_rotation: Tensor) -> Sight:
    """Describes views by their truth.

    Args:
        joints_m: ``(P, 21, 3)`` in the crop camera's axes.
        focal: ``(P,)`` half crop widths.
        wrist_rotation: ``(P, 3, 3)`` the hand's rest frame to these axes.
    """
    image = joints_m[..., :2] / joints_m[..., 2:]
    exact = focal[:, None, None] * image
    region = _region(exact)
    within = (exact - region.centre[:, None]) @ region.turn / region.size[:, None, None]
    depth = joints_m[:, :1, 2]
    # Depths in sides of the region, as its width is at the wrist's depth.
    scale = (focal / (region.size * depth[:, 0]))[:, None]
    away = (joints_m[..., 2] - joints_m[:, 9:10, 2]) * scale
    upright = torch.eye(3).repeat(len(exact), 1, 1).to(exact)
    upright[:, :2, :2] = region.turn.transpose(-1, -2)
    wrist = (upright @ wrist_rotation).flatten(1)
    row, column = torch.triu_indices(9, 9)
    products = wrist[:, row] * wrist[:, column]
    one = torch.ones_like(focal)[:, None]
    features = torch.cat([one, within.flatten(1), away, wrist, products], 1)
    # The hand's axes seen from the camera: fingers are -x, the back is y, the thumb is z.
    axes = wrist_rotation[:, 2]
    spread = within.std(1)
    palm = within[:, [0, 5, 9, 13, 17]]
    palm_height = (palm.amax(1) - palm.amin(1)).amax(1, keepdim=True)
    reach = torch.linalg.vector_norm(within[:, 4::4] - within[:, [1, 5, 9, 13, 17]], dim=-1)
    summary = torch.cat(
        [one, axes, axes**2, spread, palm_height, reach.mean(1, keepdim=True), 1 / depth], 1
    )
    return Sight(exact, region, features, summary, _hidden(image, joints_m[..., 2]))


def _region(exact: Tensor) -> Region:
    """`bridge.model.roi.roi_from_landmarks` for many."""
    knuckles = (exact[:, 5] + exact[:, 13]) / 4 + exact[:, 9] / 2
    up = knuckles - exact[:, 0]
    angle = torch.atan2(up[:, 0], -up[:, 1])
    c, s = angle.cos(), angle.sin()
    turn = torch.stack([torch.stack([c, -s], -1), torch.stack([s, c], -1)], -2)
    upright = exact[:, list(_STABLE)] @ turn
    low, high = upright.amin(1), upright.amax(1)
    extent = high - low
    centre = ((low + high) / 2 - 0.1 * extent[:, 1:] * torch.tensor([0.0, 1.0]).to(exact))[
        ..., None
    ]
    return Region(2.0 * extent.amax(1), turn, (turn @ centre)[..., 0])


def _hidden(image: Tensor, depth: Tensor) -> Tensor:
    """Keypoints ``(P, 21)`` that a bone with its flesh is in front of."""
    a, b = torch.tensor(_SEGMENTS, device=image.device).unbind(1)
    radius = torch.tensor(_RADII_M).to(depth)
    start, along = image[:, a], image[:, b] - image[:, a]
    # Keypoints down, segments across; x and y apart: smaller arrays are quicker.
    px, py = (image[:, :, None, i] - start[:, None, :, i] for i in range(2))
    ax, ay = (along[:, None, :, i] for i in range(2))
    part = ((px * ax + py * ay) / (ax * ax + ay * ay).clamp(min=1e-12)).clamp(0, 1)
    dx, dy = px - part * ax, py - part * ay
    near = torch.lerp(depth[:, None, a].expand_as(part), depth[:, None, b].expand_as(part), part)
    covers = (dx * dx + dy * dy) * near * near < radius**2
    in_front = near < depth[:, :, None] - _BEHIND_M
    own = torch.arange(N_KEYPOINTS, device=image.device)[:, None]
    own = (own == a) | (own == b)
    return (covers & in_front & ~own).any(-1)
