"""One iteration: 3D alignment, 2D alignment, update and readout (sections 3.3 to 3.5)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from bridge.model.a3net.config import A3NetConfig
from bridge.model.a3net.image_alignment import ImageAlignment, ImageAlignmentResult
from bridge.model.a3net.joint_to_mesh import JointReadout, JointToMesh, interpolation_weights
from bridge.model.a3net.mesh_to_joint import MeshToJoint
from bridge.model.a3net.point_features import FeatureUpdate, KeypointFeedback
from bridge.model.a3net.regression import HandState, HandUpdate
from bridge.model.a3net.view_fusion import view_fusion

__all__ = ["AlignmentStage", "Features", "Geometry", "StageResult"]


class Features(NamedTuple):
    """What is known of every proxy.

    Attributes:
        points: F_point ``(B, N, P, C)``.
        anchors: F_anchor ``(B, N, 21, C)``.
        f_glo: F_glo ``(B, N, G)``.
        f_vis: F_vis ``(M, C, S, S)``, M = B N.
    """

    points: Tensor
    anchors: Tensor
    f_glo: Tensor
    f_vis: Tensor


class Geometry(NamedTuple):
    """Where the proxies are; nothing here carries a gradient.

    Attributes:
        points: ``(B, N or 1, P, 3)`` the cloud, canonical, 0.1 m; 1 if all views share it.
        anchors: ``(B, N or 1, 21, 3)``.
        point_images: ``(B, N, P, 2)`` its image in every view.
        anchor_images: ``(B, N, 21, 2)``.
    """

    points: Tensor
    anchors: Tensor
    point_images: Tensor
    anchor_images: Tensor


class StageResult(NamedTuple):
    """What an iteration gives.

    Attributes:
        features: For the next iteration.
        joints: ``(B, 21, 3)`` relative to joint 9, canonical, 0.1 m.
        state: Hand, cameras and alignment, corrected.
        image: Of 2D alignment; None without.
    """

    features: Features
    joints: Tensor
    state: HandState
    image: ImageAlignmentResult | None


class AlignmentStage(nn.Module):
    """One iteration with its own weights (Table 4: each adds 2.70 M).

    Args:
        config: Sizes and switches.
        first: It is the first, whose anchors are fresh from the views even without 2D alignment.
    """

    def __init__(self, config: A3NetConfig, *, first: bool) -> None:
        super().__init__()
        channels, size = config.channels, config.global_channels
        image = config.image_alignment != "none"
        self.neighbours = config.interpolation_neighbours
        unit = config.cube_half_m / 0.1
        self.feedback = (
            KeypointFeedback(channels) if config.keypoint_feedback and (image or first) else None
        )
        self.mesh_to_joint = MeshToJoint(
            channels, tuple(unit * r for r in config.ball_radii), config.ball_samples
        )
        self.fusion = view_fusion(config.fusion, channels, config.fusion_channels)
        self.joint_to_mesh = JointToMesh(channels)
        self.image_alignment = (
            ImageAlignment(channels, config.image_alignment, config.image_convolution)
            if image
            else None
        )
        self.hand_update = HandUpdate(
            channels,
            size,
            config.update_channels,
            refine=config.refine_alignment and config.alignment == "learned",
        )
        self.feature_update = FeatureUpdate(
            channels, size, image=image, global_context=config.global_context
        )
        self.readout = JointReadout(channels)

    def forward(
        self,
        features: Features,
        geometry: Geometry,
        state: HandState,
        observed: Tensor,
        present: Tensor,
    ) -> StageResult:
        """Aligns once.

        Args:
            features: Of the proxies.
            geometry: Where they are.
            state: The hand so far.
            observed: ``(B, N, 21, 3)`` keypoints as each view saw them, and confidence.
            present: ``(B, N)`` bool.
        """
        points, anchors, f_glo, f_vis = features
        if self.feedback is not None:
            anchors = self.feedback(anchors, observed, geometry.anchor_images)
        # 3D alignment: eq. 2 and 3, fusion, interpolation.
        anchors = self.mesh_to_joint(anchors, points, geometry.anchors, geometry.points)
        anchors = self.fusion(anchors, present)
        weights = interpolation_weights(geometry.points, geometry.anchors, self.neighbours)
        f_3d = self.joint_to_mesh(anchors, points, weights)
        f_glo = self.hand_update.glo(f_glo, f_3d)
        # 2D alignment: eq. 4 and 5; points take what the joints around them saw.
        image, f_2d = None, None
        if self.image_alignment is not None:
            image = self.image_alignment(f_3d, f_vis, geometry.point_images, present)
            f_vis = image.f_vis
            f_2d = torch.cat((weights.to(image.f_2d.dtype) @ image.f_2d, image.f_2d), dim=2)
        # Points and anchors are updated by the same weights, as they were first made.
        proxies = self.feature_update(torch.cat((f_3d, anchors), dim=2), f_2d, f_glo)
        n_points = points.shape[2]
        points, anchors = proxies[:, :, :n_points], proxies[:, :, n_points:]
        joints = self.readout(points, geometry.points, present)
        state = self.hand_update(f_glo, anchors, joints, state, present)
        return StageResult(Features(points, anchors, f_glo, f_vis), joints, state, image)
