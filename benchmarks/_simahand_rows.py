"""What ``benchmarks/simahand.py`` trains: adaptation with and without, and Tables 5 and 6."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from bridge.model.simahand.config import LossWeights

__all__ = ["ADAPTED", "AGAINST", "GROUPS", "ROWS", "SEEDS", "Row"]

SEEDS = (0, 1)
MVR_STEPS, SVR_STEPS = 3000, 2000


@dataclass(frozen=True)
class Row:
    """A network to train and score.

    Attributes:
        network: Its name.
        learned: The rendered set it learns from: ``train`` (4,096 hands) or ``few`` (256).
        changes: To the configuration ``cpu``.
        teacher: The row whose network is the teacher.
        begins: The row whose weights it begins with.
        seed: Of its training.
    """

    network: Literal["simahand-mvr", "simahand-svr"]
    learned: Literal["train", "few"]
    changes: dict[str, Any] = field(default_factory=dict)
    teacher: str | None = None
    begins: str | None = None
    seed: int = 0

    @property
    def steps(self) -> int:
        return MVR_STEPS if self.views > 1 else SVR_STEPS

    @property
    def views(self) -> int:
        return 4 if self.network == "simahand-mvr" else 1


def stronger(factor: float) -> dict[str, Any]:
    """The weights of adaptation, so many times the defaults."""
    usual, names = LossWeights(), ("shape_enhancement", "orientation_enhancement")
    return {"loss": {name: factor * getattr(usual, name) for name in names}}


MVR_MANY, MVR_FEW = "MVR-Hand, rendered", "MVR-Hand, few"
SVR_MANY, SVR_FEW = "SVR-Hand, rendered, seed 0", "SVR-Hand, base, seed 0"


def mvr(**changes: Any) -> Row:
    """A row of Table 5's upper part."""
    return Row("simahand-mvr", "train", changes)


def svr(teacher: str | None = None, seed: int = 0, **changes: Any) -> Row:
    """A row that goes on from the SVR-Hand of few hands, as all others of its kind."""
    return Row("simahand-svr", "few", changes, teacher, SVR_FEW, seed)


def sima(*distil: str, teacher: str = MVR_FEW) -> Row:
    """A row of Table 6: what is distilled, with beta = gamma = 1."""
    return svr(teacher, **stronger(10), distil=list(distil))


GROUPS: dict[str, dict[str, Row]] = {
    "rendered": {
        MVR_MANY: mvr(),
        **{
            f"{name}-Hand, rendered, seed {k}": Row("simahand-svr", "train", {}, teacher, seed=k)
            for name, teacher in (("SVR", None), ("SiMA", MVR_MANY))
            for k in SEEDS
        },
    },
    # They go on from one SVR-Hand: from random weights rows differ more by chance.
    "begun": {
        "SVR-Hand, begun": Row("simahand-svr", "train", {}, None, SVR_MANY),
        "SiMA-Hand, begun": Row("simahand-svr", "train", stronger(10), MVR_MANY, SVR_MANY),
    },
    "few": {
        MVR_FEW: Row("simahand-mvr", "few"),
        SVR_FEW: Row("simahand-svr", "few"),
        **{f"SVR-Hand, few, seed {k}": svr(None, k) for k in SEEDS},
        **{f"SiMA-Hand, few, seed {k}": svr(MVR_FEW, k) for k in SEEDS},
        **{f"SiMA-Hand, few, 10 times, seed {k}": svr(MVR_FEW, k, **stronger(10)) for k in SEEDS},
    },
    "fusion": {
        "IFF w/o": mvr(image_fusion="none"),
        "JFF w/o": mvr(joint_fusion="none"),
        "JFF cat.": mvr(joint_fusion="cat"),
        "VFF cat.": mvr(vertex_fusion="cat"),
        "VFF pool.": mvr(vertex_fusion="pool"),
    },
    # From random weights: what one of them has learned is of no use to another.
    "enhancement": {
        "SVR-Hand, base, seed 1": Row("simahand-svr", "few", seed=1),
        **{
            f"OFE {name}, seed {k}": Row(
                "simahand-svr", "few", {"orientation_enhancement": kind}, seed=k
            )
            for name, kind in (("w/o", "none"), ("cat.", "cat"))
            for k in SEEDS
        },
    },
    "distilled": {
        "f~_v": sima("vertex_last"),
        "f_v": sima("vertex"),
        "f_v, f_j": sima("vertex", "joint"),
        "f_v, f_o": sima("vertex", "orientation"),
    },
    "teachers": {
        "VFF cat., few": Row("simahand-mvr", "few", {"vertex_fusion": "cat"}),
        "VFF pool., few": Row("simahand-mvr", "few", {"vertex_fusion": "pool"}),
        "VFF cat. + SiMA": sima("vertex", "enhanced", teacher="VFF cat., few"),
        "VFF pool. + SiMA": sima("vertex", "enhanced", teacher="VFF pool., few"),
    },
}

ROWS = {name: row for group in GROUPS.values() for name, row in group.items()}

AGAINST = {
    "rendered": SVR_MANY,
    "begun": "SVR-Hand, begun",
    "few": "SVR-Hand, few, seed 0",
    "fusion": MVR_MANY,
    "enhancement": SVR_FEW,
    "distilled": "SVR-Hand, few, seed 0",
    "teachers": "SVR-Hand, few, seed 0",
}
"""The row that a group's rows are compared with, hand by hand."""


def pairs(group: str, times: str = "") -> list[tuple[str, str]]:
    return [(f"SVR-Hand, {group}, seed {k}", f"SiMA-Hand, {group}{times}, seed {k}") for k in SEEDS]


ADAPTED = {
    "rendered": pairs("rendered"),
    "few": pairs("few"),
    "few_10_times": pairs("few", ", 10 times"),
}
"""Rows without and with adaptation."""
