"""What may enter a multi-view network: shapes are checked, numbers that are not finite kept out."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.training.sample import HandViews

__all__ = ["Inputs", "checked", "cleaned"]

_FAR = 3.0
"""Landmarks further out than this many half crop widths are brought back to it."""


class Inputs(NamedTuple):
    """A batch with finite numbers only.

    Attributes:
        data: Images ``(B, N, 3, S, S)``; or landmarks ``(B, N, 21, 2)`` and their confidence
            ``(B, N, 21)``. An absent view holds a copy of the first, which keeps it out of the
            statistics of batch normalisation; nothing it gives is fused.
        focal: ``(B, N)``.
        present: ``(B, N)`` bool.
        observed: ``(B, N, 21, 3)`` detected keypoints and confidence; None for images.
    """

    data: tuple[Tensor, ...]
    focal: Tensor
    present: Tensor
    observed: Tensor | None


def checked(
    views: HandViews,
    *,
    stem: Literal["rgb", "landmarks"],
    crop_px: int,
    extrinsics: bool = False,
) -> Inputs:
    """Checks a batch against what a network takes, and cleans it.

    Args:
        views: The batch.
        stem: What the network sees of a view: pictures, or detected landmarks.
        crop_px: Height and width of its pictures.
        extrinsics: Whether it needs known rotations; views without a finite one are absent.

    Raises:
        InputError: No views, wrong shapes, a missing field, or a first view that is unusable.
    """
    focal, present = views.focal, views.present
    if focal.ndim != 2 or present.shape != focal.shape:
        raise InputError(
            "focal and present must both be (B, N), not "
            f"{tuple(focal.shape)} and {tuple(present.shape)}"
        )
    if 0 in focal.shape:
        raise InputError(f"a batch needs at least one hand and one view, not {tuple(focal.shape)}")
    if present.dtype != torch.bool:
        raise InputError(f"present must be bool, not {present.dtype}")
    size = crop_px
    wanted: dict[str, tuple[int, ...]] = (
        {"images": (3, size, size)}
        if stem == "rgb"
        else {"landmarks": (21, 2), "confidence": (21,)}
    )
    for name, shape in wanted.items():
        value = getattr(views, name)
        if value is None:
            raise InputError(f"the {stem} stem needs {name}; these views have none")
        if value.shape != focal.shape + shape:
            raise InputError(
                f"{name} must be {tuple(focal.shape) + shape} for this network,"
                f" not {tuple(value.shape)}"
            )
    turns = views.shared_axes
    if extrinsics and turns is not None:
        if turns.shape != (*focal.shape, 3, 3):
            raise InputError(
                f"rotations of views must be {(*focal.shape, 3, 3)}, not {tuple(turns.shape)}"
            )
        known = torch.isfinite(turns).flatten(2).all(dim=2)
        if (unknown := torch.nonzero(present[:, 0] & ~known[:, 0])).numel():
            raise InputError(
                f"how the first view of sample {int(unknown[0])} is turned is not known: give"
                " samples with truth or cameras, or a network that aligns by procrustes"
            )
        present = present & known
    data, *confidence = [getattr(views, name) for name in wanted]
    inputs = cleaned(data, confidence[0] if confidence else None, focal, present)
    unusable = torch.nonzero(~inputs.present[:, 0]).flatten().tolist()
    if unusable:
        raise InputError(
            f"the first view of sample {unusable[0]} is absent or not finite: the first view gives"
            " the axes of the result, so put a view that sees the hand there"
        )
    return inputs


def cleaned(data: Tensor, confidence: Tensor | None, focal: Tensor, present: Tensor) -> Inputs:
    """Takes views with anything not finite for absent; no checks, no branches on data.

    A landmark without confidence may hold anything: it was not found.

    Args:
        data: Images, or landmarks.
        confidence: Of the landmarks; None for images.
        focal: ``(B, N)``; must be positive.
        present: ``(B, N)`` bool.
    """
    present = present & torch.isfinite(focal) & (focal > 0)
    parts = [data.float()]
    if confidence is not None:
        found = (confidence != 0)[..., None]
        landmarks = torch.where(found, parts[0], torch.zeros_like(parts[0]))
        parts = [landmarks.clamp(-_FAR, _FAR), confidence.float().clamp(0, 1)]
        present = present & torch.isfinite(landmarks).flatten(2).all(dim=2)
        present = present & torch.isfinite(confidence).all(dim=2)
    else:
        present = present & torch.isfinite(data).flatten(2).all(dim=2)
    kept = []
    for part in (*parts, focal.float()):
        mask = present.view(*present.shape, *(1,) * (part.ndim - 2))
        # The first view is finite by contract; if it is not, zeros spoil nothing else.
        first = torch.where(mask[:, :1], part[:, :1], torch.zeros_like(part[:, :1]))
        kept.append(torch.where(mask, part, first))
    *clean, focal = kept
    focal = torch.where(focal > 0, focal, torch.ones_like(focal))
    observed = None
    if confidence is not None:
        observed = torch.cat((clean[0], clean[1][..., None]), dim=-1)
    return Inputs(tuple(clean), focal, present, observed)
