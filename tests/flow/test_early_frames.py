"""Acknowledgements reach the window whichever way a client's bytes come."""

from __future__ import annotations

import asyncio
import base64
import os
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import CLIENT, Protocol

from bridge.protocol import Ack, Hello, Message, PosePacket, Subscribe, decode, encode
from tests.bridge_fixture import DEADLINE_S, running_bridge
from tests.flow.clients import playing


def frame(message: Message) -> bytes:
    return Frame(Opcode.BINARY, encode(message)).serialize(mask=True)


def request() -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        "GET /ws/lesson HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Protocol: ghosthands.v1\r\n\r\n"
    ).encode()


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("at_once", [1, 3])
async def test_a_watcher_is_served(tmp_path: Path, early: bool, at_once: int) -> None:
    """Frames sent along with the request, against RFC 6455, and acknowledgements in one go."""
    first = frame(Hello((1,), "watch", "test")) + frame(Subscribe())
    async with asyncio.timeout(DEADLINE_S), running_bridge(tmp_path) as bridge, playing(bridge):
        port = int(bridge.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request() + (first if early else b""))
        assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
        if not early:
            writer.write(first)
        frames, taken = Protocol(CLIENT), list[int]()
        while len(taken) < 30:  # thrice the window
            frames.receive_data(await reader.read(1 << 16))
            for event in frames.events_received():
                message = decode(event.data)
                if not isinstance(message, PosePacket):
                    continue
                taken.append(message.seq)
                if len(taken) % at_once == 0:
                    writer.write(b"".join(frame(Ack(seq)) for seq in taken[-at_once:]))
        writer.close()
        await writer.wait_closed()
