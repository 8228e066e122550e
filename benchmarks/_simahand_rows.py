"""What ``benchmarks/simahand.py`` trains: adaptation with and without, and Tables 5 and 6."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

__all__ = ["ADAPTED", "AGAINST", "GROUPS", "ROWS", "Row"]

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
        truth_of: How many hands of what it learns from have truth; all where None.
        afresh: The part of the network that begins anew all the same.
    """

    network: Literal["simahand-mvr", "simahand-svr"]
    learned: Literal["train", "few"]
    changes: dict[str, Any] = field(default_factory=dict)
    teacher: str | None = None
    begins: str | None = None
    seed: int = 0
    truth_of: int | None = None
    afresh: str | None = None

    @property
    def steps(self) -> int:
        return MVR_STEPS if self.views > 1 else SVR_STEPS

    @property
    def views(self) -> int:
        return 4 if self.network == "simahand-mvr" else 1


MVR_MANY, MVR_FEW = "MVR-Hand, rendered", "MVR-Hand, few"
SVR_MANY, SVR_FEW = "SVR-Hand, rendered, seed 0", "SVR-Hand, base, seed 0"


def mvr(**changes: Any) -> Row:
    """A row of Table 5's upper part."""
    return Row("simahand-mvr", "train", changes)


def svr(teacher: str | None = None, seed: int = 0, begins: str = MVR_FEW) -> Row:
    """A row that goes on from a network of few hands, as all that it is compared with."""
    return Row("simahand-svr", "few", {}, teacher, begins, seed)


def apart(teacher: str | None = None, seed: int = 0) -> Row:
    """A row whose student has features of its own before it has a teacher."""
    return svr(teacher, seed, SVR_FEW)


def unlabelled(seed: int = 0, teacher: str | None = MVR_FEW, **changes: Any) -> Row:
    """A row that has truth of the few hands, and follows its teacher on others too.

    Half of what it sees has no truth. Without a teacher it learns nothing of that half, and so has
    seen what is known as often as those it is compared with.
    """
    row = apart(teacher, seed)
    return replace(row, learned="train", truth_of=256, changes=changes)


def distilled(*features: str, seed: int = 0) -> Row:
    """A row of Table 6."""
    return unlabelled(seed, distil=list(features))


GROUPS: dict[str, dict[str, Row]] = {
    "many": {MVR_MANY: mvr(), SVR_MANY: Row("simahand-svr", "train")},
    # They go on from one SVR-Hand: from random weights rows differ more by chance.
    "begun": {
        "SVR-Hand, begun": Row("simahand-svr", "train", {}, None, SVR_MANY),
        "SiMA-Hand, begun": Row("simahand-svr", "train", {}, MVR_MANY, SVR_MANY),
    },
    "few": {
        MVR_FEW: Row("simahand-mvr", "few"),
        **{f"SVR-Hand, few, seed {k}": svr(None, k) for k in SEEDS},
        **{f"SiMA-Hand, few, seed {k}": svr(MVR_FEW, k) for k in SEEDS},
    },
    "apart": {
        SVR_FEW: Row("simahand-svr", "few"),
        **{f"SVR-Hand, apart, seed {k}": apart(None, k) for k in SEEDS},
        **{f"SiMA-Hand, apart, seed {k}": apart(MVR_FEW, k) for k in SEEDS},
    },
    "unlabelled": {
        **{f"SVR-Hand, unlabelled, seed {k}": unlabelled(k, None) for k in SEEDS},
        **{f"SiMA-Hand, unlabelled, seed {k}": unlabelled(k) for k in SEEDS},
    },
    # The second seed tells what differs by chance.
    "fusion": {
        "MVR-Hand, seed 1": replace(mvr(), seed=1),
        "IFF w/o": mvr(image_fusion="none"),
        "JFF w/o": mvr(joint_fusion="none"),
        "JFF cat.": mvr(joint_fusion="cat"),
        "VFF cat.": mvr(vertex_fusion="cat"),
        "VFF pool.": mvr(vertex_fusion="pool"),
    },
    # From one trained shape branch: by chance those from random weights differ by a millimetre.
    "enhancement": {
        f"{name}, seed {k}": Row(
            "simahand-svr",
            "few",
            {"orientation_enhancement": kind},
            begins=SVR_FEW,
            seed=k,
            afresh="orientation",
        )
        for name, kind in (("OFE", "attention"), ("OFE w/o", "none"), ("OFE cat.", "cat"))
        for k in SEEDS
    },
    "distilled": {
        "f~_v": distilled("vertex_last"),
        "f~_v, seed 1": distilled("vertex_last", seed=1),
        "f_v": distilled("vertex"),
        "f_v, f_j": distilled("vertex", "joint"),
        "f_v, f_o": distilled("vertex", "orientation"),
    },
    "teachers": {
        "VFF cat., few": Row("simahand-mvr", "few", {"vertex_fusion": "cat"}),
        "VFF pool., few": Row("simahand-mvr", "few", {"vertex_fusion": "pool"}),
        "VFF cat. + SiMA": unlabelled(teacher="VFF cat., few"),
        "VFF pool. + SiMA": unlabelled(teacher="VFF pool., few"),
    },
}

ROWS = {name: row for group in GROUPS.values() for name, row in group.items()}

AGAINST = {
    "many": SVR_MANY,
    "begun": "SVR-Hand, begun",
    "few": "SVR-Hand, few, seed 0",
    "apart": "SVR-Hand, apart, seed 0",
    "unlabelled": "SVR-Hand, unlabelled, seed 0",
    "fusion": MVR_MANY,
    "enhancement": "OFE, seed 0",
    "distilled": "SVR-Hand, unlabelled, seed 0",
    "teachers": "SVR-Hand, unlabelled, seed 0",
}
"""The row that a group's rows are compared with, hand by hand."""


def pairs(without: str, adapted: str) -> list[tuple[str, str]]:
    return [(f"SVR-Hand, {without}, seed {k}", f"SiMA-Hand, {adapted}, seed {k}") for k in SEEDS]


def last(without: str) -> list[tuple[str, str]]:
    """Table 6's row that is best here."""
    names = ("f~_v", "f~_v, seed 1")
    return [(f"SVR-Hand, {without}, seed {k}", names[k]) for k in SEEDS]


ADAPTED = {
    "few": pairs("few", "few"),
    "apart": pairs("apart", "apart"),
    "unlabelled": pairs("unlabelled", "unlabelled"),
    "unlabelled_to_apart": pairs("apart", "unlabelled"),
    "last": last("unlabelled"),
    "last_to_apart": last("apart"),
}
"""Rows without and with adaptation."""
