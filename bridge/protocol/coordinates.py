"""Changes between coordinate frames: camera, stage, Unity, and from a left to a right hand.

Positions are ``(..., 3)`` metres, rotations ``(..., 4)`` unit quaternions xyzw; results keep the
shape and have w >= 0. All maps are exact permutations and sign changes.

=============  ============  ==========================================================
frame          handedness    axes
=============  ============  ==========================================================
OpenCV camera  right         x right, y down, z forward
OpenXR, stage  right         x right, y up, -z forward
Unity          left          x right, y up, z forward
=============  ============  ==========================================================

Go OpenCV -> OpenXR -> Unity. Two changes of a rotation from OpenCV to OpenXR exist and differ:

- *orientation*: the world's axes change, those of the thing in it stay (a hand keeps its rest
  frame, a wrist orientation as MANO's ``global_orient``): ``q' = X q``, X half a turn about x.
- *rotation*: all axes change, as for a turn between two cameras: ``q' = X q X^-1``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "canonical_quaternion",
    "mirror_position",
    "mirror_rotation",
    "opencv_to_openxr_orientation",
    "opencv_to_openxr_position",
    "opencv_to_openxr_rotation",
    "openxr_to_opencv_orientation",
    "openxr_to_opencv_position",
    "openxr_to_opencv_rotation",
    "openxr_to_unity_position",
    "openxr_to_unity_rotation",
    "unity_to_openxr_position",
    "unity_to_openxr_rotation",
]

Floats = NDArray[np.floating[Any]]


def canonical_quaternion(quaternion: ArrayLike) -> Floats:
    """The same rotations ``(..., 4)`` xyzw with w >= 0."""
    q = _floats(quaternion, 4)
    return np.where(q[..., 3:] < 0.0, -q, q)


def opencv_to_openxr_position(position_m: ArrayLike) -> Floats:
    """``(x, y, z) -> (x, -y, -z)``, metres; ``(..., 3)``."""
    return _floats(position_m, 3) * np.array([1.0, -1.0, -1.0], np.float32)


def opencv_to_openxr_orientation(quaternion: ArrayLike) -> Floats:
    """An orientation in the world, the turned thing's own axes kept: left-multiplied by X.

    ``(x, y, z, w) -> (w, -z, y, -x)``, then w >= 0; ``(..., 4)``.
    """
    q = _floats(quaternion, 4)
    x, y, z, w = (q[..., i] for i in range(4))
    return canonical_quaternion(np.stack([w, -z, y, -x], axis=-1))


def opencv_to_openxr_rotation(quaternion: ArrayLike) -> Floats:
    """A rotation written in the other axes, both its ends: ``(x, -y, -z, w)``; ``(..., 4)``."""
    q = _floats(quaternion, 4) * np.array([1.0, -1.0, -1.0, 1.0], np.float32)
    return canonical_quaternion(q)


def openxr_to_opencv_position(position_m: ArrayLike) -> Floats:
    """``(x, y, z) -> (x, -y, -z)``, metres: the change is its own inverse; ``(..., 3)``."""
    return opencv_to_openxr_position(position_m)


def openxr_to_opencv_orientation(quaternion: ArrayLike) -> Floats:
    """Undoes ``opencv_to_openxr_orientation``: half a turn twice is none; ``(..., 4)``."""
    return opencv_to_openxr_orientation(quaternion)


def openxr_to_opencv_rotation(quaternion: ArrayLike) -> Floats:
    """Undoes ``opencv_to_openxr_rotation``, which is its own inverse; ``(..., 4)``."""
    return opencv_to_openxr_rotation(quaternion)


def openxr_to_unity_position(position_m: ArrayLike) -> Floats:
    """``(x, y, z) -> (x, y, -z)``, metres; ``(..., 3)``."""
    return _floats(position_m, 3) * np.array([1.0, 1.0, -1.0], np.float32)


def openxr_to_unity_rotation(quaternion: ArrayLike) -> Floats:
    """``(x, y, z, w) -> (-x, -y, z, w)``, for world and parent-relative ones; ``(..., 4)``."""
    q = _floats(quaternion, 4) * np.array([-1.0, -1.0, 1.0, 1.0], np.float32)
    return canonical_quaternion(q)


def unity_to_openxr_position(position_m: ArrayLike) -> Floats:
    """Undoes ``openxr_to_unity_position``, which is its own inverse; ``(..., 3)``."""
    return openxr_to_unity_position(position_m)


def unity_to_openxr_rotation(quaternion: ArrayLike) -> Floats:
    """Undoes ``openxr_to_unity_rotation``, which is its own inverse; ``(..., 4)``."""
    return openxr_to_unity_rotation(quaternion)


def mirror_position(position_m: ArrayLike) -> Floats:
    """A left hand's position for the right hand and back: ``(-x, y, z)``; ``(..., 3)``."""
    return _floats(position_m, 3) * np.array([-1.0, 1.0, 1.0], np.float32)


def mirror_rotation(quaternion: ArrayLike) -> Floats:
    """A left hand's rotation for the right hand and back: ``(x, -y, -z, w)``; ``(..., 4)``."""
    q = _floats(quaternion, 4) * np.array([1.0, -1.0, -1.0, 1.0], np.float32)
    return canonical_quaternion(q)


def _floats(value: ArrayLike, last: int) -> Floats:
    array = np.asarray(value)
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    if array.ndim == 0 or array.shape[-1] != last:
        raise ValueError(f"expected an array of shape (..., {last}), not {array.shape}")
    return array
