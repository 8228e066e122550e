"""Section 3.3: initial features of points and anchors, and their update between iterations."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.model.layers.basic import PointNorm

__all__ = ["FeatureUpdate", "InitialFeatures", "KeypointFeedback"]


class InitialFeatures(nn.Module):
    """``F_point = ReLU(F_2d + F_3d + F_glo)``, and F_anchor with J in place of P.

    The same weights serve both, so that the difference of a point's and an anchor's feature in
    eq. 2 means something. Fill-ins: F_3d takes canonical coordinates; F_glo also takes the view's
    rotation T, without which a point could not know from where it was seen.

    Args:
        channels: C.
        global_channels: G.
        position: Add F_3d (Table 2).
        global_context: Add F_glo (Table 2).
    """

    def __init__(
        self, channels: int, global_channels: int, *, position: bool, global_context: bool
    ) -> None:
        super().__init__()
        self.visual = nn.Linear(channels, channels)
        self.position = (
            nn.Sequential(nn.Linear(3, channels, bias=False), PointNorm(channels))
            if position
            else None
        )
        self.context = nn.Linear(global_channels + 6, channels) if global_context else None

    def forward(self, sampled: Tensor, points: Tensor, context: Tensor) -> Tensor:
        """Features ``(B, N, K, C)``.

        Args:
            sampled: ``(B, N, K, C)`` F_vis at the projected points (``layers.sample_map``).
            points: ``(B, N, K, 3)`` canonical coordinates, 0.1 m.
            context: ``(B, N, G + 6)`` f_global and the view's rotation.
        """
        features = self.visual(sampled)
        if self.position is not None:
            features = features + self.position(points)
        if self.context is not None:
            features = features + self.context(context)[:, :, None]
        return features.relu()


class KeypointFeedback(nn.Module):
    """Adds to F_anchor where a view saw the joint, and how far that is from its projection.

    Not in the paper, see ``A3NetConfig.keypoint_feedback``. The iterations become a learned
    bundle adjustment: residuals in all views go in, corrections come out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(5, channels), nn.ReLU(), nn.Linear(channels, channels))

    def forward(self, anchors: Tensor, observed: Tensor, projected: Tensor) -> Tensor:
        """Updated anchors ``(B, N, 21, C)``.

        Args:
            anchors: ``(B, N, 21, C)``.
            observed: ``(B, N, 21, 3)`` crop coordinates and confidence.
            projected: ``(B, N, 21, 2)`` images of the present joints.
        """
        trust = observed[..., 2:]
        residual = (observed[..., :2] - projected).clamp(-1, 1) * trust
        known = torch.cat((4 * residual, projected, trust), dim=-1)
        return (anchors + self.embed(known)).relu()


class FeatureUpdate(nn.Module):
    """``F_point = ReLU(BN(W3 F_3d) + BN(W4 F_2d) + BN(W5 F_glo))`` (section 3.5).

    Args:
        channels: C.
        global_channels: G.
        image: There is 2D alignment; without it the middle term is left out.
        global_context: There are global features (Table 2); without them the last is left out.
    """

    def __init__(
        self, channels: int, global_channels: int, *, image: bool, global_context: bool
    ) -> None:
        super().__init__()

        def term(inputs: int) -> nn.Sequential:
            return nn.Sequential(nn.Linear(inputs, channels, bias=False), PointNorm(channels))

        self.w3 = term(channels)
        self.w4 = term(channels) if image else None
        self.w5 = term(global_channels) if global_context else None

    def forward(self, f_3d: Tensor, f_2d: Tensor | None, f_glo: Tensor) -> Tensor:
        """Updated features ``(B, N, K, C)``.

        Args:
            f_3d: ``(B, N, K, C)``.
            f_2d: ``(B, N, K, C)`` from 2D alignment.
            f_glo: ``(B, N, G)``.
        """
        features = self.w3(f_3d)
        if self.w4 is not None:
            features = features + self.w4(f_2d)
        if self.w5 is not None:
            features = features + self.w5(f_glo)[:, :, None]
        return features.relu()
