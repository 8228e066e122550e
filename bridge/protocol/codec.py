"""Messages to bytes and back: msgpack maps, and lists for compact poses (SPEC.md, "Encoding").

``decode`` takes bytes from strangers. Whatever they are, it returns a valid message or raises
``ProtocolError``, and neither its time nor its memory exceed what 1 MiB of input can cost: sizes
are bounded before anything is built from them, and the number of containers is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, NoReturn

import msgpack
import numpy as np

from bridge.errors import ProtocolError
from bridge.protocol.compact import pack_hands, unpack_hands
from bridge.protocol.lesson import HandScore, OpenXRHand
from bridge.protocol.messages import (
    MAX_MESSAGE_BYTES,
    MESSAGE_TYPES,
    Ack,
    Message,
    ViewStatus,
)
from bridge.protocol.packets import HandPacket, PosePacket

__all__ = ["ACK_BEGINS", "decode", "encode"]

_MAX_ITEMS = 64
"""Most entries of one map or list; the largest a v1 message needs is 16."""

_MAX_CONTAINERS = 256
"""Most maps and lists of one message; the largest v1 message has 18."""

_Map = dict[str, Any]

_Item = HandPacket | HandScore | OpenXRHand | ViewStatus
_ITEM_TYPES = (HandPacket, HandScore, OpenXRHand, ViewStatus)

_ITEMS: dict[tuple[type, str], type[_Item]] = {
    (MESSAGE_TYPES["pose"], "hands"): HandPacket,
    (MESSAGE_TYPES["learner_hands"], "hands"): HandPacket,
    (MESSAGE_TYPES["learner_hands"], "openxr"): OpenXRHand,
    (MESSAGE_TYPES["score"], "hands"): HandScore,
    (MESSAGE_TYPES["status"], "views"): ViewStatus,
}
"""Fields that are lists of maps, and what the maps are."""

_FIELDS: dict[type, tuple[str, ...]] = {
    cls: tuple(field.name for field in fields(cls))
    for cls in (*MESSAGE_TYPES.values(), *_ITEM_TYPES)
}

_DEFAULTS: dict[type, dict[str, Any]] = {
    cls: {field.name: field.default for field in fields(cls) if field.name in cls.OPTIONAL}
    for cls in MESSAGE_TYPES.values()
}
"""What optional fields are where they are left out."""

ACK_BEGINS = msgpack.packb({"type": "ack", "seq": 0})[:-1]
"""How an ack begins. Watchers send many of them: they are decoded before anything else is tried."""

_REQUIRED = "!"
"""A field whose name begins so must be understood: whoever does not know it refuses the message."""


def encode(message: Message, *, precision: str = "compact") -> bytes:
    """The bytes of one WebSocket message.

    Fields are in the order of the specification, so equal messages give equal bytes.

    Args:
        message: What to say.
        precision: Of poses: ``"compact"`` as they are sent (two hands in at most 160 bytes,
            fingertips within 0.3 mm), ``"full"`` as they are recorded (float32). A pose whose
            wrist is more than 26 m from the stage's origin is always full. Other messages have
            one form.
    """
    if isinstance(message, PosePacket) and precision == "compact":
        hands = pack_hands(message.hands)
        if hands is not None:
            packed: bytes = msgpack.packb([message.seq, message.time_ns, hands], use_bin_type=True)
            return packed
    data: bytes = msgpack.packb({"type": message.TYPE, **_to_map(message)}, use_bin_type=True)
    return data


def decode(data: bytes) -> Message:
    """The message in the bytes of one WebSocket message.

    Raises:
        ProtocolError: With ``code`` ``too_large`` (over ``MAX_MESSAGE_BYTES``), ``unknown_type``,
            or ``malformed`` for everything else that is no valid message.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise ProtocolError(
            f"a message of {len(data)} bytes is larger than {MAX_MESSAGE_BYTES}", code="too_large"
        )
    if data.startswith(ACK_BEGINS) and (ack := _short_ack(data)) is not None:
        return ack
    document = unpack(data)
    if isinstance(document, list):
        return _from_list(document)
    if not isinstance(document, dict):
        raise ProtocolError("a message must be a map, or a list if it is a compact pose")
    name = document.get("type")
    if not isinstance(name, str):
        raise ProtocolError("a message must have a type, as text")
    cls = MESSAGE_TYPES.get(name)
    if cls is None:
        raise ProtocolError(f"no message has the type {name[:40]!r}", code="unknown_type")
    try:
        message: Message = _from_map(cls, document)
    except ProtocolError as error:
        raise ProtocolError(f"{name}: {error}", code=error.code) from None
    return message


