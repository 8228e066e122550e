"""Section 3.3, multi-view fusion: anchors of all views exchange what they know.

Three ways (Table 3): a U-shaped pooled graph network, an MLP, a transformer. None of them has a
weight that belongs to a number of views or, but for the first, to a view.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.model.layers.basic import PointNorm, masked_mean
from bridge.protocol.joints import BONES

__all__ = ["MlpFusion", "PooledGraphFusion", "TransformerFusion", "view_fusion"]

_GROUPS = (
    # 21 keypoints -> 11: the wrist, and each finger's lower and upper half.
    tuple((0, 0) if k == 0 else (2 * k - 1, 2 * k) for k in range(11)),
    # 11 -> 6: the wrist and the fingers.
    tuple((0, 0) if k == 0 else (2 * k - 1, 2 * k) for k in range(6)),
    # 6 -> 1: the hand.
    (tuple(range(6)),),
)
_EDGES: tuple[tuple[tuple[int, int], ...], ...] = (
    BONES,
    tuple(edge for k in range(1, 11, 2) for edge in ((0, k), (k, k + 1))),
    tuple((0, k) for k in range(1, 6)) + tuple((k, k + 1) for k in range(1, 5)),
    (),
)


def view_fusion(kind: str, channels: int, width: int) -> nn.Module:
    """The fusion of one name of ``A3NetConfig.fusion``; maps ``(B, N, 21, C)`` to the same."""
    kinds = {"gcn": PooledGraphFusion, "mlp": MlpFusion, "transformer": TransformerFusion}
    return kinds[kind](channels, width)


class _Enter(nn.Module):
    """Anchor features plus which joint each is, which graph and attention cannot tell."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, width)
        self.joint = nn.Parameter(0.1 * torch.randn(21, width))

    def forward(self, anchors: Tensor) -> Tensor:
        return self.linear(anchors) + self.joint


class GraphLayer(nn.Module):
    """One graph convolution over joints and views.

    A node hears itself, its neighbours in the skeleton (with learned weights of the edges, as in
    SemGCN) and the same joint in all views (mean and maximum, so that their number and order do
    not matter).
    """

    mask: Tensor

    def __init__(self, width: int, n_nodes: int, edges: tuple[tuple[int, int], ...]) -> None:
        super().__init__()
        mask = torch.zeros(n_nodes, n_nodes, dtype=torch.bool)
        for a, b in edges:
            mask[a, b] = mask[b, a] = True
        self.register_buffer("mask", mask, persistent=False)
        self.alone = nn.Linear(width, width, bias=False)
        self.across = nn.Linear(2 * width, width, bias=False)
        self.norm = PointNorm(width)
        if edges:
            self.edges = nn.Parameter(torch.zeros(n_nodes, n_nodes))
            self.along = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, present: Tensor) -> Tensor:
        """Maps ``(B, N, J, C)`` to the same; ``present (B, N)``."""
        hidden = ~present[:, :, None, None]
        mean = masked_mean(x, present)
        most = x.masked_fill(hidden, float("-inf")).amax(dim=1)
        heard = self.alone(x) + self.across(torch.cat((mean, most), dim=-1))[:, None]
        if hasattr(self, "edges"):
            weights = self.edges.masked_fill(~self.mask, float("-inf")).softmax(dim=-1)
            heard = heard + weights.to(x.dtype) @ self.along(x)
        return x + self.norm(heard).relu()


