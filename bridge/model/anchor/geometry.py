"""How far two rotations are apart."""

from __future__ import annotations

import numpy as np

from bridge.model.pose import FloatArray

__all__ = ["angle_between"]


def angle_between(one: FloatArray, other: FloatArray) -> float:
    """The angle between two rotation matrices, radians; exact for small ones too."""
    # The chord |A - B| is sqrt(8) sin(angle / 2).
    return float(2 * np.arcsin(np.clip(np.linalg.norm(one - other) / np.sqrt(8), 0, 1)))
