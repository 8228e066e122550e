"""Section 3.3's last step: the updated global feature F_glo corrects the MANO parameters."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bridge.model.hand.rotation_torch import rotation_from_6d, six_d_from_rotation
from bridge.model.layers.basic import masked_mean, mlp, start_near_zero

__all__ = ["HandState", "HandUpdate", "initial_state"]


class HandState(NamedTuple):
    """The hand as known between iterations, in the first view's axes, and how each view sees it.

    Attributes:
        rotations: ``(B, 16, 3, 3)``, the wrist's from the rest frame to the first view's axes.
        betas: ``(B, 10)``.
        camera: ``(B, N, 3)`` scale and root image of each view.
        to_first: ``(B, N, 3, 3)`` rotations to the first view's axes.
    """

    rotations: Tensor
    betas: Tensor
    camera: Tensor
    to_first: Tensor


def initial_state(
    rotations: Tensor, betas: Tensor, camera: Tensor, to_first: Tensor, present: Tensor
) -> HandState:
    """The mean of the single views' hands, turned into the first view's axes.

    Args:
        rotations: ``(B, N, 16, 3, 3)``.
        betas: ``(B, N, 10)``.
        camera: ``(B, N, 3)``.
        to_first: ``(B, N, 3, 3)``.
        present: ``(B, N)`` bool.
    """
    wrist = to_first[:, :, None] @ rotations[:, :, :1]
    six = six_d_from_rotation(torch.cat((wrist, rotations[:, :, 1:]), dim=2))
    mean = rotation_from_6d(masked_mean(six, present))
    # Positions and hands pass on from stage to stage without gradient, as in PyMAF: each stage is
    # supervised itself.
    parts = (mean, masked_mean(betas, present), camera, to_first)
    return HandState(*(part.detach() for part in parts))


class HandUpdate(nn.Module):
    """Updates F_glo and, from it, hand, cameras and alignment, each as a residual.

    The paper passes F_glo through an MLP. Fill-ins: a mean over points does not tell fingers
    apart, so the MLP also sees the anchors (reduced to 32 features each), the joints that were
    read off, and what it is to correct; the same, view by view, corrects the cameras, with which
    the next iteration projects, and T where ``refine_alignment`` is set.

    Args:
        channels: C.
        global_channels: G.
        hidden: Hidden features of the MLP.
        refine: Whether T is corrected.
    """

    reduced = 32

    def __init__(self, channels: int, global_channels: int, hidden: int, *, refine: bool) -> None:
        super().__init__()
        self.refine = refine
        self.pool = nn.Linear(2 * channels, global_channels)
        self.reduce = nn.Linear(channels, self.reduced)
        known = global_channels + 21 * self.reduced
        self.hand = mlp(known + 16 * 6 + 10 + 63, hidden, hidden, 16 * 6 + 10)
        self.view = mlp(known + 3 + 6 + 63, hidden // 2, 3 + (6 if refine else 0))
        start_near_zero(self.hand)
        start_near_zero(self.view)

    def glo(self, f_glo: Tensor, f_3d: Tensor) -> Tensor:
        """Updated F_glo ``(B, N, G)`` from that before and F_3d ``(B, N, P, C)``, pooled."""
        pooled = torch.cat((f_3d.mean(dim=2), f_3d.amax(dim=2)), dim=-1)
        return (f_glo + self.pool(pooled)).relu()

    def forward(
        self, f_glo: Tensor, anchors: Tensor, joints: Tensor, state: HandState, present: Tensor
    ) -> HandState:
        """The next state.

        Args:
            f_glo: ``(B, N, G)``.
            anchors: ``(B, N, 21, C)``.
            joints: ``(B, 21, 3)`` this stage's, canonical, 0.1 m.
            state: The state before.
            present: ``(B, N)`` bool.
        """
        joints = joints.detach()
        known = torch.cat((f_glo, self.reduce(anchors).flatten(2)), dim=-1)
        six = six_d_from_rotation(state.rotations)
        now = torch.cat((six.flatten(1), state.betas, joints.flatten(1)), dim=-1)
        step = self.hand(torch.cat((masked_mean(known, present), now), dim=-1)).float()
        rotations = rotation_from_6d(six + step[:, :96].unflatten(-1, (16, 6)))
        betas = state.betas + step[:, 96:]

        view_six = six_d_from_rotation(state.to_first)
        seen = (joints[:, None] @ state.to_first).flatten(2)
        step = self.view(torch.cat((known, state.camera, view_six, seen), dim=-1)).float()
        scale = state.camera[..., :1] * torch.exp(torch.tanh(step[..., :1]))
        camera = torch.cat((scale, state.camera[..., 1:] + step[..., 1:3]), dim=-1)
        turned = state.to_first
        if self.refine:
            first = torch.arange(present.shape[1], device=present.device) == 0
            refined = rotation_from_6d(view_six + step[..., 3:])
            turned = torch.where(first[:, None, None], turned, refined)
        return HandState(rotations, betas, camera, turned)