class PooledGraphFusion(nn.Module):
    """The U-shaped GCN: 21 - 11 - 6 - 1 - 6 - 11 - 21 nodes a view (after Cai et al. 2019).

    On the way down nodes of one part of the hand are pooled by their maximum; on the way up they
    get the part's feature back beside their own.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.enter = _Enter(channels, width)
        sizes = (21, 11, 6, 1)
        levels = list(zip(sizes, _EDGES, strict=True))
        self.down = nn.ModuleList(GraphLayer(width, n, e) for n, e in levels)
        self.up = nn.ModuleList(GraphLayer(width, n, e) for n, e in levels[:-1])
        self.skip = nn.ModuleList(nn.Linear(2 * width, width) for _ in levels[:-1])
        self.leave = nn.Linear(width, channels)
        for level, groups in enumerate(_GROUPS):
            parent = [0] * sizes[level]
            for part, members in enumerate(groups):
                for node in members:
                    parent[node] = part
            self.register_buffer(f"groups{level}", torch.tensor(groups), persistent=False)
            self.register_buffer(f"parent{level}", torch.tensor(parent), persistent=False)

    def forward(self, anchors: Tensor, present: Tensor) -> Tensor:
        """Maps anchors ``(B, N, 21, C)`` to the same; ``present (B, N)`` bool."""
        x = self.enter(anchors)
        kept = []
        for level, layer in enumerate(self.down):
            x = layer(x, present)
            if level < len(_GROUPS):
                kept.append(x)
                groups = getattr(self, f"groups{level}")
                x = x.index_select(2, groups.flatten()).unflatten(2, groups.shape).amax(dim=3)
        for level in reversed(range(len(_GROUPS))):
            whole = x.index_select(2, getattr(self, f"parent{level}"))
            x = self.up[level](self.skip[level](torch.cat((kept[level], whole), dim=-1)), present)
        return (anchors + self.leave(x)).relu()


class MlpFusion(nn.Module):
    """An MLP on features of the same joint (Table 3, ID 4): the view's own beside all views' mean.

    The paper concatenates the views; the mean keeps the weights free of their number.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.enter = _Enter(channels, width)
        self.layers = nn.Sequential(
            nn.Linear(2 * width, 4 * width),
            PointNorm(4 * width),
            nn.ReLU(),
            nn.Linear(4 * width, 2 * width),
            nn.ReLU(),
            nn.Linear(2 * width, channels),
        )

    def forward(self, anchors: Tensor, present: Tensor) -> Tensor:
        """Maps anchors ``(B, N, 21, C)`` to the same; ``present (B, N)`` bool."""
        x = self.enter(anchors)
        mean = masked_mean(x, present)[:, None].expand_as(x)
        return (anchors + self.layers(torch.cat((x, mean), dim=-1))).relu()


class TransformerFusion(nn.Module):
    """Self-attention between the anchors of all views, N x 21 tokens (Table 3, ID 5).

    Tokens know their joint, and whether they are the first view's.
    """

    heads = 4
    depth = 2

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.enter = _Enter(channels, width)
        self.first = nn.Parameter(torch.zeros(width))
        self.attend = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(self.depth))
        self.mix = nn.ModuleList(nn.Linear(width, width) for _ in range(self.depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * self.depth))
        self.feed = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
            for _ in range(self.depth)
        )
        self.leave = nn.Linear(width, channels)

    def forward(self, anchors: Tensor, present: Tensor) -> Tensor:
        """Maps anchors ``(B, N, 21, C)`` to the same; ``present (B, N)`` bool."""
        n_views = anchors.shape[1]
        is_first = torch.arange(n_views, device=anchors.device) == 0
        x = self.enter(anchors) + is_first[:, None, None].to(anchors.dtype) * self.first
        x = x.flatten(1, 2)
        hidden = ~present[:, :, None].expand(-1, -1, 21).flatten(1)[:, None, None]
        for k in range(self.depth):
            query, key, value = (
                part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
                for part in self.attend[k](self.norms[2 * k](x)).chunk(3, dim=-1)
            )
            scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
            weights = scores.masked_fill(hidden, float("-inf")).softmax(dim=-1)
            x = x + self.mix[k]((weights @ value).transpose(1, 2).flatten(2))
            x = x + self.feed[k](self.norms[2 * k + 1](x))
        return (anchors + self.leave(x).unflatten(1, (n_views, 21))).relu()
