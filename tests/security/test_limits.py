"""Every limit: what happens at it, and its count. Defaults are far above; here they are small."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import websockets
from aiortc import RTCConfiguration, RTCPeerConnection

import sdk_python as sdk
from bridge.protocol import SUBPROTOCOL, Hello, Ping, Welcome, decode, encode
from tests.bridge_fixture import running_bridge, until
from tests.security.helpers import SDP, greet, limited, raw, socket_url


@contextlib.asynccontextmanager
async def offers():
    """An offer of one video track, as text."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("video", direction="sendonly")
    await connection.setLocalDescription(await connection.createOffer())
    yield connection.localDescription.sdp
    await connection.close()


async def post(http: aiohttp.ClientSession, url: str, body: str) -> tuple[int, Any]:
    async with http.post(url, data=body, headers=SDP) as response:
        return response.status, response.headers.copy()


async def test_rooms_views_and_candidates(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with (
        running_bridge(tmp_path, max_rooms=1, max_views=1, max_ice_candidates=40) as bridge,
        offers() as offer,
    ):
        status, _ = await post(http, f"{bridge}/whip/studio?view=phone", offer)
        assert status == 503
        assert await limited(bridge, "max_rooms") == 1
        many = offer + "a=candidate:1 1 udp 1 127.0.0.9 50000 typ host\r\n" * 41
        status, _ = await post(http, f"{bridge}/whip/lesson?view=phone", many)
        assert status == 400
        assert await limited(bridge, "max_ice_candidates") == 1

        status, headers = await post(http, f"{bridge}/whip/lesson?view=phone", offer)
        assert status == 201
        status, refused = await post(http, f"{bridge}/whip/lesson?view=tablet", offer)
        assert status == 503
        assert int(refused["Retry-After"]) > 0
        assert await limited(bridge, "max_sessions") == 1

        fragment = "a=mid:0\r\n" + "a=candidate:1 1 udp 1 10.0.0.9 50000 typ host\r\n" * 15
        kind = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": headers["ETag"]}
        statuses = []
        for _ in range(4):  # Not more over many requests than in one.
            async with http.patch(
                bridge + headers["Location"], data=fragment, headers=kind
            ) as response:
                statuses.append(response.status)
        assert statuses[0] == 204
        assert statuses[-1] == 400
        assert await limited(bridge, "max_ice_candidates") >= 2
        await http.delete(bridge + headers["Location"])


async def test_views_of_one_room(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with (
        running_bridge(tmp_path, max_rooms=2, max_views=1) as bridge,
        offers() as offer,
    ):
        assert (await post(http, f"{bridge}/whip/lesson?view=phone", offer))[0] == 201
        assert (await post(http, f"{bridge}/whip/lesson?view=tablet", offer))[0] == 503
        assert await limited(bridge, "max_views") == 1


async def test_subscribers(tmp_path: Path) -> None:
    async with (
        running_bridge(tmp_path, max_subscribers=2) as bridge,
        sdk.connect(bridge),
        sdk.connect(bridge),
    ):
        async with websockets.connect(socket_url(bridge), subprotocols=[SUBPROTOCOL]) as third:
            await third.send(encode(Hello((1,), "watch", "test")))
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    last = decode(await third.recv())
            assert "is full" in last.message
        assert await limited(bridge, "max_subscribers") == 1


async def test_message_size(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, max_message_bytes=2048) as bridge:
        async with websockets.connect(socket_url(bridge), subprotocols=[SUBPROTOCOL]) as client:
            await client.send(encode(Hello((1,), "watch", "test")))
            await client.recv()
            await client.send(bytes(2049))
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    await client.recv()
            assert client.close_code == 1009
        assert await limited(bridge, "max_message_bytes") == 1


@pytest.mark.parametrize("kind", ["messages", "control frames"])
async def test_message_rate(tmp_path: Path, kind: str) -> None:
    async with (
        running_bridge(tmp_path, max_messages_per_s=20) as bridge,
        sdk.connect(bridge) as other,
    ):
        async with websockets.connect(socket_url(bridge), subprotocols=[SUBPROTOCOL]) as client:
            await client.send(encode(Hello((1,), "watch", "test")))
            assert isinstance(decode(await client.recv()), Welcome)
            last = None
            with contextlib.suppress(websockets.ConnectionClosed):
                for k in range(300):
                    if kind == "messages":
                        await client.send(encode(Ping(k)))
                    else:
                        await client.ping(str(k).encode())
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    last = decode(await client.recv())
            assert last.code == "rate_limited"
            assert client.close_code == 4429
        assert await limited(bridge, "max_messages_per_s") == 1
        before = other.status  # Nobody else notices.
        deadline = asyncio.get_running_loop().time() + 20
        while other.status is before:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.05)


async def test_session_description_size(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with running_bridge(tmp_path, max_sdp_bytes=4096) as bridge:
        url = f"{bridge}/whip/lesson?view=phone"
        assert (await post(http, url, "v=0\r\n" + "a=x\r\n" * 2000))[0] == 413
        assert await limited(bridge, "max_sdp_bytes") == 1


async def test_connections_that_say_nothing(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, max_pending_per_address=3) as bridge:
        host, port = "127.0.0.1", int(bridge.rpartition(":")[2])
        silent = [await asyncio.open_connection(host, port) for _ in range(3)]
        # A WebSocket without hello is one of them.
        silent[0][1].write(
            f"GET /ws/lesson HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
        )
        assert (await silent[0][0].readline()).startswith(b"HTTP/1.1 101")
        assert await raw(bridge, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        for _, writer in silent:
            writer.close()
            await writer.wait_closed()
        assert isinstance((await greet(bridge))[0], Welcome)
        async with contextlib.AsyncExitStack() as stack:  # Those that have said hello do not count.
            for _ in range(5):
                await stack.enter_async_context(sdk.connect(bridge))
        assert await limited(bridge, "max_pending_per_address") == 1


async def test_connections_in_all(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, max_connections=8) as bridge:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(8):
                await stack.enter_async_context(sdk.connect(bridge))
            assert await raw(bridge, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") == b""
        assert await limited(bridge, "max_connections") == 1


async def test_connections_of_one_address(tmp_path: Path) -> None:
    """Each is held open by a request that was answered."""
    async with running_bridge(tmp_path, max_connections_per_address=3) as bridge:
        port = int(bridge.rpartition(":")[2])
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in held:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert await raw(bridge, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
        # Another address has places still.
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, local_addr=("127.0.0.77", 0)
        )
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        for _, other in [*held, (reader, writer)]:
            other.close()
            await other.wait_closed()
        assert await limited(bridge, "max_connections_per_address") == 1


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 5000 + b"\r\n\r\n",
        b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_header_size(tmp_path: Path, head: bytes) -> None:
    async with running_bridge(tmp_path, max_header_bytes=2048) as bridge:
        assert (await raw(bridge, head)).startswith(b"HTTP/1.0 431 ")
        assert await limited(bridge, "max_header_bytes") == 1


async def test_number_of_headers(tmp_path: Path) -> None:
    async with running_bridge(tmp_path) as bridge:
        many = b"".join(b"X-%d: 1\r\n" % k for k in range(100))
        head = b"GET / HTTP/1.1\r\nHost: x\r\n" + many + b"\r\n"
        assert (await raw(bridge, head)).startswith(b"HTTP/1.0 400 ")


async def drip(bridge: str, start: bytes) -> bytes:
    """Sends a byte now and then, for as long as the bridge listens; returns its answer."""
    host, port = "127.0.0.1", int(bridge.rpartition(":")[2])
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(start)
    answer = asyncio.create_task(reader.read(1 << 16))
    deadline = asyncio.get_running_loop().time() + 20
    while not answer.done():
        assert asyncio.get_running_loop().time() < deadline, "the bridge listens for ever"
        writer.write(b"a")
        await asyncio.wait([answer], timeout=0.05)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    with contextlib.suppress(ConnectionError):
        return answer.result()
    return b""


async def test_slow_headers(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, header_timeout_s=0.5) as bridge:
        assert await drip(bridge, b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ") == b""
        assert await limited(bridge, "header_timeout_s") == 1


async def test_idle_connections_and_slow_later_headers(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, header_timeout_s=0.5) as bridge:
        asked = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        assert (await raw_until_closed(bridge, asked)).count(b"HTTP/1.1 200") == 1
        assert (await raw_until_closed(bridge, asked + asked)).count(b"HTTP/1.1 200") == 2
        later = asked + b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
        assert (await drip(bridge, later)).count(b"HTTP/1.1 ") == 1
        async with sdk.connect(bridge) as poses:  # A WebSocket may be silent for longer.
            await until(lambda: poses.status is not None, "status")
            await asyncio.sleep(1.5)
            before = poses.status
            await until(lambda: poses.status is not before, "it goes on")


async def raw_until_closed(bridge: str, data: bytes) -> bytes:
    """Sends bytes; returns all that comes until the bridge has closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(bridge.rpartition(":")[2]))
    writer.write(data)
    answer = await asyncio.wait_for(reader.read(), 20)
    writer.close()
    await writer.wait_closed()
    return answer


async def test_slow_bodies(tmp_path: Path) -> None:
    async with running_bridge(tmp_path, request_timeout_s=0.5) as bridge:
        head = (
            b"POST /whip/lesson?view=phone HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/sdp\r\nContent-Length: 60000\r\n\r\n"
        )
        assert (await drip(bridge, head)).startswith(b"HTTP/1.1 408 ")
        assert await limited(bridge, "request_timeout_s") == 1
