"""What A3-Net returns; all that training and evaluation need is in it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["A3NetOutput", "InitialOutput", "StageOutput"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialOutput:
    """Every view on its own (section 3.1), in its own crop camera's axes.

    Attributes:
        joints: ``(B, N, 21, 3)`` J, metres, relative to joint 9.
        rotations: ``(B, N, 16, 3, 3)``.
        betas: ``(B, N, 10)``.
        camera: ``(B, N, 3)`` scale (half crop widths per 0.1 m) and the root's image.
        vertices: ``(B, N, V, 3)`` mesh, metres, relative to its keypoint 9.
        mesh_joints: ``(B, N, 21, 3)`` its keypoints, likewise.
        reprojection: ``(B, N, 21, 2)`` their images, crop coordinates.
        heat: ``(B, N, 21, S*S)`` logits of the joints' heatmaps.
        to_first: ``(B, N, 3, 3)`` rotations of the geometric alignment T.
        shift_m: ``(B, N, 3)`` its translations, metres.
    """

    joints: Tensor
    rotations: Tensor
    betas: Tensor
    camera: Tensor
    vertices: Tensor
    mesh_joints: Tensor
    reprojection: Tensor
    heat: Tensor
    to_first: Tensor
    shift_m: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOutput:
    """One iteration (section 3.5), in the first view's crop camera's axes.

    Attributes:
        joints: ``(B, 21, 3)`` read off the points, metres, relative to joint 9.
        rotations: ``(B, 16, 3, 3)``.
        betas: ``(B, 10)``.
        vertices: ``(B, V, 3)`` mesh, metres, relative to its keypoint 9.
        mesh_joints: ``(B, 21, 3)`` its keypoints, likewise.
        to_first: ``(B, N, 3, 3)`` rotations from each view's axes.
        camera: ``(B, N, 3)`` as in ``InitialOutput``.
        reprojection: ``(B, N, 21, 2)`` images of ``mesh_joints``, crop coordinates.
        heat: ``(B, N, 21, S*S)`` weight map logits of 2D alignment; None without.
        mask: ``(B, N, S*S)`` silhouette logits (``segmentation``).
        depth: ``(B, N, 21)`` depth from the root, 0.1 m (``heatmap2.5d``).
    """

    joints: Tensor
    rotations: Tensor
    betas: Tensor
    vertices: Tensor
    mesh_joints: Tensor
    to_first: Tensor
    camera: Tensor
    reprojection: Tensor
    heat: Tensor | None = None
    mask: Tensor | None = None
    depth: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class A3NetOutput:
    """All stages of a batch of B hands in N views.

    Attributes:
        initial: The single views.
        stages: One for each iteration.
        valid: ``(B, N)`` bool, views with usable data.
        present: ``(B, N)`` bool, views that were fused: valid, and not hidden by training.
    """

    initial: InitialOutput
    stages: tuple[StageOutput, ...]
    valid: Tensor
    present: Tensor

    @property
    def joints_m(self) -> Tensor:
        """``(B, 21, 3)`` final joints, metres, relative to joint 9, first view's axes."""
        return self.stages[-1].joints

    @property
    def vertices_m(self) -> Tensor:
        """``(B, V, 3)`` final mesh, metres, relative to its keypoint 9, first view's axes."""
        return self.stages[-1].vertices

    @property
    def mesh_joints_m(self) -> Tensor:
        """``(B, 21, 3)`` keypoints of the final mesh, metres."""
        return self.stages[-1].mesh_joints

    @property
    def rotations(self) -> Tensor:
        """``(B, 16, 3, 3)`` final joint rotations."""
        return self.stages[-1].rotations

    @property
    def betas(self) -> Tensor:
        """``(B, 10)`` final shape."""
        return self.stages[-1].betas

    @property
    def to_first(self) -> Tensor:
        """``(B, N, 3, 3)`` final rotations from each view's axes to the first one's."""
        return self.stages[-1].to_first
