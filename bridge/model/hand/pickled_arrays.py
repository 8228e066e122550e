"""Arrays of an inert pickle: NumPy's, SciPy's sparse columns, and what chumpy keeps them in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import ModelError
from bridge.model.hand.inert_pickle import Call

__all__ = ["ARRAY_NAMES", "array_of"]

_NDARRAY = frozenset({"numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"})
_DTYPE = "numpy.dtype"
_SPARSE = frozenset({"scipy.sparse.csc.csc_matrix", "scipy.sparse._csc.csc_matrix"})
_CH = "chumpy.ch.Ch"
_SELECT = "chumpy.reordering.Select"
_BYTES = "_codecs.encode"

ARRAY_NAMES = (
    _NDARRAY
    | _SPARSE
    | {
        *(_DTYPE, _CH, _SELECT, _BYTES, "numpy.ndarray"),
        # chumpy keeps sets beside its arrays; Python 3 writes an empty string of bytes as a call.
        *("__builtin__.set", "builtins.set", "__builtin__.bytes", "builtins.bytes"),
    }
)
"""What a pickle of such arrays names; none of it is ever called."""

_TYPES = frozenset({"f4", "f8", *(f"{sign}{size}" for sign in "iu" for size in (1, 2, 4, 8))})
_MOST_AXES = 4
_MOST_ENTRIES = 10_000_000
_DEEPEST = 4


def array_of(value: object, depth: int = 0) -> NDArray[Any]:
    """The array that a value of `read_pickle` stands for, dense.

    Raises:
        ModelError: It is no array of numbers, or its parts do not fit together.
    """
    if not isinstance(value, Call) or depth > _DEEPEST:
        raise ModelError("is not an array")
    try:
        if value.name in _NDARRAY:
            return _dense(value.state)
        if value.name in _SPARSE:
            return _columns(value.state, depth)
        if value.name == _CH:
            return array_of(_entry(value.state, "x"), depth + 1)
        if value.name == _SELECT:
            return _selected(value.state, depth)
    except (ValueError, TypeError, OverflowError) as error:
        raise ModelError(f"is a damaged array ({error})") from error
    raise ModelError(f"is a {value.name}, not an array")


def _dense(state: object) -> NDArray[Any]:
    """NumPy's state: version, shape, type, whether columns come first, and the raw numbers."""
    if not isinstance(state, tuple) or len(state) not in (4, 5):
        raise ValueError("its state is not NumPy's")
    shape, kind, columns_first, raw = state[-4:]
    dtype = _dtype(kind)
    size = _size(shape)
    numbers = _raw(raw)
    if len(numbers) != size * dtype.itemsize:
        raise ValueError(f"shape {shape} of {dtype} does not take {len(numbers)} bytes")
    array = np.frombuffer(numbers, dtype=dtype)
    return array.reshape(shape, order="F" if columns_first else "C")


def _dtype(value: object) -> np.dtype[Any]:
    """A type of plain numbers; NumPy gives its byte order second in the state."""
    if not isinstance(value, Call) or value.name != _DTYPE or not value.arguments:
        raise ValueError("it has no type")
    name, state = value.arguments[0], value.state
    if name not in _TYPES:
        raise ValueError(f"its type is {str(name)[:20]!r}, not one of plain numbers")
    order = state[1] if isinstance(state, tuple) and len(state) > 1 else "|"
    if order not in ("<", ">", "|", "="):
        raise ValueError("its byte order is unknown")
    return np.dtype(f"{order}{name}")


def _size(shape: object) -> int:
    if (
        not isinstance(shape, tuple)
        or len(shape) > _MOST_AXES
        or not all(type(length) is int and length >= 0 for length in shape)
    ):
        raise ValueError("its shape is not a few whole numbers")
    size = 1
    for length in shape:
        size *= length
    if size > _MOST_ENTRIES or max(shape, default=0) > _MOST_ENTRIES:
        raise ValueError(f"its shape {shape} is too large")
    return size


def _raw(value: object) -> bytes:
    """Bytes: text from Python 2, bytes from Python 3, a call from Python 3 writing protocol 2."""
    if isinstance(value, Call) and value.name == _BYTES:
        value = value.arguments[0] if value.arguments else None
    elif isinstance(value, Call) and value.name.endswith(".bytes") and not value.arguments:
        value = b""
    if isinstance(value, str):
        value = value.encode("latin-1")
    if not isinstance(value, bytes):
        raise ValueError("its numbers are missing")
    return value


def _columns(state: object, depth: int) -> NDArray[Any]:
    """SciPy's compressed sparse columns."""
    shape = _entry(state, "_shape")
    if _size(shape) == 0 or not isinstance(shape, tuple) or len(shape) != 2:
        raise ValueError("its shape is not that of a matrix")
    data, rows, starts = (
        array_of(_entry(state, key), depth + 1) for key in ("data", "indices", "indptr")
    )
    if data.ndim != 1 or rows.shape != data.shape or starts.shape != (shape[1] + 1,):
        raise ValueError("its columns do not fit its shape")
    if rows.dtype.kind not in "iu" or starts.dtype.kind not in "iu":
        raise ValueError("its indices are no whole numbers")
    starts = starts.astype(np.int64)
    lengths = starts[1:] - starts[:-1]
    if starts[0] != 0 or starts[-1] != len(data) or (lengths < 0).any():
        raise ValueError("its columns do not follow each other")
    if len(rows) and not 0 <= rows.min() <= rows.max() < shape[0]:
        raise ValueError("its rows are out of range")
    dense = np.zeros(shape)
    np.add.at(dense, (rows.astype(np.int64), np.repeat(np.arange(shape[1]), lengths)), data)
    return dense


def _selected(state: object, depth: int) -> NDArray[Any]:
    """Chumpy's Select: some entries of another array, in another shape."""
    source = array_of(_entry(state, "a"), depth + 1).ravel()
    indices = array_of(_entry(state, "idxs"), depth + 1)
    if indices.dtype.kind not in "iu" or indices.ndim != 1:
        raise ValueError("its indices are no list of whole numbers")
    if indices.size and not 0 <= indices.min() <= indices.max() < source.size:
        raise ValueError("its indices are out of range")
    shape = _entry(state, "preferred_shape")
    if _size(shape) != indices.size:
        raise ValueError(f"{indices.size} entries do not make the shape {shape}")
    return source[indices].reshape(shape)


def _entry(state: object, key: str) -> Any:
    if not isinstance(state, dict) or key not in state:
        raise ValueError(f"it has no {key}")
    return state[key]
