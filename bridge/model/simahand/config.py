"""What an SVR- or MVR-Hand looks like: the paper's choices and ablations, and its open sizes."""

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

__all__ = ["DISTILLED", "HEATMAP", "LossWeights", "SimaHandConfig"]

HEATMAP = 32
"""Cells across the heatmaps that the landmark stem sees."""

DISTILLED = ("vertex_last", "vertex", "joint", "orientation", "enhanced")
"""Features that can be distilled, in the order of Table 6: f~_v, f_v, f_j, f_o and f^_o."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """Weights of eq. 11 and 12. Lengths count in 0.1 m, images in half crop widths.

    Attributes:
        mesh: L_M, at the canonical pose and rotated.
        joints: L_J3D, at the canonical pose and rotated.
        keypoints: L_J2D.
        normal: L_N. The paper has no factor; its base H2ONet's code has a tenth.
        edge: L_E.
        rotation: L_R.
        shape_enhancement: beta of eq. 12; not given in the paper.
        orientation_enhancement: gamma of eq. 12; not given in the paper.
    """

    mesh: float = 1.0
    joints: float = 1.0
    keypoints: float = 1.0
    normal: float = 0.1
    edge: float = 1.0
    rotation: float = 1.0
    shape_enhancement: float = 1.0
    orientation_enhancement: float = 1.0

    def __post_init__(self) -> None:
        check_weights(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimaHandConfig:
    """Sizes and switches; start from ``paper()`` or ``landmarks()``, or their ``_mvr``.

    Attributes:
        views: 1 is SVR-Hand: each view on its own. More is MVR-Hand: the most views it fuses.
        stem: What a view is: ``rgb`` crops (the paper), or 21 detected ``landmarks``.
        crop_px: Width and height of RGB crops, pixels.
        channels: Features of a cell of the image-level map f_i.
        map_size: Its cells across.
        halvings: How often the encoders halve it, doubling the features, to f_j and f_o.
        vertex_channels: Features of a coarse vertex, f_v.
        coarse_vertices: How many vertices the 21 joints are lifted to.
        decoder_channels: Features of the mesh's levels, coarse to fine.
        spiral_length: Vertices of a spiral.
        heads: Of each attention block of the orientation branch.
        head_channels: Features of each.
        image_fusion: IFF of MVR-Hand, eq. 1, or ``none``: the target view's own feature.
        joint_fusion: JFF, eq. 2 (``pool``), concatenation, or ``none``.
        vertex_fusion: VFF, eq. 3 (``attention``), concatenation, or eq. 2's pooling.
        orientation_enhancement: OFE, eq. 5 (``attention``), concatenation of f_j and f_o, or
            ``none``: f_o alone.
        distil: Which features of an SVR-Hand follow the teacher's (Table 6); see ``DISTILLED``.
        teacher: Weights of a trained MVR-Hand; None trains an SVR-Hand without adaptation.
        orientation_from: Share of the run after which the second stage begins, which trains the
            orientation too.
        view_mask_probability: Chance that training hides a view from MVR-Hand; never the first.
        loss: Weights of the losses.
    """

    views: int = 1
    stem: Literal["rgb", "landmarks"] = "rgb"
    crop_px: int = 128
    channels: int = 128
    map_size: int = 32
    halvings: int = 3
    vertex_channels: int = 256
    coarse_vertices: int = 49
    decoder_channels: tuple[int, ...] = (256, 128, 64, 32)
    spiral_length: int = 9
    heads: int = 8
    head_channels: int = 512
    image_fusion: Literal["cat", "none"] = "cat"
    joint_fusion: Literal["pool", "cat", "none"] = "pool"
    vertex_fusion: Literal["attention", "cat", "pool"] = "attention"
    orientation_enhancement: Literal["attention", "cat", "none"] = "attention"
    distil: tuple[str, ...] = ("vertex", "enhanced")
    teacher: str | None = None
    orientation_from: float = 0.5
    view_mask_probability: float = 0.2
    loss: LossWeights = field(default_factory=LossWeights)

    @classmethod
    def paper(cls, **changes: Any) -> SimaHandConfig:
        """The paper's SVR-Hand: RGB, 78.42 M parameters (Table 4)."""
        return replace(cls(), **changes)

    @classmethod
    def paper_mvr(cls, **changes: Any) -> SimaHandConfig:
        """The paper's MVR-Hand: 8 views."""
        return cls.paper(**({"views": 8} | changes))

    @classmethod
    def landmarks(cls, **changes: Any) -> SimaHandConfig:
        """The small network on detected landmarks, which trains and runs on a CPU."""
        small = cls(
            stem="landmarks",
            channels=64,
            map_size=8,
            halvings=1,
            vertex_channels=48,
            decoder_channels=(32, 16, 8, 8),
            heads=4,
            head_channels=32,
            orientation_from=0.1,
        )
        return replace(small, **changes)

    @classmethod
    def landmarks_mvr(cls, **changes: Any) -> SimaHandConfig:
        """An MVR-Hand of the same small sizes, for up to 4 views."""
        return cls.landmarks(**({"views": 4} | changes))

    def __post_init__(self) -> None:
        check_kinds(self)
        unit = 2**self.halvings
        demand(
            self,
            (
                ("map_size", self.map_size % unit, f"a multiple of 2 ** halvings = {unit}"),
                ("channels", self.channels % 4, "a multiple of 4"),
                (
                    "crop_px",
                    self.stem == "rgb" and self.crop_px != 4 * self.map_size,
                    f"4 x map_size = {4 * self.map_size} for RGB",
                ),
                (
                    "map_size",
                    self.stem == "landmarks" and HEATMAP % self.map_size,
                    f"a divisor of {HEATMAP} for landmarks",
                ),
                (
                    "decoder_channels",
                    not self.decoder_channels
                    or any(type(c) is not int or c < 1 for c in self.decoder_channels),
                    "at least one level of at least one channel",
                ),
                ("distil", not set(self.distil) <= set(DISTILLED), f"among {', '.join(DISTILLED)}"),
                (
                    "distil",
                    self.teacher is not None and not self.distil,
                    "at least one feature where there is a teacher",
                ),
                ("orientation_from", not 0 <= self.orientation_from < 1, "in [0, 1)"),
                ("view_mask_probability", not 0 <= self.view_mask_probability < 1, "in [0, 1)"),
                (
                    "teacher",
                    self.views > 1 and self.teacher is not None,
                    "none: an MVR is a teacher",
                ),
            ),
        )

    @property
    def deep_channels(self) -> int:
        """Features of a cell of f_j and f_o."""
        return int(self.channels * 2**self.halvings)

    @property
    def deep_size(self) -> int:
        """Cells across f_j and f_o."""
        return int(self.map_size // 2**self.halvings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and TOML (which has no None: absent keys are defaults)."""
        return plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SimaHandConfig:
        """The configuration that ``to_dict`` wrote.

        Raises:
            InputError: A key is unknown or a value cannot be used.
        """
        return from_plain(cls, values)
