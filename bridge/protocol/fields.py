"""Checks of single message fields: what each accepts, and one clear error when it does not.

Messages run them when they are made, so a message that exists is a valid one, whether it came
from the wire, from a file or from this program.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bridge.errors import InputError, ProtocolError
from bridge.protocol.joints import Side
from bridge.protocol.names import check_name

__all__ = [
    "MAX_COUNT",
    "MAX_TIME_NS",
    "QUATERNION_TOLERANCE",
    "Float32Array",
    "check_array",
    "check_flag",
    "check_int",
    "check_items",
    "check_quaternion",
    "check_quaternions",
    "check_real",
    "check_room_name",
    "check_side",
    "check_text",
    "check_time",
]

Float32Array = NDArray[np.float32]

MAX_COUNT = 2**53 - 1
"""Largest counter on the wire: what a double, and so any JavaScript number, holds exactly."""

MAX_TIME_NS = 2**63 - 1
"""Largest time on the wire: a signed 64-bit integer, 292 years of nanoseconds."""

QUATERNION_TOLERANCE = 1e-3
"""How far the length of a quaternion on the wire may be from 1."""

_FLOAT32 = np.dtype("<f4")


def check_int(name: str, value: object, *, low: int, high: int) -> int:
    """An integer of ``low <= value <= high``; a bool is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ProtocolError(f"{name} must be an integer, not {_kind(value)}")
    if not low <= value <= high:
        raise ProtocolError(f"{name} must be from {low} to {high}, not {_short(value)}")
    return int(value)


def check_time(name: str, value: object) -> int:
    """A time in nanoseconds, 0 to ``MAX_TIME_NS``."""
    return check_int(name, value, low=0, high=MAX_TIME_NS)


def check_real(name: str, value: object, *, low: float, high: float) -> float:
    """A finite number of ``low <= value <= high``; integers count, as JavaScript sends them."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise ProtocolError(f"{name} must be a number, not {_kind(value)}")
    if not low <= value <= high:  # NaN fails every comparison
        raise ProtocolError(f"{name} must be from {low:g} to {high:g}, not {_short(value)}")
    return float(value)


def check_flag(name: str, value: object) -> bool:
    """True or False, and no number in their place."""
    if not isinstance(value, bool):
        raise ProtocolError(f"{name} must be true or false, not {_kind(value)}")
    return value


def check_text(name: str, value: object, *, max_bytes: int) -> str:
    """Text of at most ``max_bytes`` bytes of UTF-8."""
    if not isinstance(value, str):
        raise ProtocolError(f"{name} must be text, not {_kind(value)}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:  # a lone surrogate
        raise ProtocolError(f"{name} is not valid Unicode") from error
    if size > max_bytes:
        raise ProtocolError(f"{name} has {size} bytes of UTF-8, more than {max_bytes}")
    return value


def check_room_name(name: str, value: object) -> str:
    """The name of a room or view (``bridge.protocol.names``)."""
    text = check_text(name, value, max_bytes=1024)
    try:
        return check_name(text)
    except InputError as error:
        raise ProtocolError(f"{name}: {error}") from error


def check_side(name: str, value: object) -> Side:
    """Which hand: 0 is left, 1 is right."""
    return Side(check_int(name, value, low=0, high=1))


def check_items(name: str, value: object, *, high: int) -> tuple[Any, ...]:
    """A sequence of at most ``high`` items, as a tuple."""
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes, bytearray, memoryview)):
        raise ProtocolError(f"{name} must be a list, not {_kind(value)}")
    if len(value) > high:
        raise ProtocolError(f"{name} has {len(value)} items, more than {high}")
    return tuple(value)


def check_array(
    name: str, value: ArrayLike, shape: tuple[int, ...], *, low: float, high: float
) -> Float32Array:
    """Finite numbers of ``low <= value <= high`` as a read-only float32 copy.

    Args:
        name: The field, for the error.
        value: Numbers of the given shape, or ``bytes`` of little-endian float32 as on the wire.
        shape: The shape asked for.
        low: Smallest allowed element.
        high: Largest allowed element.

    Raises:
        ProtocolError: Another shape, no numbers, out of range, NaN or infinite.
    """
    array = _to_float32(name, value, shape)
    # NaN survives min and max and fails both comparisons.
    if not (array.min() >= low and array.max() <= high):
        raise ProtocolError(f"{name} must hold finite numbers from {low:g} to {high:g}")
    array.flags.writeable = False
    return array


def check_quaternions(name: str, value: ArrayLike, count: int) -> Float32Array:
    """``(count, 4)`` unit quaternions xyzw with w >= 0, as a read-only float32 copy.

    Raises:
        ProtocolError: Another shape, a length off 1 by more than ``QUATERNION_TOLERANCE``, or a
            negative w.
    """
    array = _to_float32(name, value, (count, 4))
    squares = np.einsum("ij,ij->i", array, array)
    # |n^2 - 1| = |n - 1| (n + 1), and n + 1 is 2 here; NaN and infinity fail the comparison.
    if not np.abs(squares - 1.0).max() <= 2.0 * QUATERNION_TOLERANCE:
        raise ProtocolError(f"{name} must hold quaternions of length 1")
    if array[:, 3].min() < 0.0:
        raise ProtocolError(f"{name} must hold quaternions with w >= 0 (negate all four numbers)")
    array.flags.writeable = False
    return array


def check_quaternion(name: str, value: ArrayLike) -> Float32Array:
    """One ``(4,)`` quaternion, as `check_quaternions` has them."""
    rows = value if isinstance(value, bytes) else np.asarray(value)[None]
    quaternion: Float32Array = check_quaternions(name, rows, 1)[0]
    return quaternion


def _to_float32(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Float32Array:
    if isinstance(value, bytes):
        count = math.prod(shape)
        if len(value) != 4 * count:
            raise ProtocolError(f"{name} must have {4 * count} bytes, not {len(value)}")
        return np.frombuffer(value, dtype=_FLOAT32).reshape(shape).copy()
    try:
        given = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ProtocolError(f"{name} must be an array of shape {shape}") from error
    if given.dtype.kind not in "fiu":
        raise ProtocolError(f"{name} must hold real numbers, not {given.dtype}")
    if given.shape != shape:
        raise ProtocolError(f"{name} must have shape {shape}, not {given.shape}")
    with np.errstate(over="ignore"):  # an overflow becomes infinite, which the range refuses
        return np.array(given, dtype=_FLOAT32, order="C")


def _kind(value: object) -> str:
    return "nil" if value is None else type(value).__name__


def _short(value: float) -> str:
    """A number for an error message: never the thousands of digits a big integer can have."""
    return str(value) if abs(value) < 2**64 or isinstance(value, float) else "a huge number"
