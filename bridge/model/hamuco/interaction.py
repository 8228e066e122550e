"""Section 3.2.2, dual-branch cross-view interaction: G* = G + F_t(G) + C', layer after layer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bridge.model.hamuco.config import HaMuCoConfig
from bridge.model.hand.rotation_torch import rotation_from_6d, six_d_from_rotation
from bridge.model.layers.basic import mlp, start_near_zero
from bridge.protocol.joints import BONES, KEYPOINT_OF_JOINT, N_KEYPOINTS

__all__ = ["AdaptiveGCN", "CrossViewAttention", "Interaction"]


class CrossViewAttention(nn.Module):
    """F_t: each joint of each view looks at all joints of all views.

    Args:
        channels: Of a token.
        heads: Must divide them.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.queries = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)
        self.norm = nn.LayerNorm(channels)
        self.mlp = mlp(channels, 2 * channels, channels)

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        """What the tokens gather.

        Args:
            features: ``(B, N, 21, C)``, normalised.
            present: ``(B, N)`` bool; nobody looks at a view that is not.
        """
        views = features.shape[1]
        tokens = self.queries(features.flatten(1, 2)).unflatten(-1, (3, self._heads, -1))
        query, key, value = tokens.permute(2, 0, 3, 1, 4)
        seen = present[..., None].expand(-1, -1, N_KEYPOINTS).flatten(1)[:, None, None]
        gathered = F.scaled_dot_product_attention(query, key, value, attn_mask=seen)
        found = self.out(gathered.transpose(1, 2).flatten(2))
        # Beside what the token is itself, as in a transformer's block; the sum is the layer's.
        found = found + self.mlp(self.norm(features.flatten(1, 2) + found))
        mixed: Tensor = found.unflatten(1, (views, N_KEYPOINTS))
        return mixed


class AdaptiveGCN(nn.Module):
    """F_a: a graph convolution over the hand's joints whose edges are learned (Doosti et al. 2020).

    Args:
        channels: Of a node.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        bones = torch.eye(N_KEYPOINTS)
        for parent, child in BONES:
            bones[parent, child] = bones[child, parent] = 1.0
        self.edges = nn.Parameter(bones / bones.sum(1, keepdim=True))
        self.linear = nn.Linear(channels, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Maps ``(..., 21, C)`` to a space that views share."""
        return (self.edges @ self.linear(features)).relu()


class _Layer(nn.Module):
    """One exchange between the views."""

    def __init__(self, config: HaMuCoConfig) -> None:
        super().__init__()
        channels = config.graph_channels
        self.norm = nn.LayerNorm(channels)
        self.attention = CrossViewAttention(channels, config.heads) if config.attention else None
        self.canonical = AdaptiveGCN(channels) if config.shared_features else None

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        known = self.norm(features)
        updated = features
        if self.attention is not None:
            updated = updated + self.attention(known, present)
        if self.canonical is not None:
            canonical = self.canonical(known)
            # After ReLU nothing is below zero: a view that is absent never is the most active one.
            seen = canonical * present[..., None, None]
            updated = updated + seen.amax(dim=1, keepdim=True)
        return updated


class Interaction(nn.Module):
    """From the graph features of all views to each view's corrected pose theta*.

    Args:
        config: Layers, heads, and which branches.
    """

    rest: Tensor

    def __init__(self, config: HaMuCoConfig) -> None:
        super().__init__()
        channels = config.graph_channels
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(channels)
        self.decoder = mlp(channels, channels, 6)
        start_near_zero(self.decoder)
        rest = six_d_from_rotation(torch.eye(3))
        self.register_buffer("rest", rest, persistent=False)

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        """Rotations ``(B, N, 16, 3, 3)`` of features ``(B, N, 21, C)``.

        Args:
            features: G.
            present: ``(B, N)`` bool; a view that is not hears the others, and is not heard.
        """
        for layer in self.layers:
            features = layer(features, present)
        nodes = self.norm(features)[:, :, list(KEYPOINT_OF_JOINT)]
        return rotation_from_6d(self.decoder(nodes).float() + self.rest)
