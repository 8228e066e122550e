"""What HaMuCo returns; all that training and evaluation need is in it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from bridge.model.hamuco.fusion import Similarity, fuse
from bridge.model.training.sample import ROOT

__all__ = ["HaMuCoOutput", "PerView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerView:
    """A hand for each view, in its own crop camera's axes.

    Attributes:
        rotations: ``(B, N, 16, 3, 3)``.
        betas: ``(B, N, 10)``.
        joints_m: ``(B, N, 21, 3)`` keypoints of the mesh, metres from joint 9.
        vertices_m: ``(B, N, V, 3)`` mesh, likewise.
        reprojection: ``(B, N, 21, 2)`` images of the keypoints, crop coordinates.
    """

    rotations: Tensor
    betas: Tensor
    joints_m: Tensor
    vertices_m: Tensor
    reprojection: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class HaMuCoOutput:
    """All of a batch of B hands in N views.

    Attributes:
        single: M, the single-view estimator's.
        interact: M*, after interaction; ``single`` itself where the network has none.
        camera: ``(B, N, 3)`` of both, see ``SingleView``.
        focal: ``(B, N)`` that they are projected with; infinite for weak perspective.
        valid: ``(B, N)`` bool, views with usable data.
        present: ``(B, N)`` bool, views that were fused: valid, and not hidden by training.
        to_first: A, each view's result to the first one's axes.
    """

    single: PerView
    interact: PerView
    camera: Tensor
    focal: Tensor
    valid: Tensor
    present: Tensor
    to_first: Similarity

    @property
    def joints_m(self) -> Tensor:
        """``(B, 21, 3)`` fused keypoints, metres from joint 9, first view's axes."""
        joints = fuse(self.interact.joints_m, self.to_first, self.present)
        return joints - joints[:, ROOT : ROOT + 1]

    @property
    def vertices_m(self) -> Tensor:
        """``(B, V, 3)`` fused mesh, metres from its keypoint 9, first view's axes."""
        root = fuse(self.interact.joints_m, self.to_first, self.present)[:, ROOT : ROOT + 1]
        return fuse(self.interact.vertices_m, self.to_first, self.present) - root
