"""WebSocket frames (RFC 6455, section 5.2) as far as the bridge handles them itself.

A room's poses and their acknowledgements are short, and there are very many of them: they go
straight to and from the transport. Everything else is aiohttp's.
"""

from __future__ import annotations

__all__ = ["PING", "ShortMessages", "binary_frame"]

PING = b"\x89\x00"
"""A ping without content, as a server sends it."""

_MASKED, _FINAL_BINARY, _HEADER = 0x80, 0x82, 6


def binary_frame(data: bytes) -> bytes:
    """One binary message in one frame, as a server sends it: without a mask."""
    size = len(data)
    if size < 126:
        return bytes((_FINAL_BINARY, size)) + data
    if size < 1 << 16:
        return b"\x82\x7e" + size.to_bytes(2, "big") + data
    return b"\x82\x7f" + size.to_bytes(8, "big") + data


class ShortMessages:
    """Finds short binary messages in a client's bytes as they come from the socket.

    It is given all of a client's bytes after the handshake, so that it knows where frames begin;
    what it makes nothing of is for a whole WebSocket implementation, which it does not replace.

    Attributes:
        frames: How many began in the bytes of the last call.
        unmasked: One came without a mask: RFC 6455, section 5.1, ends the connection.
    """

    __slots__ = ("_begun", "_left", "_unfinished", "frames", "unmasked")

    def __init__(self) -> None:
        self.frames = 0
        self.unmasked = False
        self._begun = b""  # of a header that has not come to its end
        self._left = 0  # bytes of the last frame that are still to come
        self._unfinished = False  # a message's last fragment is still to come

    def find(self, data: bytes) -> bytes | None:
        """The message, where the bytes are exactly one in a single frame of at most 125 bytes."""
        size = len(data) - _HEADER
        if (
            not 0 < size < 126
            or data[0] != _FINAL_BINARY
            or data[1] != _MASKED | size
            or self._left
            or self._begun
            or self._unfinished
        ):
            self._follow(data)
            return None
        self.frames = 1
        mask = (data[2:_HEADER] * 32)[:size]
        masked = int.from_bytes(data[_HEADER:], "little")
        return (masked ^ int.from_bytes(mask, "little")).to_bytes(size, "little")

    def _follow(self, data: bytes) -> None:
        """Notes how far the bytes have got."""
        data = self._begun + data
        at = self._left
        self.frames = 0
        while at < len(data) and (size := _frame_size(data, at)) is not None:
            if data[at] & 0x08 == 0:  # Control frames may come between a message's fragments.
                self._unfinished = data[at] & 0x80 == 0
            self.frames += 1
            self.unmasked |= data[at + 1] & _MASKED == 0
            at += size
        self._begun = data[at:]
        self._left = max(0, at - len(data))


def _frame_size(data: bytes, at: int) -> int | None:
    """Header and payload of the frame that begins there; None if its header is not whole."""
    if len(data) < at + 2:
        return None
    masked, size = data[at + 1] & _MASKED, data[at + 1] & 0x7F
    longer = {126: 2, 127: 8}.get(size, 0)
    if longer:
        if len(data) < at + 2 + longer:
            return None
        size = int.from_bytes(data[at + 2 : at + 2 + longer], "big")
    return 2 + longer + (4 if masked else 0) + size
