"""Pastes hands that were cut out over pictures, and carries their labels along (section III-D)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridge.model.multihand.arms import Arm, draw_arm
from bridge.model.multihand.camera import Camera
from bridge.model.multihand.layout import Square
from bridge.model.multihand.scenes import LEAST_VISIBLE, MOST_HANDS, HandScenes
from bridge.model.multihand.windows import Window
from bridge.model.training.sample import ROOT

__all__ = ["Cut", "Place", "pasted"]

_NEAR_WRIST = 0.35
"""Skin so near to the wrist, in lengths of the palm, is as the arm is."""

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """One pasted hand of a picture.

    Attributes:
        square: Where its crop goes.
        masked: Whether it is cut out; else its whole crop is pasted.
        left: Whether it is mirrored.
        number: Of the hand, in its set.
        arm: That it has; None for none.
    """

    square: Square
    masked: bool
    left: bool
    number: int
    arm: Arm | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """N hands: ``(N, S, S, 4)`` colours and mask, and their truth in their crop cameras."""

    pictures: Pixels
    joints_m: Tensor
    focal: Tensor
    wrist: Tensor
    pose: Tensor
    betas: Tensor


def pasted(
    paper: Pixels,
    layouts: Sequence[Sequence[Place]],
    cut: Cut,
    windows: Sequence[Window | None],
    focal_px: float,
    *,
    centred: bool,
    truth: bool,
) -> HandScenes:
    """Draws all hands, and gives the pictures with their labels.

    Args:
        paper: ``(B, S, S, 3)`` RGB backgrounds, drawn on.
        layouts: The hands of each picture, the lowest first.
        cut: All of them, one after the other.
        windows: What each picture shows already; its hands lie under all others.
        focal_px: The one focal length.
        centred: See `HandScenes`.
        truth: Whether labels have what is known in 3D; of hands that are only labelled in 2D it is
            NaN.
    """
    owner = np.full(paper.shape[:3], -1)
    bare = np.zeros(paper.shape[:3], bool)
    shape = (len(paper), MOST_HANDS)
    keypoints = torch.zeros(*shape, 21, 2)
    left = torch.zeros(shape, dtype=torch.bool)
    there = torch.zeros(shape, dtype=torch.bool)
    beyond = torch.zeros(*shape, 21, dtype=torch.bool)
    for p, window in enumerate(windows):
        if window is not None:
            count = len(window.left)
            keypoints[p, :count] = torch.from_numpy(window.keypoints_px).float()
            left[p, :count] = torch.from_numpy(window.left)
            beyond[p, :count] = torch.from_numpy(~window.shown)
            there[p, :count] = True
    below = there.sum(1).tolist()
    row = [p for p, places in enumerate(layouts) for _ in places]
    column = [below[p] + k for p, places in enumerate(layouts) for k in range(len(places))]
    at = (torch.tensor(row, dtype=torch.long), torch.tensor(column, dtype=torch.long))
    placed = [place for places in layouts for place in places]
    moved, turn, depth = _moved(placed, cut, focal_px)
    keypoints[at], there[at] = moved, True
    left[at] = torch.tensor([place.left for place in placed], dtype=torch.bool)
    points = moved.double().numpy()
    for n, place in enumerate(placed):
        p = row[n]
        _paste(paper[p], owner[p], bare[p], cut.pictures[n], points[n], place, column[n])

    visible = _visible(keypoints, torch.from_numpy(owner)) & there[..., None] & ~beyond
    valid = visible.sum(-1) >= LEAST_VISIBLE
    marks = torch.from_numpy(owner)
    # A hand that hardly shows is no label, and its skin no place to compare colours at.
    counted = valid.gather(1, marks.clamp(min=0).flatten(1)).view_as(marks)
    own: dict[str, Any] = {}
    if truth:
        known = {"turn": turn, "pose": cut.pose, "betas": cut.betas, "depth_m": depth}
        own = {name: _spread(value, at, there) for name, value in known.items()}
    return HandScenes(
        images=torch.from_numpy(paper).permute(0, 3, 1, 2).contiguous(),
        valid=valid,
        left=left,
        keypoints_px=keypoints,
        visible=visible & valid[..., None],
        box_px=torch.cat([keypoints.amin(2), keypoints.amax(2)], -1),
        skin=(torch.from_numpy(bare) & counted).float(),
        focal_px=focal_px,
        centred=centred,
        **own,
    )


def _spread(values: Tensor, at: tuple[Tensor, Tensor], there: Tensor) -> Tensor:
    """Values of pasted hands in their slots; NaN for other hands, zero where there is none."""
    full = values.new_zeros(*there.shape, *values.shape[1:])
    full[there] = float("nan")
    full[at] = values
    return full


def _moved(placed: Sequence[Place], cut: Cut, focal_px: float) -> tuple[Tensor, Tensor, Tensor]:
    """Keypoints in pixels, turns and depths of the pasted hands."""
    corner = torch.tensor([[p.square.left, p.square.top] for p in placed], dtype=torch.float32)
    corner = corner.view(-1, 2)
    half = torch.tensor([p.square.side / 2 for p in placed])
    left = torch.tensor([p.left for p in placed], dtype=torch.bool)
    seen = cut.focal[:, None, None] * cut.joints_m[..., :2] / cut.joints_m[..., 2:]
    seen = torch.stack([torch.where(left[:, None], -seen[..., 0], seen[..., 0]), seen[..., 1]], -1)
    keypoints = (seen + 1) * half[:, None, None] + corner[:, None] - 0.5
    # The root's ray in the crop's own camera; a unit focal length and no picture.
    root = cut.joints_m[:, ROOT]
    ray = root[:, :2] / root[:, 2:]
    turn = Camera(1.0, 1, 1).turn_to(ray).transpose(-1, -2) @ cut.wrist
    depth = root[:, 2] * focal_px / (cut.focal * half)
    return keypoints, turn, depth


def _paste(
    paper: Pixels,
    owner: NDArray[np.int64],
    bare: NDArray[np.bool_],
    picture: Pixels,
    keypoints: NDArray[np.float64],
    place: Place,
    hand: int,
) -> None:
    """Draws one hand over what is there; its pixels have it as owner, those of skin are bare."""
    x, y, side = place.square
    if place.left:
        picture = picture[:, ::-1]
    way = cv2.INTER_AREA if side < len(picture) else cv2.INTER_LINEAR
    scaled = cv2.resize(np.ascontiguousarray(picture), (side, side), interpolation=way)
    share = scaled[..., 3:].copy()
    skin = share[..., 0] > 0.5
    if place.arm is not None:
        colour = _wrist_colour(scaled, skin, keypoints - (x, y))
        arm = draw_arm(paper, keypoints, colour, place.arm)
        owner[arm], bare[arm] = hand, False
    if not place.masked:
        share[:] = 1
    region = paper[y : y + side, x : x + side]
    region += share * (scaled[..., :3] - region)
    marks, shown = owner[y : y + side, x : x + side], bare[y : y + side, x : x + side]
    if not place.masked:
        marks[:], shown[:] = -1, False
    marks[skin], shown[skin] = hand, True


def _wrist_colour(
    picture: NDArray[Any], skin: NDArray[np.bool_], keypoints: NDArray[np.float64]
) -> Pixels:
    """Mean colour ``(3,)`` of the skin at the wrist, or of all skin if none shows there."""
    y, x = np.mgrid[: len(picture), : len(picture)]
    reach = _NEAR_WRIST * np.linalg.norm(keypoints[0] - keypoints[ROOT])
    near = skin & (np.hypot(x - keypoints[0, 0], y - keypoints[0, 1]) < max(reach, 2.0))
    chosen = near if near.any() else skin
    if not chosen.any():
        return np.full(3, 0.5, np.float32)
    colour: Pixels = picture[chosen][:, :3].mean(0)
    return colour


def _visible(keypoints: Tensor, owner: Tensor) -> Tensor:
    """Keypoints ``(B, K, 21)`` that lie in the picture and under no later hand.

    A joint may lie a little outside of its own mask, over the background.
    """
    size = owner.shape[-1]
    at = keypoints.round().long()
    inside = ((at >= 0) & (at < size)).all(-1)
    at = at.clamp(0, size - 1)
    place = (at[..., 1] * size + at[..., 0]).flatten(1)
    there = owner.flatten(1).gather(1, place).view(at.shape[:-1])
    hand = torch.arange(keypoints.shape[1])[None, :, None]
    return inside & (there <= hand)
