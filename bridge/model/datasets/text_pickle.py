"""Rewrites a text pickle (protocol 0, Python 2's default) in binary opcodes.

Only `bridge.model.hand.inert_pickle` reads the result, as data; nothing is given a meaning or run
here. The standard library's own decoder of such files stops at bytes that are no ASCII, which
arrays are full of.
"""

from __future__ import annotations

import codecs
import struct
from pickle import (
    BINFLOAT,
    BININT,
    BINSTRING,
    BINUNICODE,
    EMPTY_DICT,
    EMPTY_LIST,
    LONG1,
    LONG_BINGET,
    LONG_BINPUT,
    NEWFALSE,
    NEWTRUE,
    STOP,
)

from bridge.errors import ModelError

__all__ = ["binary_pickle"]

_BINARY = 0x80
_AS_THEY_ARE = frozenset(b"(tNRbsa0")
_MOST_PUTS = 1_000_000


def binary_pickle(data: bytes) -> bytes:
    """The same pickle in binary opcodes; a binary one comes back as it is.

    Raises:
        ModelError: It has an opcode that arrays do not need, or is truncated.
    """
    if data[:1] == bytes([_BINARY]):
        return data
    made, at = [bytes([_BINARY, 2])], 0
    while at < len(data):
        code, at = data[at], at + 1
        if code == ord("(") and data[at : at + 1] in (b"d", b"l"):
            made.append(EMPTY_DICT if data[at : at + 1] == b"d" else EMPTY_LIST)
            at += 1
        elif code in _AS_THEY_ARE:
            made.append(bytes([code]))
        elif code == ord("."):
            return b"".join((*made, STOP, data[at:]))
        else:
            line, at = _line(data, at)
            if code == ord("c"):
                name, at = _line(data, at)
                made.append(b"c" + line + b"\n" + name + b"\n")
            else:
                made.append(_literal(code, line))
    raise ModelError("it is truncated")


def _line(data: bytes, at: int) -> tuple[bytes, int]:
    end = data.find(b"\n", at)
    if end < 0:
        raise ModelError("it is truncated")
    return data[at:end], end + 1


def _literal(code: int, line: bytes) -> bytes:
    """One opcode with its argument."""
    try:
        match chr(code):
            case "S":
                if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
                    raise ValueError("a text without quotes")
                text, _ = codecs.escape_decode(line[1:-1])
                return BINSTRING + struct.pack("<i", len(text)) + text
            case "V":
                text = line.decode("raw-unicode-escape").encode("utf-8", "surrogatepass")
                return BINUNICODE + struct.pack("<I", len(text)) + text
            case "I" if line in (b"00", b"01"):
                return NEWTRUE if line == b"01" else NEWFALSE
            case "I" | "L":
                return _whole(int(line.rstrip(b"L")))
            case "F":
                return BINFLOAT + struct.pack(">d", float(line))
            case "p" | "g":
                place = int(line)
                if not 0 <= place < _MOST_PUTS:
                    raise ValueError("a memo beyond reason")
                return (LONG_BINPUT if code == ord("p") else LONG_BINGET) + struct.pack("<I", place)
            case other:
                raise ModelError(f"it uses the pickle opcode {other!r}, which no label needs")
    except (ValueError, OverflowError, struct.error) as error:
        raise ModelError(f"it is damaged or no pickle ({error})") from error


def _whole(number: int) -> bytes:
    if -(2**31) <= number < 2**31:
        return BININT + struct.pack("<i", number)
    raw = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    if len(raw) > 255:
        raise ValueError("a number beyond reason")
    return LONG1 + bytes([len(raw)]) + raw
