"""Multi-view fusion at three levels: eq. 1 (image), eq. 2 (joint), eq. 3 (vertex).

Image- and joint-level features are fused once for each target view, whose own feature comes first
and to whose feature the result is added (as the authors' single-view code does with its MLPs); a
vertex-level feature is fused once for the hand. Views that are absent are zero where features are
concatenated and do not count in statistics and attention. A concatenation has a fixed length: it
is filled up with zeros to the most views.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.model.layers.basic import mlp
from bridge.model.simahand.layers import pointwise

__all__ = ["MapFusion", "VertexFusion", "concatenated", "statistics", "view_weights"]

_FAR = 1e4
_TINY = 1e-6


def statistics(x: Tensor, present: Tensor) -> Tensor:
    """Eq. 2's Cat[Max, Avg, Std] over the present views.

    Args:
        x: ``(B, N, C, ...)``.
        present: ``(B, N)`` bool, at least one of each hand.

    Returns:
        ``(B, 3 C, ...)``.
    """
    here = present.view(*present.shape, *(1,) * (x.ndim - 2))
    weight = here.to(x.dtype)
    count = weight.sum(1).clamp(min=1)
    mean = (x * weight).sum(1) / count
    most = x.masked_fill(~here, -_FAR).amax(1)
    variance = ((x - mean[:, None]).square() * weight).sum(1) / count
    # The root of nothing has no gradient.
    return torch.cat((most, mean, (variance + _TINY).sqrt() - _TINY**0.5), dim=1)


def concatenated(x: Tensor, present: Tensor, slots: int) -> Tensor:
    """Eq. 1's Cat, once for each target view: its feature, those of the other present views, zeros.

    Args:
        x: ``(B, N, C, ...)``.
        present: ``(B, N)`` bool.
        slots: Features that are concatenated, at least N.

    Returns:
        ``(B, N, slots * C, ...)``.
    """
    hands, views = present.shape
    target = torch.eye(views, dtype=torch.bool, device=x.device)
    rank = torch.where(target, 0, torch.where(present[:, None], 1, 2))
    order = rank.argsort(dim=-1, stable=True)
    here = present.view(*present.shape, *(1,) * (x.ndim - 2)).to(x.dtype)
    taken = (x * here)[torch.arange(hands, device=x.device)[:, None, None], order]
    empty = taken.new_zeros(()).expand(*taken.shape[:2], slots - views, *taken.shape[3:])
    return torch.cat((taken, empty), dim=2).flatten(2, 3)


class MapFusion(nn.Module):
    """g_i of eq. 1 or g_j of eq. 2, its result added to the target view's feature.

    Args:
        kind: ``cat``, ``pool``, or ``none``: the target's feature alone goes through the MLP.
        channels: Of a cell.
        views: The most.
    """

    def __init__(self, kind: str, channels: int, views: int) -> None:
        super().__init__()
        self.kind, self.views = (kind if views > 1 else "none"), views
        width = {"cat": views, "pool": 3, "none": 1}[self.kind]
        self.mix = pointwise(width * channels, channels, channels, channels)

    def forward(self, f: Tensor, present: Tensor) -> Tensor:
        """Fuses maps ``(B, N, C, H, W)``: for each view as the target, the same shape."""
        if self.kind == "pool":
            heard = self.mix(statistics(f, present))[:, None]
        elif self.kind == "cat":
            heard = _on_cells(self.mix, concatenated(f, present, self.views))
        else:
            heard = _on_cells(self.mix, f)
        return f + heard


def view_weights(scores: Tensor, present: Tensor) -> Tensor:
    """Softmax over the views that are present.

    Args:
        scores: ``(B, N, ...)``.
        present: ``(B, N)`` bool.
    """
    here = present.view(*present.shape, *(1,) * (scores.ndim - 2))
    return scores.masked_fill(~here, -_FAR).softmax(dim=1)


class VertexFusion(nn.Module):
    """Eq. 3, or what Table 5 puts in its place.

    As printed, W is already a mean of features, and eq. 3 multiplies features by features. Here
    the scores that the attention gives (with learned queries, keys and values, Vaswani et al.
    2017) pass through the softmax over the views that the text speaks of: every feature of the
    fused vertex is a weighted mean over the views, and one view alone stays as it is.

    Args:
        kind: ``attention``, ``cat`` or ``pool``.
        channels: Of a vertex.
        views: The most.
    """

    def __init__(self, kind: str, channels: int, views: int) -> None:
        super().__init__()
        self.kind, self.views = kind, views
        if kind == "attention":
            self.query, self.key, self.value = (nn.Linear(channels, channels) for _ in range(3))
        else:
            width = views if kind == "cat" else 3
            self.mix = mlp(width * channels, channels, channels)

    def forward(self, f_v: Tensor, present: Tensor) -> Tensor:
        """``(B, N, K, C)`` to ``(B, K, C)``."""
        if self.kind == "attention":
            return (view_weights(self.scores(f_v, present), present) * f_v).sum(1)
        across = f_v.transpose(2, 3)
        if self.kind == "cat":
            joined = concatenated(across, present, self.views)[:, 0]
        else:
            joined = statistics(across, present)
        mixed: Tensor = self.mix(joined.transpose(1, 2))
        return mixed

    def scores(self, f_v: Tensor, present: Tensor) -> Tensor:
        """W of eq. 3, before the softmax over the views: ``(B, N, K, C)``."""
        by_vertex = f_v.transpose(1, 2)
        query, key = self.query(by_vertex), self.key(by_vertex)
        likeness = query @ key.transpose(-1, -2) / f_v.shape[-1] ** 0.5
        likeness = likeness.masked_fill(~present[:, None, None], -_FAR)
        attended: Tensor = likeness.softmax(-1) @ self.value(by_vertex)
        return attended.transpose(1, 2)


def _on_cells(mix: nn.Module, f: Tensor) -> Tensor:
    """A module for maps on ``(B, N, C, H, W)``."""
    mixed: Tensor = mix(f.flatten(0, 1)).unflatten(0, f.shape[:2])
    return mixed
