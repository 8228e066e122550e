"""The container of a binary glTF 2.0 file: JSON, and one buffer of arrays.

Khronos Group, "glTF 2.0 Specification" (ISO/IEC 12113:2022), sections 3.6 (data alignment) and 4
(GLB).
"""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError

__all__ = ["ARRAY_BUFFER", "ELEMENT_ARRAY_BUFFER", "Buffer", "write_glb"]

ARRAY_BUFFER = 34962
ELEMENT_ARRAY_BUFFER = 34963

_COMPONENTS = {"u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_TYPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4", (4, 4): "MAT4"}
_MAX_BYTES = 2**32 - 1  # what the header's 32 bits can say
_ALIGNMENT = 4

Part = NDArray[Any]


class Buffer:
    """The arrays of a file, each with its buffer view and accessor.

    Attributes:
        views: JSON of the buffer views.
        accessors: JSON of the accessors.
        size: Bytes so far, padding included.
    """

    def __init__(self) -> None:
        self.views: list[dict[str, Any]] = []
        self.accessors: list[dict[str, Any]] = []
        self.size = 0
        self._parts: list[Part] = []

    def add(
        self,
        *parts: Part,
        target: int | None = None,
        normalized: bool = False,
        bounds: bool = False,
    ) -> int:
        """Takes an array, in parts along its first axis; returns the index of its accessor.

        Args:
            parts: Little-endian, ``(n, ...)`` each; kept until they are written.
            target: What a GPU uses it for.
            normalized: Integers stand for 0 to 1, or -1 to 1.
            bounds: State the least and the largest value of each component.
        """
        first = parts[0]
        size = sum(part.nbytes for part in parts)
        view: dict[str, Any] = {"buffer": 0, "byteOffset": self.size, "byteLength": size}
        if target is not None:
            view["target"] = target
        accessor: dict[str, Any] = {
            "bufferView": len(self.views),
            "componentType": _COMPONENTS[first.dtype.str[1:]],
            "count": sum(len(part) for part in parts),
            "type": _TYPES[first.shape[1:]],
        }
        if normalized:
            accessor["normalized"] = True
        if bounds:
            for name, find in (("min", np.min), ("max", np.max)):
                value = find([find(part, axis=0) for part in parts], axis=0)
                accessor[name] = np.atleast_1d(value).tolist()
        self.views.append(view)
        self.accessors.append(accessor)
        padding = -size % _ALIGNMENT
        self._parts += [*parts, np.zeros(padding, np.uint8)]
        self.size += size + padding
        return len(self.accessors) - 1

    def write(self, file: BinaryIO) -> None:
        """Writes all arrays in their order."""
        file.writelines(np.ascontiguousarray(part).data for part in self._parts)


def write_glb(file: BinaryIO, document: dict[str, Any], buffer: Buffer) -> None:
    """Writes a whole file.

    Args:
        file: Where to.
        document: The JSON, without buffers, buffer views and accessors.
        buffer: The arrays.

    Raises:
        InputError: It would be too long for the format.
    """
    text = json.dumps(
        document
        | {
            "buffers": [{"byteLength": buffer.size}],
            "bufferViews": buffer.views,
            "accessors": buffer.accessors,
        },
        separators=(",", ":"),
        allow_nan=False,
    ).encode()
    text += b" " * (-len(text) % _ALIGNMENT)
    size = 12 + 8 + len(text) + 8 + buffer.size
    if size > _MAX_BYTES:
        raise InputError("too long for a GLB file (4 GiB): export a part of it, or at a lower rate")
    file.write(struct.pack("<4sII", b"glTF", 2, size))
    file.write(struct.pack("<I4s", len(text), b"JSON") + text)
    file.write(struct.pack("<I4s", buffer.size, b"BIN\0"))
    buffer.write(file)
