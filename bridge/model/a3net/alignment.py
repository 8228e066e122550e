"""Section 3.2, geometric alignment: every view's joints and mesh into the first view's axes."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.hand.rotation_torch import kabsch, rotation_from_6d, six_d_from_rotation
from bridge.model.layers.basic import mlp, start_near_zero

__all__ = ["GeometricAlignment", "to_first"]


class GeometricAlignment(nn.Module):
    """T_{i,0} from view i to the first view, the canonical space (eq. 1).

    - ``learned``: ``T = MLP(f_global^i - f_global^0)``, 6D rotation and translation in 0.1 m. The
      identity comes out where the network starts.
    - ``procrustes``: the best rotation of the view's joints J onto the first view's. Nothing is
      learned and no gradient flows: it is a step between two predictions. It has no ONNX operator.
    - ``extrinsics``: the true rotation. Crop cameras share no origin that matters here, since hands
      are relative to their root: translations are zero.

    Args:
        mode: Which of these.
        features: Size of f_global.
        hidden: Hidden features of the MLP.
    """

    def __init__(
        self, mode: Literal["learned", "procrustes", "extrinsics"], features: int, hidden: int
    ) -> None:
        super().__init__()
        self.mode = mode
        if mode == "learned":
            self.mlp = mlp(features, hidden, hidden, 9)
            start_near_zero(self.mlp)
            self.register_buffer("identity", six_d_from_rotation(torch.eye(3)))

    def forward(
        self, f_global: Tensor, joints: Tensor, truth: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Estimates T.

        Args:
            f_global: ``(B, N, G)``.
            joints: ``(B, N, 21, 3)`` J of each view, its own axes.
            truth: ``(B, N, 3, 3)`` true rotations, for ``extrinsics``; not finite in views that are
                absent.

        Returns:
            Rotations ``(B, N, 3, 3)`` and translations ``(B, N, 3)``; view 0's are the identity.

        Raises:
            InputError: ``extrinsics`` without truth.
        """
        n_views = f_global.shape[1]
        first = torch.arange(n_views, device=f_global.device) == 0
        eye = torch.eye(3, dtype=joints.dtype, device=joints.device)
        shift = torch.zeros_like(joints[:, :, 0])
        if self.mode == "extrinsics":
            if truth is None:
                raise InputError(
                    "alignment 'extrinsics' needs the true rotations between the views"
                    " (HandViews.wrist_rotation); take 'learned' for views without calibration"
                )
            known = torch.isfinite(truth).flatten(2).all(dim=2)[..., None, None]
            rotation = torch.where(known, truth, eye).to(joints.dtype)
        elif self.mode == "procrustes":
            still = joints.detach().float()
            rotation = kabsch(still, still[:, :1].expand_as(still)).to(joints.dtype)
        else:
            out = self.mlp(f_global - f_global[:, :1]).float()
            rotation = rotation_from_6d(self.identity + out[..., :6])
            shift = torch.where(first[:, None], shift, out[..., 6:])
        return torch.where(first[:, None, None], eye, rotation), shift


def to_first(points: Tensor, rotation: Tensor, shift: Tensor) -> Tensor:
    """Applies T to ``(B, N, K, 3)``: into the first view's axes."""
    return points @ rotation.transpose(-1, -2) + shift[:, :, None]
