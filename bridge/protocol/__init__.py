"""The wire: messages, codec, joint orders, coordinate frames, clock sync (SPEC.md).

Sans-I/O: bytes in, messages out. Sockets, clocks and files are the callers'.
"""

from __future__ import annotations

from bridge.protocol.codec import decode, encode
from bridge.protocol.messages import (
    DEFAULT_ACK_WINDOW,
    MAX_MESSAGE_BYTES,
    PROTOCOL_VERSION,
    SUBPROTOCOL,
    Ack,
    Bye,
    ErrorMessage,
    HandPacket,
    Hello,
    Message,
    Ping,
    Pong,
    PosePacket,
    ShapePacket,
    Status,
    Subscribe,
    ViewStatus,
    Welcome,
)

__all__ = [
    "DEFAULT_ACK_WINDOW",
    "MAX_MESSAGE_BYTES",
    "PROTOCOL_VERSION",
    "SUBPROTOCOL",
    "Ack",
    "Bye",
    "ErrorMessage",
    "HandPacket",
    "Hello",
    "Message",
    "Ping",
    "Pong",
    "PosePacket",
    "ShapePacket",
    "Status",
    "Subscribe",
    "ViewStatus",
    "Welcome",
    "decode",
    "encode",
]
