"""What an A3-Net looks like: the paper's choices and ablations, and the sizes it leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bridge.model.training.network_config import (
    check_kinds,
    check_weights,
    demand,
    from_plain,
    plain,
)

__all__ = ["A3NetConfig", "LossWeights"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """Weights of the training losses; the paper states none of them.

    Lengths are compared in units of 0.1 m, angles as entries of rotation matrices, images in half
    crop widths: all terms start near 0.1 to 1, and these weights put the 3D joints first.

    Attributes:
        joints: Joints of each stage, read off the point cloud. The authors' earlier IPNet weighs
            its coordinates 100 to 1 against its maps; the heatmaps here have the same ratio.
        mesh_joints: Keypoints of each stage's mesh.
        vertices: Vertices of each stage's mesh.
        rotations: Joint rotations of each stage.
        betas: Shape of each stage.
        initial: Factor on all of these for the single views' own predictions.
        reprojection: Mesh keypoints in every view, through its estimated camera.
        heatmap: Cross-entropy of the pixel-wise maps, and of the auxiliary task of 2D alignment.
        alignment: Estimated against true rotations between the views, and translations against 0.
    """

    joints: float = 10.0
    mesh_joints: float = 5.0
    vertices: float = 5.0
    rotations: float = 2.0
    betas: float = 0.05
    initial: float = 0.5
    reprojection: float = 2.0
    heatmap: float = 0.1
    alignment: float = 2.0

    def __post_init__(self) -> None:
        check_weights(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class A3NetConfig:
    """Sizes and switches of A3-Net; ``paper()`` and ``landmarks()`` are the two that are shipped.

    Attributes:
        stem: What a view is: ``rgb`` crops (the paper), or 21 detected ``landmarks``.
        crop_px: Width and height of RGB crops, pixels (section 4.2: 256).
        map_size: Cells across the visual feature map F_vis.
        channels: Features of a point, an anchor and a map cell.
        global_channels: Features of f_global.
        head_channels: Hidden features of the MANO head (section 3.1).
        points: Points of a cloud, from the surface of the mesh; at most its vertices are used.
        position: F_point contains F_3d (Table 2, "+Position").
        global_context: F_point contains F_glo (Table 2, "+Global").
        alignment: How views are turned into the first one's axes (Table 3, "Geo.").
        refine_alignment: Learned alignment is corrected again by every iteration. Not in the
            paper, whose eq. 1 sees only a difference of two features.
        ball_radii: Radii of the ball queries, in halves of the normalised cube (IPNet's values).
        ball_samples: Points taken from each ball, K_2.
        cube_half_m: Half the width of the cube that holds a hand, metres.
        interpolation_neighbours: Anchors that a point takes features from, K_3.
        fusion: How anchors of all views are fused (Table 3, "3D").
        fusion_channels: Features of a node within the fusion.
        image_alignment: 2D alignment and its auxiliary task (Table 3, "2D").
        image_convolution: Kernel of the first convolution of phi_3 in eq. 4; the second is 3 x 3.
        keypoint_feedback: Anchors also see, in every view, where their joint was detected relative
            to where it now projects. Not in the paper: it spares the landmark stem to read back
            from a coarse map what it knows exactly.
        iterations: Rounds of 3D and 2D alignment (Table 4).
        update_channels: Hidden features of the heads that correct the MANO parameters.
        view_mask_probability: Chance that training hides a view; never the first.
        weights: Where the RGB encoder starts: ``imagenet`` (downloads), a path to a state dict of
            torchvision's ResNet-18, or None for random.
        loss: Weights of the losses.
    """

    stem: Literal["rgb", "landmarks"] = "rgb"
    crop_px: int = 256
    map_size: int = 32
    channels: int = 128
    global_channels: int = 1024
    head_channels: int = 2560
    points: int = 778
    position: bool = True
    global_context: bool = True
    alignment: Literal["learned", "procrustes", "extrinsics"] = "learned"
    refine_alignment: bool = False
    ball_radii: tuple[float, ...] = (0.1, 0.2, 0.4)
    ball_samples: int = 64
    cube_half_m: float = 0.15
    interpolation_neighbours: int = 4
    fusion: Literal["gcn", "mlp", "transformer"] = "gcn"
    fusion_channels: int = 128
    image_alignment: Literal["none", "unsupervised", "segmentation", "heatmap2.5d", "heatmap2d"] = (
        "heatmap2d"
    )
    image_convolution: Literal[1, 3] = 3
    keypoint_feedback: bool = False
    iterations: int = 3
    update_channels: int = 320
    view_mask_probability: float = 0.2
    weights: str | None = None
    loss: LossWeights = field(default_factory=LossWeights)

    @classmethod
    def paper(cls, **changes: Any) -> A3NetConfig:
        """The paper's network: RGB, three iterations, 30.58 M parameters (Table 4)."""
        return replace(cls(), **changes)

    @classmethod
    def landmarks(cls, **changes: Any) -> A3NetConfig:
        """The small network on detected landmarks, which trains and runs on a CPU."""
        small = cls(
            stem="landmarks",
            map_size=8,
            channels=48,
            global_channels=256,
            head_channels=512,
            points=96,
            refine_alignment=True,
            ball_radii=(0.15, 0.4),
            ball_samples=8,
            fusion_channels=64,
            image_convolution=1,
            keypoint_feedback=True,
            update_channels=192,
        )
        return replace(small, **changes)

    def __post_init__(self) -> None:
        check_kinds(self)
        demand(
            self,
            (
                ("iterations", self.iterations > 4, "from 1 to 4"),
                ("ball_radii", not self.ball_radii or min(self.ball_radii) <= 0, "positive"),
                ("cube_half_m", not self.cube_half_m > 0, "positive"),
                ("view_mask_probability", not 0 <= self.view_mask_probability < 1, "in [0, 1)"),
                ("channels", self.channels % 8, "a multiple of 8"),
                ("fusion_channels", self.fusion_channels % 8, "a multiple of 8"),
                ("map_size", self.map_size % 4, "a multiple of 4"),
                (
                    "crop_px",
                    self.stem == "rgb" and self.crop_px != 8 * self.map_size,
                    f"8 x map_size = {8 * self.map_size} for RGB",
                ),
                ("interpolation_neighbours", self.interpolation_neighbours > 21, "at most 21"),
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and TOML (which has no None: absent keys are defaults)."""
        return plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> A3NetConfig:
        """The configuration that ``to_dict`` wrote.

        Raises:
            InputError: A key is unknown or a value cannot be used.
        """
        return from_plain(cls, values)
