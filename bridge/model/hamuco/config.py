"""What a HaMuCo network looks like and how it learns: the paper's choices and its ablations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from bridge.errors import InputError
from bridge.model.layers.resnet import Depth
from bridge.model.training.network_config import check_kinds, demand, from_plain, plain

__all__ = ["Alignment", "HaMuCoConfig"]

Alignment = Literal["extrinsics", "procrustes"]
Stem = Literal["rgb", "landmarks"]

_SHRUNK = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class HaMuCoConfig:
    """Sizes and switches; ``paper()``, ``cpu()`` and ``landmarks()`` are shipped.

    Attributes:
        stem: What a view is: a picture (``rgb``, the paper's), or 21 detected ``landmarks``, the
            pseudo labels themselves.
        depth: Of the residual encoder, 18 or 50 (section 4.2, Table 4).
        width: Its channels as a share of the usual ones.
        crop_px: Width and height of the pictures (section 4.2: 256); four heatmap cells each where
            there are none.
        location_channels: c_1, features of a joint's place (section 3.2.1).
        global_channels: Maps for each joint that SAIGB makes of the last level.
        layers: Interaction layers.
        heads: Of attention in each.
        alignment: How views are turned into each other: by the true relative rotations, or by
            Procrustes analysis of what the views say themselves (section 3.2.3).
        perspective: Project with the crop camera's focal length. The paper's cameras are weak
            perspective, which hands 25 cm from a phone are not.
        interaction: The cross-view interaction network (Table 4, "- DCVI").
        attention: Its cross-view attention branch ("- CVA").
        shared_features: Its view-shared feature branch ("- VSF").
        location: Joint locations among the graph features ("- G1").
        global_features: SAIGB's ("- G2").
        local_features: The joint feature sampler's ("- G3").
        consistency_2d: L_c2D ("- L_c2D"; with the next one "- L_c").
        consistency_fusion: L_cf ("- L_cf").
        distillation: L_d ("- L_d").
        warm_up: Share of the run without L_c and L_d: 10 of 40 epochs (section 4.2).
        prior: alpha, weight of L_p.
        shape_prior: gamma, weight of the shape in it; 100 in the authors' code. Smaller hands are
            nearer to each other: where it is too weak, L_c and L_d let all of them shrink.
        view_mask_probability: Chance that training hides a view from interaction and fusion, never
            the first.
        weights: Where the encoder starts: ``imagenet`` (downloads), a path to torchvision's state
            dict, or None for random.
    """

    stem: Stem = "rgb"
    depth: Depth = 50
    width: float = 1.0
    crop_px: int = 256
    location_channels: int = 64
    global_channels: int = 8
    layers: int = 2
    heads: int = 4
    alignment: Alignment = "extrinsics"
    perspective: bool = False
    interaction: bool = True
    attention: bool = True
    shared_features: bool = True
    location: bool = True
    global_features: bool = True
    local_features: bool = True
    consistency_2d: bool = True
    consistency_fusion: bool = True
    distillation: bool = True
    warm_up: float = 0.25
    prior: float = 0.01
    shape_prior: float = 100.0
    view_mask_probability: float = 0.0
    weights: str | None = None

    @classmethod
    def paper(cls, **changes: Any) -> HaMuCoConfig:
        """The paper's network with ResNet-50; ``depth=18`` is its smaller one."""
        return replace(cls(), **changes)

    @classmethod
    def cpu(cls, **changes: Any) -> HaMuCoConfig:
        """Half as wide, on pictures of 64 pixels: what trains on a CPU."""
        small = cls(
            depth=18,
            width=0.5,
            crop_px=64,
            location_channels=32,
            layers=1,
            perspective=True,
            warm_up=0.4,
            shape_prior=10.0,
            view_mask_probability=0.1,
        )
        return replace(small, **changes)

    @classmethod
    def landmarks(cls, **changes: Any) -> HaMuCoConfig:
        """The small network on detected landmarks, which trains and runs on a CPU."""
        return cls.cpu(**({"stem": "landmarks"} | changes))

    def __post_init__(self) -> None:
        check_kinds(self)
        demand(
            self,
            (
                ("width", not 0 < self.width <= 4 or self.width * 64 % 1, "a share in 64ths"),
                ("crop_px", self.crop_px % _SHRUNK, f"a multiple of {_SHRUNK}"),
                ("warm_up", not 0 <= self.warm_up <= 1, "a share of the run, 0 to 1"),
                ("prior", not 0 <= self.prior < float("inf"), "0 or more"),
                ("shape_prior", not 0 <= self.shape_prior < float("inf"), "0 or more"),
                ("view_mask_probability", not 0 <= self.view_mask_probability < 1, "in [0, 1)"),
            ),
        )
        if self.interaction and not (self.location or self.global_features or self.local_features):
            raise InputError("interaction needs at least one kind of graph features")
        if self.interaction and self.attention and self.graph_channels % self.heads:
            raise InputError(
                f"heads must divide the {self.graph_channels} graph features, not {self.heads}"
            )

    @property
    def level_channels(self) -> tuple[int, int, int, int]:
        """Channels of the encoder's four levels."""
        last = round(self.width * 64) * (1 if self.depth == 18 else 4)
        return last, last * 2, last * 4, last * 8

    @property
    def graph_channels(self) -> int:
        """c_1 + c_2 + c_3, features of a joint in a view."""
        cells = (self.crop_px // _SHRUNK) ** 2
        return (
            self.location * self.location_channels
            + self.global_features * self.global_channels * cells
            + self.local_features * sum(self.level_channels[:3])
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and TOML (which has no None: absent keys are defaults)."""
        return plain(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> HaMuCoConfig:
        """The configuration that ``to_dict`` wrote.

        Raises:
            InputError: A key is unknown or a value cannot be used.
        """
        return from_plain(cls, values)