def _short_ack(data: bytes) -> Ack | None:
    """An ack, and only that, as everybody writes it; None if the bytes need the whole decoder."""
    if len(data) > len(ACK_BEGINS) + 9:  # the longest form of an integer
        return None
    try:
        seq = msgpack.unpackb(data[len(ACK_BEGINS) :])
        return Ack(seq)
    except (ValueError, msgpack.UnpackException, ProtocolError):
        return None


def _from_list(document: list[Any]) -> PosePacket:
    """A compact pose: sequence number, time, hands."""
    if len(document) != 3 or not isinstance(document[2], bytes):
        raise ProtocolError("compact pose: must have a number, a time and bin")
    try:
        return PosePacket(document[0], document[1], unpack_hands(document[2]))
    except ProtocolError as error:
        raise ProtocolError(f"compact pose: {error}") from None


def _to_map(value: Message | _Item) -> _Map:
    cls = type(value)
    optional = _DEFAULTS.get(cls)
    document = {name: _to_wire(getattr(value, name)) for name in _FIELDS[cls]}
    if optional:
        for name, default in optional.items():
            if getattr(value, name) == default:
                del document[name]
    return document


def _to_wire(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, tuple):
        return [_to_map(v) if isinstance(v, _ITEM_TYPES) else v for v in value]
    return value


def _from_map(cls: type[Any], document: _Map) -> Any:
    """Makes a message from its map; fields it does not know are skipped, unless they must not."""
    for name in document:
        if name.startswith(_REQUIRED):
            raise ProtocolError(f"{name[:40]!r} must be understood, and is not")
    values: _Map = {}
    optional = _DEFAULTS.get(cls, {})
    for name in _FIELDS[cls]:
        value = document.get(name)
        if value is None and name in optional:
            continue
        if name not in document:
            raise ProtocolError(f"{name} is missing")
        if name in _ARRAYS and not isinstance(value, bytes):
            raise ProtocolError(f"{name} must be bin, not {type(value).__name__}")
        item = _ITEMS.get((cls, name))
        values[name] = value if item is None else _list_of(item, name, value)
    return cls(**values)


def _list_of(cls: type[Any], name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ProtocolError(f"{name} must be a list")
    if not all(isinstance(item, dict) for item in value):
        raise ProtocolError(f"{name} must be a list of maps")
    return [_from_map(cls, item) for item in value]


_ARRAYS = frozenset(
    {
        *("betas", "rest_joints_m", "wrist_m", "pose_quat", "finger_confidence"),
        *("size_m", "position_m", "rotation_quat", "joints_m", "joint_quat"),
        *("error_m", "error_rad", "confidence"),
    }
)
"""Fields that are float32 arrays in ``bin``."""


def unpack(data: bytes) -> Any:
    """The msgpack document in the bytes, within the limits of a message but of any content.

    Raises:
        ProtocolError: ``malformed``.
    """
    on_map, on_list = _counted_hooks()
    try:
        return msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            object_pairs_hook=on_map,
            list_hook=on_list,
            ext_hook=_refuse_ext,
            max_array_len=_MAX_ITEMS,
            max_map_len=_MAX_ITEMS,
            max_ext_len=0,
        )
    except ProtocolError:
        raise
    # StackError for deep nesting, ExtraData, bad UTF-8, sizes past the limits: all ValueError.
    except (ValueError, msgpack.UnpackException, RecursionError) as error:
        detail = str(error)[:100] or type(error).__name__
        raise ProtocolError(f"not a msgpack message: {detail}") from None


def _counted_hooks() -> tuple[
    Callable[[list[tuple[Any, Any]]], _Map], Callable[[list[Any]], list[Any]]
]:
    """Hooks of one unpacking: they refuse repeated keys and too many containers."""
    left = _MAX_CONTAINERS

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise ProtocolError("too many maps and lists in one message")

    def on_map(pairs: list[tuple[Any, Any]]) -> _Map:
        count()
        document = dict(pairs)
        if len(document) != len(pairs):
            raise ProtocolError("a map has the same key twice")
        if not all(isinstance(key, str) for key in document):
            raise ProtocolError("the keys of a map must be text")
        return document

    def on_list(items: list[Any]) -> list[Any]:
        count()
        return items

    return on_map, on_list


def _refuse_ext(code: int, _data: bytes) -> NoReturn:
    raise ProtocolError(f"msgpack extension type {code} has no meaning here")
