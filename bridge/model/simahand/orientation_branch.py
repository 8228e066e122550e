"""Orientation: its encoder, its enhancement by joint features (eq. 5), and the rotation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.model.hand.rotation_torch import rotation_from_6d, six_d_from_rotation
from bridge.model.layers.basic import mlp
from bridge.model.simahand.config import SimaHandConfig
from bridge.model.simahand.layers import Encoder

__all__ = ["Attention", "Enhancement", "OrientationBranch", "attend"]


def attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Softmax(q k^T / sqrt(d)) v, the form of all three parts of eq. 5.

    Args:
        query: ``(..., T, d)``.
        key: ``(..., S, d)``.
        value: ``(..., S, e)``.
    """
    likeness = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    return likeness.softmax(-1) @ value


class Attention(nn.Module):
    """Multi-head attention with a residual connection and layer normalisation.

    Args:
        channels: Of a token.
        heads: How many.
        head_channels: Of each.
    """

    def __init__(self, channels: int, heads: int, head_channels: int) -> None:
        super().__init__()
        self.heads, inner = heads, heads * head_channels
        self.query, self.key, self.value = (
            nn.Linear(channels, inner, bias=False) for _ in range(3)
        )
        self.join = nn.Linear(inner, channels, bias=False)
        self.norm = nn.LayerNorm(channels)

    def forward(self, asking: Tensor, asked: Tensor) -> Tensor:
        """What tokens ``(M, T, D)`` hear from tokens ``(M, S, D)``: ``(M, T, D)``."""
        query, key, value = (
            layer(tokens).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer, tokens in ((self.query, asking), (self.key, asked), (self.value, asked))
        )
        heard = attend(query, key, value).transpose(1, 2).flatten(2)
        result: Tensor = self.norm(asking + self.join(heard))
        return result


class Enhancement(nn.Module):
    """The orientation feature enhancement: f_o enriched by f_j, both as tokens ``(M, T, D)``.

    Args:
        kind: ``attention`` (eq. 5), ``cat``, or ``none``: f_o as it is.
        channels: D.
        heads: Of each attention block.
        head_channels: Features of each.
    """

    def __init__(self, kind: str, channels: int, heads: int, head_channels: int) -> None:
        super().__init__()
        self.kind = kind
        if kind == "attention":
            self.joint, self.orientation, self.cross = (
                Attention(channels, heads, head_channels) for _ in range(3)
            )
        elif kind == "cat":
            self.mix = mlp(2 * channels, channels, channels)

    def forward(self, f_j: Tensor, f_o: Tensor) -> Tensor:
        """The enhanced feature, ``(M, T, D)``."""
        if self.kind == "none":
            return f_o
        if self.kind == "cat":
            mixed: Tensor = self.mix(torch.cat((f_j, f_o), dim=-1))
            return mixed
        h_j, h_o = self.joint(f_j, f_j), self.orientation(f_o, f_o)
        enhanced: Tensor = self.cross(h_j, h_o)
        return enhanced


class OrientationBranch(nn.Module):
    """E_orient, the enhancement, and the MLP to a rotation in 6D."""

    rest: Tensor

    def __init__(self, config: SimaHandConfig) -> None:
        super().__init__()
        deep, tokens = config.deep_channels, config.deep_size**2
        self.encoder = Encoder(config.channels, config.halvings)
        self.enhance = Enhancement(
            config.orientation_enhancement, deep, config.heads, config.head_channels
        )
        self.shrink = nn.Sequential(mlp(deep, deep // 2, deep // 4), nn.ReLU())
        flat = tokens * (deep // 4)
        self.rotation = mlp(flat, 2 * deep, deep, deep // 2, 6)
        self.register_buffer("rest", six_d_from_rotation(torch.eye(3)))

    def forward(self, f_i: Tensor, f_j: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Regresses orientations.

        Args:
            f_i: ``(M, C, S, S)`` fused for the target view; detached from the shape branch.
            f_j: ``(M, D, s, s)`` likewise.

        Returns:
            Rotations ``(M, 3, 3)`` from the canonical pose to the target view's axes; f_o and the
            enhanced feature, ``(M, s * s, D)``.
        """
        f_o = self.encoder(f_i)[-1].flatten(2).transpose(1, 2)
        enhanced = self.enhance(f_j.flatten(2).transpose(1, 2), f_o)
        six = self.rotation(self.shrink(enhanced).flatten(1)).float()
        return rotation_from_6d(six + self.rest), f_o, enhanced
