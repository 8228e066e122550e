"""What bridges say to each other: subjects, and the heartbeat. Sans-I/O.

All that comes from NATS is bytes of strangers until it is checked here or by
``bridge.protocol.decode``.

====================================  =============================================================
subject                               payload
====================================  =============================================================
``ghosthands.beat``                   a ``Beat``
``ghosthands.room.{room}.{bridge}``   a message of the protocol that this bridge says in the room;
                                      poses in full precision
``ghosthands.bridge.{bridge}.clock``  ``ping`` of the protocol; the reply is its ``pong``
``ghosthands.bridge.{bridge}.place``  a room's name; the reply is the id of the bridge to feed it
``ghosthands.bridge.{bridge}.control``  a ``Note`` with a watcher's ``playback_control``
``ghosthands.bridge.{bridge}.problem``  a ``Note`` with the ``playback_state`` that answers it
====================================  =============================================================
"""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass
from typing import Any

import msgpack

from bridge.access.tokens import SCOPES
from bridge.errors import InputError, ProtocolError
from bridge.protocol.names import check_name

__all__ = [
    "MAX_BEAT_BYTES",
    "MAX_ROOMS",
    "Beat",
    "Note",
    "beat_subject",
    "bridge_subject",
    "check_id",
    "check_origin",
    "room_subject",
]

MAX_BEAT_BYTES = 65_536
MAX_ROOMS = 1000
_MAX_VIEWS = 1_000_000
_MAX_CLIENT_CHARACTERS = 64
_MAX_NOTE_BYTES = 65_536
_ID = re.compile(r"[0-9a-f]{16}")
_KEY = re.compile(r"[0-9a-zA-Z]{0,64}")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}")


def beat_subject() -> str:
    """Where all bridges tell that they live."""
    return "ghosthands.beat"


def room_subject(room: str, bridge: str) -> str:
    """Where a bridge says what a room says; ``*`` for any bridge."""
    return f"ghosthands.room.{room}.{bridge}"


def bridge_subject(bridge: str, verb: str) -> str:
    """Where a bridge is asked something; ``*`` for anything."""
    return f"ghosthands.bridge.{bridge}.{verb}"


def check_id(text: object) -> str:
    """A bridge's id: 16 hexadecimal digits, drawn when it starts.

    Raises:
        ProtocolError: It is none.
    """
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise ProtocolError("that is no bridge's id")
    return text


def check_origin(text: object) -> str:
    """A bridge's public address, ``https://HOST[:PORT]``: safe in a header and in a policy.

    Raises:
        ProtocolError: It is none.
    """
    if not isinstance(text, str) or not _ORIGIN.fullmatch(text):
        raise ProtocolError("that is no bridge's address")
    return text


@dataclass(frozen=True, slots=True)
class Beat:
    """What a bridge tells of itself several times a second, and at once when it changes.

    Attributes:
        id: The bridge.
        url: Its public address.
        key: Tells its access secret from others without telling it; empty where there is none.
        views: Devices that publish to it.
        feeds: Rooms whose poses it makes: from devices, a player or a recording.
        watches: Rooms in which somebody is connected to it.
        asks: It has just come: everyone tells of themselves at once.
        leaves: It is shutting down.
    """

    id: str
    url: str
    key: str = ""
    views: int = 0
    feeds: tuple[str, ...] = ()
    watches: tuple[str, ...] = ()
    asks: bool = False
    leaves: bool = False

    def pack(self) -> bytes:
        """Its bytes."""
        packed: bytes = msgpack.packb(astuple(self))
        return packed

    @classmethod
    def unpack(cls, data: bytes) -> Beat:
        """A heartbeat from its bytes.

        Raises:
            ProtocolError: They are none.
        """
        document = _unpack(data, MAX_BEAT_BYTES, 8)
        id_, url, key, views, feeds, watches, asks, leaves = document
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ProtocolError("that is no key's fingerprint")
        if type(views) is not int or not 0 <= views <= _MAX_VIEWS:
            raise ProtocolError("views is no count")
        return cls(
            check_id(id_),
            check_origin(url),
            key,
            views,
            _names(feeds),
            _names(watches),
            asks is True,
            leaves is True,
        )


@dataclass(frozen=True, slots=True)
class Note:
    """A message of the protocol for one client of a room, or from one.

    Attributes:
        room: The room.
        bridge: The client's bridge.
        client: What others in the room call the client.
        data: The message, encoded.
        scope: Of a command: what the client's token is for; None where none is needed.
    """

    room: str
    bridge: str
    client: str
    data: bytes
    scope: str | None = None

    def pack(self) -> bytes:
        """Its bytes."""
        packed: bytes = msgpack.packb(astuple(self))
        return packed

    @classmethod
    def unpack(cls, data: bytes) -> Note:
        """A note from its bytes.

        Raises:
            ProtocolError: They are none.
        """
        room, bridge, client, message, scope = _unpack(data, _MAX_NOTE_BYTES, 5)
        if not isinstance(client, str) or len(client) > _MAX_CLIENT_CHARACTERS:
            raise ProtocolError("that is no client")
        if not isinstance(message, bytes):
            raise ProtocolError("a note carries bytes")
        if scope is not None and scope not in SCOPES:
            raise ProtocolError("that is no scope of a token")
        return cls(_name(room), check_id(bridge), client, message, scope)


def _unpack(data: bytes, most: int, count: int) -> list[Any]:
    if len(data) > most:
        raise ProtocolError(f"{len(data)} bytes are more than {most}", code="too_large")
    try:
        document = msgpack.unpackb(data, max_array_len=MAX_ROOMS, max_map_len=0)
    except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
        raise ProtocolError("not msgpack") from error
    if not isinstance(document, list) or len(document) != count:
        raise ProtocolError(f"not a list of {count}")
    return document


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ProtocolError("not a list of rooms")
    return tuple(_name(name) for name in value)


def _name(value: object) -> str:
    try:
        return check_name(value) if isinstance(value, str) else check_name("")
    except InputError as error:
        raise ProtocolError(str(error)) from None
