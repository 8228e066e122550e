"""Vectors turned by quaternions, many at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["turned"]

Floats = NDArray[np.floating[Any]]


def turned(quat: Floats, vectors: Floats) -> Floats:
    """Vectors ``(..., 3)`` turned by unit quaternions ``(..., 4)`` xyzw; leading axes broadcast.

    ``v + 2 w (u x v) + 2 u x (u x v)``, by components: ``np.cross`` takes three times as long.
    """
    x, y, z, w = (quat[..., k] for k in range(4))
    a, b, c = (vectors[..., k] for k in range(3))
    p, q, r = 2 * (y * c - z * b), 2 * (z * a - x * c), 2 * (x * b - y * a)
    out = np.empty((*p.shape, 3), p.dtype)
    out[..., 0] = a + w * p + (y * r - z * q)
    out[..., 1] = b + w * q + (z * p - x * r)
    out[..., 2] = c + w * r + (x * q - y * p)
    return out
