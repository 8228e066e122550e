"""HaMuCo as a whole (figure 2): every view on its own, interaction between the views, fusion."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from bridge.errors import InputError
from bridge.model.hamuco.config import HaMuCoConfig
from bridge.model.hamuco.fusion import fit
from bridge.model.hamuco.graph_features import GraphFeatures
from bridge.model.hamuco.interaction import Interaction
from bridge.model.hamuco.output import HaMuCoOutput, PerView
from bridge.model.hamuco.single_view import UNIT_M, SingleViewEstimator
from bridge.model.hand.layer import HandLayer
from bridge.model.layers.basic import project
from bridge.model.training.inputs import Inputs, checked, cleaned
from bridge.model.training.sample import ROOT, HandViews

__all__ = ["HaMuCo", "project_root_relative"]


class HaMuCo(nn.Module):
    """The network; any number of views from 1.

    Example::

        net = HaMuCo(HaMuCoConfig.cpu(), open_hand_layer()).eval()
        output = net(source.batch([0, 1], views=2, augment=False))
        output.joints_m  # (2, 21, 3)

    Args:
        config: Sizes and switches.
        hand: The hand model; its arrays are never part of the state dict.
    """

    def __init__(self, config: HaMuCoConfig, hand: HandLayer) -> None:
        super().__init__()
        self.config, self.hand = config, hand
        self.single_view = SingleViewEstimator(config)
        self.features = GraphFeatures(config) if config.interaction else None
        self.interaction = Interaction(config) if config.interaction else None

    def forward(self, views: HandViews) -> HaMuCoOutput:
        """Reconstructs hands from their views.

        Raises:
            InputError: No views, wrong shapes, nothing that the stem could see, a first view that
                is unusable, or no rotations for a network that aligns by extrinsics.
        """
        config = self.config
        known = config.alignment == "extrinsics"
        inputs = checked(views, stem=config.stem, crop_px=config.crop_px, extrinsics=known)
        axes = views.shared_axes if known else None
        if known and axes is None:
            raise InputError(
                "alignment 'extrinsics' needs the rotations between the views"
                " (HandViews.shared_axes); take 'procrustes' for views without calibration"
            )
        shape = inputs.present.shape
        present = inputs.present
        if self.training and config.view_mask_probability > 0:
            seen = torch.rand(shape, device=present.device) >= config.view_mask_probability
            seen[:, 0] = True
            present = present & seen

        single, interact, camera, focal = self._run(inputs, present)
        turn = None if axes is None else _relative(axes, inputs.present)
        first = interact.joints_m[:, :1].expand_as(interact.joints_m)
        return HaMuCoOutput(
            single=single,
            interact=interact,
            camera=camera,
            focal=focal,
            valid=inputs.present,
            present=present,
            to_first=fit(interact.joints_m, first, turn),
        )

    def export_forward(
        self, data: Tensor, confidence: Tensor | None, focal: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Tensors in, tensors out, for ONNX; nothing is checked, but not finite views are absent.

        Fusion is left to who runs it: Procrustes analysis has no ONNX operator.

        Args:
            data: Landmarks ``(B, N, 21, 2)`` or images ``(B, N, 3, S, S)``, by the stem.
            confidence: ``(B, N, 21)``; None for images.
            focal: ``(B, N)``.
            present: ``(B, N)`` bool.

        Returns:
            Of each view after interaction joints ``(B, N, 21, 3)``, vertices ``(B, N, V, 3)``
            (metres from joint 9, its crop camera's axes) and images of the joints
            ``(B, N, 21, 2)``; joints and their images of the view on its own.
        """
        inputs = cleaned(data, confidence, focal, present)
        single, interact, _, _ = self._run(inputs, inputs.present)
        return (
            interact.joints_m,
            interact.vertices_m,
            interact.reprojection,
            single.joints_m,
            single.reprojection,
        )

    def _run(self, inputs: Inputs, present: Tensor) -> tuple[PerView, PerView, Tensor, Tensor]:
        """Every view on its own and after interaction, its camera, and the focal length used."""
        shape = present.shape
        found = self.single_view(*(part.flatten(0, 1) for part in inputs.data))
        rotations, betas, camera = (
            part.unflatten(0, (-1, shape[1]))
            for part in (found.rotations, found.betas, found.camera)
        )
        focal = inputs.focal
        if not self.config.perspective:
            focal = torch.full_like(focal, float("inf"))
        single = self._posed(rotations, betas, camera, focal)
        interact = single
        if self.features is not None and self.interaction is not None:
            features = self.features(
                found.maps,
                single.joints_m.flatten(0, 1),
                found.rotations,
                single.reprojection.flatten(0, 1),
            )
            corrected = self.interaction(features.unflatten(0, (-1, shape[1])), present)
            interact = self._posed(corrected, betas.detach(), camera, focal)
        return single, interact, camera, focal

    def _posed(self, rotations: Tensor, betas: Tensor, camera: Tensor, focal: Tensor) -> PerView:
        mesh = self.hand(betas, rotations)
        root = mesh.keypoints[..., ROOT : ROOT + 1, :]
        joints = mesh.keypoints - root
        return PerView(
            rotations=rotations,
            betas=betas,
            joints_m=joints,
            vertices_m=mesh.vertices - root,
            reprojection=project_root_relative(joints, camera, focal),
        )


def project_root_relative(points_m: Tensor, camera: Tensor, focal: Tensor) -> Tensor:
    """Pi: crop coordinates of points ``(..., K, 3)``, metres from the root.

    Weak perspective, s Omega(P) + t, where ``focal`` is infinite; else that of the crop camera,
    whose root depth is f / s.
    """
    return project(points_m / UNIT_M, camera, focal)


def _relative(turn: Tensor, valid: Tensor) -> Tensor:
    """Rotations ``(B, N, 3, 3)`` of each view's axes to the first's; absent ones' are anything."""
    eye = torch.eye(3, dtype=turn.dtype, device=turn.device)
    turn = torch.where(valid[..., None, None], turn, eye)
    return turn[:, :1] @ turn.transpose(-1, -2)
