"""Those who flood again and again, and TLS that never comes about: over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import aiohttp
import pytest
import websockets

import sdk_python as sdk
from bridge.protocol import Hello, Ping, encode
from tests.bridge_fixture import running_bridge, until
from tests.security.helpers import count


def insecure() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def flood(bridge: str) -> int | None:
    """Sends until it is thrown out; the close code."""
    url = f"ws{bridge.removeprefix('http')}/ws/lesson"
    async with websockets.connect(url, subprotocols=["ghosthands.v1"]) as client:
        with contextlib.suppress(websockets.ConnectionClosed):
            await client.send(encode(Hello((1,), "watch", "flood")))
            for _ in range(60):
                await client.send(encode(Ping(1)))
            while True:
                await client.recv()
        return client.close_code


async def test_who_floods_again_has_to_wait_and_nobody_else(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path, max_messages_per_s=20, max_flood_wait_s=600) as bridge,
        sdk.connect(bridge) as other,
    ):
        assert await flood(bridge) == 4429
        assert await flood(bridge) == 4429  # The first time it may come back at once,
        with pytest.raises(websockets.InvalidStatus) as refused:  # and then no more.
            await flood(bridge)
        assert refused.value.response.status_code == 429
        assert refused.value.response.headers["Retry-After"] == "1"
        assert await count(bridge, "limited", limit="max_flood_wait_s") == 1
        codes = []
        while len(codes) < 2:  # It waits as it is told; the next wait is longer.
            with contextlib.suppress(websockets.InvalidStatus):
                codes.append(await flood(bridge))
            await asyncio.sleep(0.1)
        assert codes == [4429, 4429]
        with pytest.raises(websockets.InvalidStatus) as refused:
            await flood(bridge)
        assert int(refused.value.response.headers["Retry-After"]) > 2
        before = other.status  # Who is in, of the same address even, stays in.
        await until(lambda: other.status is not before, "it goes on")


async def speak(port: int, data: bytes) -> None:
    """Sends something, or nothing, and waits until the bridge has ended the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_tls_that_never_comes_about_is_counted_and_ends(tmp_path: Path) -> None:
    settings = {"max_pending_per_address": 3, "tls_handshake_s": 1.0, "insecure": False}
    async with running_bridge(tmp_path, **settings) as url:
        bridge, port = url.replace("http", "https"), int(url.rpartition(":")[2])
        # Three take the places until time is up; a fourth has none.
        await asyncio.gather(*(speak(port, b"") for _ in range(4)))
        # Their places are free again, and what is no TLS frees its own at once.
        for _ in range(5):
            await speak(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with sdk.connect(bridge, insecure=True) as poses:
            await until(lambda: poses.status is not None, "status")
        connector = aiohttp.TCPConnector(ssl=insecure())
        async with (
            aiohttp.ClientSession(connector=connector) as client,
            client.get(f"{bridge}/metrics") as response,
        ):
            text = await response.text()
        assert 'ghosthands_limited_total{limit="tls_handshake_s"} 3.0' in text
        assert 'ghosthands_limited_total{limit="max_pending_per_address"} 1.0' in text
