"""What a multi-hand network looks like: the paper's choices, and the sizes it leaves open."""

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

__all__ = ["LossWeights", "MultiHandConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """Weights of the losses; 0 leaves a term out, which makes the rows of Table IV.

    The paper states none. ``centre``, ``bones`` and ``photometric`` are those of the authors' code
    (SMHR, 100 each) divided by 100, though it squares the bones' distances. The others are ours, as
    the terms differ. Its regularisation is 1000 on ``mean excess of 45 angles + 0.1 mean squared
    beta``, a hundredth of which is 0.22 an angle; here it is 1 on ``sum of excesses + 0.1 norm of
    betas``. Its reprojection is a squared pixel error; eq. 8 is a distance in lengths of a finger
    bone, and starts near the bones' size. Its handedness is 20, or 100 at 384 pixels; with less
    than 1 here it was hardly learnt in short runs.

    Attributes:
        centre: L_cp, eq. 3.
        side: L_lr, eq. 2.
        keypoints: L_kp, eq. 2.
        reprojection: First sum of eq. 8.
        bones: Second sum of eq. 8, Table IV's L_bone.
        photometric: L_pho, eq. 9.
        regularisation: L_reg, eq. 10.
        shape: ``w_shape / w_pose`` in eq. 10.
        consistency: L_con, eq. 11.
        joints: 3D joints, units of 0.1 m; Table IV's L_3D with ``vertices``. With both 0 nothing
            of a batch's 3D truth is looked at.
        vertices: 3D vertices, units of 0.1 m.
    """

    centre: float = 1.0
    side: float = 1.0
    keypoints: float = 1.0
    reprojection: float = 1.0
    bones: float = 1.0
    photometric: float = 1.0
    regularisation: float = 1.0
    shape: float = 0.1
    consistency: float = 0.1
    joints: float = 0.0
    vertices: float = 0.0

    def __post_init__(self) -> None:
        check_weights(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class MultiHandConfig:
    """Sizes and switches; ``weak()`` and ``full()`` are the paper's two ways of supervision.

    Attributes:
        trunk: Of the encoder: a ``resnet`` (section IV-A), or the shipped ``landmark_net``'s.
        depth: Of a ResNet, 18 or 50 (section IV-A: ResNet-50).
        width: Its channels, as a share of the usual ones.
        frozen_levels: How many of the landmark net's four levels do not learn.
        size: Width and height of whole pictures, pixels, and the one focal length (section III-C:
            512 and 512).
        stride: Pixels of a cell: 8 in the text, 4 in the authors' code.
        channels: Features of a cell, and of each of the three levels that are joined.
        hidden: Hidden features of the heads on a hand's cell.
        rotation: How a hand's turn is given: ``vector`` (Rodrigues, 61 numbers a hand as in the
            paper), or ``6d``, which has no jump and learns faster where cameras are all around.
        mean_pose: Eq. 5's mean, which the network says by zeros: the ``flat`` hand, or one
            ``at_ease``, as MANO's mean is.
        limits: From where on L_reg counts angles: what joints can be made to do (``passive``), or
            do by themselves (``active``).
        most_hands: Most hands that are decoded of a picture (section III-D: 10).
        threshold: Least score of a hand.
        photo_px: Pixels of the picture that are one of the rendering that L_pho compares.
        photo_pictures: Most pictures of a batch that L_pho renders.
        photo_from: Share of the run before which L_pho waits: there is no pose to paint on.
        weights: Where the encoder begins: ``imagenet`` (downloads) or a path to torchvision's
            state dict for a ResNet, ``shipped`` for the landmark net, or None for random.
        loss: Weights of the losses.
    """

    trunk: Literal["resnet", "landmark_net"] = "resnet"
    depth: Literal[18, 50] = 50
    width: float = 1.0
    frozen_levels: Literal[0, 1, 2, 3, 4] = 0
    size: int = 512
    stride: Literal[4, 8] = 8
    channels: int = 256
    hidden: int = 512
    rotation: Literal["vector", "6d"] = "vector"
    mean_pose: Literal["flat", "at_ease"] = "flat"
    limits: Literal["passive", "active"] = "passive"
    most_hands: int = 10
    threshold: float = 0.3
    photo_px: int = 2
    photo_pictures: int = 256
    photo_from: float = 0.0
    weights: str | None = None
    loss: LossWeights = field(default_factory=LossWeights)

    @classmethod
    def weak(cls, **changes: Any) -> MultiHandConfig:
        """Supervised by 2D labels only."""
        return replace(cls(), **changes)

    @classmethod
    def full(cls, **changes: Any) -> MultiHandConfig:
        """Supervised by 3D joints and vertices too."""
        return replace(cls(loss=LossWeights(joints=5.0, vertices=5.0)), **changes)

    def __post_init__(self) -> None:
        check_kinds(self)
        demand(
            self,
            (
                ("size", self.size % 32, "a multiple of 32"),
                ("width", not 0 < self.width <= 4, "above 0, at most 4"),
                ("threshold", not 0 < self.threshold < 1, "between 0 and 1"),
                ("photo_from", not 0 <= self.photo_from <= 1, "from 0 to 1"),
                ("photo_px", 32 % self.photo_px, "a divisor of 32"),
                (
                    "frozen_levels",
                    self.frozen_levels and self.trunk == "resnet",
                    "0 for a ResNet",
                ),
                (
                    "weights",
                    self.trunk == "landmark_net" and self.weights not in (None, "shipped"),
                    "shipped, or nothing, for the landmark net",
                ),
            ),
        )

    @property
    def parameters_per_hand(self) -> int:
        """Numbers of one hand: turn, 15 rotation vectors, 10 betas, place (61 in the paper)."""
        return (3 if self.rotation == "vector" else 6) + 45 + 10 + 3

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and TOML (which has no None: absent keys are defaults)."""
        return plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> MultiHandConfig:
        """The configuration that ``to_dict`` wrote.

        Raises:
            InputError: A key is unknown or a value cannot be used.
        """
        return from_plain(cls, values)
