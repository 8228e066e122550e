"""What is known of lenses before any hand is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bridge.model.lens import FOCAL_PRIOR
from bridge.model.pose import FloatArray

__all__ = ["FOCAL_SPREAD", "OVERCONFIDENCE", "TOLD_SPREAD", "Lens", "Lenses", "lens_priors"]

FOCAL_SPREAD = 0.3
"""Relative standard deviation of the focal lengths of phones and tablets about ``FOCAL_PRIOR``."""

TOLD_SPREAD = 0.03
"""How exact a focal length is that somebody gives, relative standard deviation."""

OVERCONFIDENCE = 4.0
"""Neighbouring errors are alike and models are not exact: the adjustment is so many times surer of
itself, by curvature, than it is right."""


@dataclass(frozen=True, slots=True)
class Lens:
    """A focal length that somebody knows: an anchor, the publisher, the user.

    Attributes:
        focal: Longer image sides.
        spread: Its relative standard deviation, 0 where it is exact.
    """

    focal: float
    spread: float


Lenses = Mapping[str, Lens]
"""Lenses by the view's name; views of which nothing is known are left out."""


def lens_priors(names: Sequence[str], lenses: Lenses) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation ``(V,)`` of the logarithm of each view's focal length.

    What is known of a lens speaks as loudly as the adjustment does: see `OVERCONFIDENCE`.
    """
    known = [lenses.get(name) for name in names]
    focal = [FOCAL_PRIOR if lens is None else lens.focal for lens in known]
    spread = [FOCAL_SPREAD if lens is None else lens.spread / OVERCONFIDENCE for lens in known]
    return np.log(focal), np.array(spread)
