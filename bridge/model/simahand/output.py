"""What the network says of a batch, and the features that adaptation compares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from bridge.model.training.sample import ROOT

__all__ = ["Features", "SimaHandOutput"]


class Features(NamedTuple):
    """Features by the names of Table 6; M is 1 for MVR-Hand, whose shape is the hand's, else N.

    Attributes:
        vertex_last: ``(B, M, V, C)`` last layer of D_shape, f~_v.
        vertex: ``(B, M, coarse, E)`` after the 2D-to-3D lifting (and fusion), f_v.
        joint: ``(B, N, T, D)`` f_j (fused for each target view), T cells as tokens.
        orientation: ``(B, N, T, D)`` f_o.
        enhanced: ``(B, N, T, D)`` f_o enhanced by f_j, eq. 5.
    """

    vertex_last: Tensor
    vertex: Tensor
    joint: Tensor
    orientation: Tensor
    enhanced: Tensor


@dataclass(frozen=True, slots=True)
class SimaHandOutput:
    """B hands in N views; M is 1 where one shape was fused from all views, else N.

    Attributes:
        vertices: ``(B, M, V, 3)`` mesh at the canonical pose (the wrist's rest frame, the wrist at
            the origin), metres.
        joints: ``(B, M, 21, 3)`` its keypoints.
        rotation: ``(B, N, 3, 3)`` from the canonical pose to each view's axes.
        keypoints: ``(B, N, 21, 2)`` 2D joints, crop coordinates.
        faces: ``(F, 3)`` of the mesh.
        features: Of this network.
        teacher: The teacher's features for the same views; None without a teacher.
        valid: ``(B, N)`` bool, views that could be used.
        present: ``(B, N)`` bool, those of them that were not hidden in training.
    """

    vertices: Tensor
    joints: Tensor
    rotation: Tensor
    keypoints: Tensor
    faces: Tensor
    features: Features
    teacher: Features | None
    valid: Tensor
    present: Tensor

    @property
    def view_joints_m(self) -> Tensor:
        """Keypoints ``(B, N, 21, 3)`` in each view's axes, metres, relative to keypoint 9."""
        root = self.joints[..., ROOT : ROOT + 1, :]
        return (self.joints - root) @ self.rotation.transpose(-1, -2)

    @property
    def joints_m(self) -> Tensor:
        """Keypoints ``(B, 21, 3)`` in the first view's axes, metres, relative to keypoint 9."""
        return self.view_joints_m[:, 0]

    @property
    def vertices_m(self) -> Tensor:
        """Vertices ``(B, V, 3)``, likewise."""
        root = self.joints[:, 0, ROOT : ROOT + 1]
        return (self.vertices[:, 0] - root) @ self.rotation[:, 0].transpose(-1, -2)
