"""Many watchers in one process, each as cheap as a WebSocket client can be."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
import time
from typing import cast

import msgpack

from bridge.protocol import Ack, Hello, Message, Subscribe, encode

__all__ = ["Subscribers"]

_ACK_EVERY = 5
_CONNECTING_AT_ONCE = 50

# What asyncio reads goes here: a fresh buffer of 256 KiB for each read costs more than the read.
_BUFFER = bytearray(1 << 16)


class Subscribers:
    """Watchers of one room.

    Args:
        port: The server's, on loopback.
        room: Which room.
        bridge: It is a bridge: say hello, subscribe, acknowledge. Else poses come unasked.

    Attributes:
        measuring: Poses are counted.
        delivered: Poses that came while measuring.
        latency_ms: Of each of these, from its ``time_ns`` to here.
    """

    def __init__(self, port: int, room: str, *, bridge: bool) -> None:
        self.measuring = False
        self.delivered = 0
        self.latency_ms: list[float] = []
        self._port, self._room, self.bridge = port, room, bridge
        self._watchers: list[_Watcher] = []

    async def connect(self, count: int) -> None:
        """Connects so many watchers, some at a time."""
        loop = asyncio.get_running_loop()
        for start in range(0, count, _CONNECTING_AT_ONCE):
            batch = range(start, min(count, start + _CONNECTING_AT_ONCE))
            made = await asyncio.gather(
                *(
                    loop.create_connection(
                        lambda: _Watcher(self, self._room), "127.0.0.1", self._port
                    )
                    for _ in batch
                )
            )
            for _, watcher in made:
                await asyncio.wait_for(watcher.upgraded.wait(), 30)
                self._watchers.append(watcher)

    def took(self, time_ns: int) -> None:
        """A pose came."""
        if self.measuring:
            self.delivered += 1
            self.latency_ms.append((time.monotonic_ns() - time_ns) / 1e6)


class _Watcher(asyncio.BufferedProtocol):
    """One WebSocket: RFC 6455 as far as a server's binary messages need it."""

    def __init__(self, all_: Subscribers, room: str) -> None:
        self.upgraded = asyncio.Event()
        self._all, self._room = all_, room
        self._rest = b""
        self._taken = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            (
                f"GET /ws/{self._room} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
                f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                "Sec-WebSocket-Protocol: ghosthands.v1\r\n\r\n"
            ).encode()
        )

    def get_buffer(self, _sizehint: int) -> bytearray:
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        data = self._rest + _BUFFER[:nbytes]
        if not self.upgraded.is_set():
            head, found, rest = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = data
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                raise ConnectionError(head.decode(errors="replace"))
            data = rest
            self.upgraded.set()
            if self._all.bridge:
                self._send(Hello((1,), "watch", "bench"))
                self._send(Subscribe())
        self._rest = data[self._read_frames(data) :]

    def _read_frames(self, data: bytes) -> int:
        """Handles the whole frames in there; returns where the rest begins."""
        at = 0
        while len(data) >= at + 2:
            length, header = data[at + 1] & 127, 2
            if length == 126:
                if len(data) < at + 4:
                    break
                length, header = struct.unpack_from(">H", data, at + 2)[0], 4
            end = at + header + length
            if len(data) < end:
                break
            opcode = data[at] & 15
            payload = data[at + header : end]
            if opcode == 2 and payload[:1] == b"\x93":
                self._pose(*msgpack.unpackb(payload)[:2])
            elif opcode == 9:
                self._frame(10, payload)
            at = end
        return at

    def _pose(self, seq: int, time_ns: int) -> None:
        self._all.took(time_ns)
        self._taken += 1
        if self._all.bridge and self._taken == _ACK_EVERY:
            self._taken = 0
            self._send(Ack(seq))

    def _send(self, message: Message) -> None:
        self._frame(2, encode(message))

    def _frame(self, opcode: int, payload: bytes) -> None:
        # A client must mask; a mask of zeros leaves the payload as it is.
        self._transport.write(bytes([128 | opcode, 128 | len(payload)]) + bytes(4) + payload)
