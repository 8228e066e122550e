"""Clients that mean harm with what is no message: frames without end, answers nobody reads."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import msgpack
import pytest
from websockets.frames import Frame, Opcode

from bridge.protocol import Hello, PlaybackControl, Subscribe, Welcome, encode
from tests.bridge_fixture import DEADLINE_S, running_bridge
from tests.security.helpers import greet, limited


class Raw:
    """A WebSocket of which every byte is ours."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self._writer = reader, writer

    async def send(
        self,
        payload: bytes,
        opcode: Opcode = Opcode.BINARY,
        *,
        fin: bool = True,
        mask: bool = True,
        times: int = 1,
    ) -> None:
        self._writer.write(times * Frame(opcode, payload, fin).serialize(mask=mask))
        await self._writer.drain()

    async def is_cut_off(self) -> bool:
        """Reads on to the end, which must come."""
        with contextlib.suppress(ConnectionError):
            while await asyncio.wait_for(self.reader.read(1 << 16), DEADLINE_S):
                pass
        return True


@contextlib.asynccontextmanager
async def opened(bridge: str, *, protocol: str = "ghosthands.v1") -> AsyncIterator[Raw]:
    host, _, port = bridge.removeprefix("http://").partition(":")
    connected = socket.create_connection((host, int(port)))
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # What is not read backs up.
    reader, writer = await asyncio.open_connection(sock=connected, limit=4096)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /ws/lesson HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"Sec-WebSocket-Protocol: {protocol}\r\n\r\n".encode()
    )
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


HELLO = encode(Hello((1,), "watch", "test"))


@pytest.mark.parametrize("greeted", [True, False])
@pytest.mark.parametrize("kind", ["pong", "empty continuation"])
async def test_frames_that_are_no_messages_count(tmp_path: Path, kind: str, greeted: bool) -> None:
    async with running_bridge(tmp_path, max_messages_per_s=20) as bridge:
        async with opened(bridge) as client:
            if greeted:
                await client.send(HELLO)
            if kind != "pong":
                await client.send(b"\x81", fin=False)
            with contextlib.suppress(ConnectionError):
                for _ in range(200):
                    if kind == "pong":
                        await client.send(b"", Opcode.PONG)
                    else:
                        await client.send(b"", Opcode.CONT, fin=False)
            assert await client.is_cut_off()
        assert await limited(bridge, "max_messages_per_s") == 1
        assert isinstance((await greet(bridge))[0], Welcome)


async def test_long_messages_count_for_more(tmp_path: Path) -> None:
    """A message within all limits may take milliseconds to decode."""
    filler = {f"x{k}": {f"{n}": 0 for n in range(64)} for k in range(60)}
    ping = msgpack.packb({"type": "ping", "t0_ns": 1} | filler)
    async with running_bridge(tmp_path, max_messages_per_s=100) as bridge:
        async with opened(bridge) as client:
            await client.send(HELLO)
            with contextlib.suppress(ConnectionError):
                for _ in range(60):  # Some 20 kB each: 60 short ones would be no flood.
                    await client.send(ping)
            assert await client.is_cut_off()
        assert await limited(bridge, "max_messages_per_s") == 1


async def test_answers_that_nobody_reads_are_not_kept_without_end(tmp_path: Path) -> None:
    ask = encode(PlaybackControl("load", recording="nope"))
    (tmp_path / "lessons").mkdir()
    async with running_bridge(
        tmp_path, lessons=tmp_path / "lessons", max_messages_per_s=100_000
    ) as bridge:
        async with opened(bridge) as client:
            await client.send(HELLO)
            await client.send(encode(Subscribe()))
            for _ in range(1000):
                try:
                    await client.send(ask, times=200)
                except ConnectionError:
                    break
            else:
                pytest.fail("it was never cut off")
        async with aiohttp.ClientSession() as http, http.get(f"{bridge}/metrics") as response:
            assert 'outcome="too_slow"' in await response.text()


async def test_a_frame_without_a_mask_ends_the_connection(tmp_path: Path) -> None:
    async with running_bridge(tmp_path) as bridge, opened(bridge) as client:
        await client.send(HELLO, mask=False)
        assert await client.is_cut_off()


@pytest.mark.parametrize("protocol", ["ghosthands.v2", "x"])
async def test_without_the_subprotocol_there_is_no_connection(
    tmp_path: Path, protocol: str
) -> None:
    async with running_bridge(tmp_path) as bridge, aiohttp.ClientSession() as http:
        for protocols in ((protocol,), ()):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(f"{bridge}/ws/lesson", protocols=protocols)
            assert refused.value.status == 400
