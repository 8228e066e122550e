"""What an attacker and an honest client need: tokens, raw sockets, WebSockets, counts."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import websockets

from bridge.access import Grant, Keyring
from bridge.access.tokens import make_token
from bridge.protocol import ErrorMessage, Hello, Message, decode, encode
from tests.bridge_fixture import running_bridge

SDP = {"Content-Type": "application/sdp"}


@dataclass(frozen=True)
class Guarded:
    """A running bridge that asks for tokens, and its keys."""

    url: str
    keyring: Keyring

    def token(self, scope: str, room: str = "lesson", lifetime_s: float = 3600) -> str:
        return self.keyring.make(room, scope, lifetime_s=lifetime_s)

    def expired(self, scope: str) -> str:
        return make_token(self.keyring.secret, Grant("lesson", scope, 1_700_000_000, "0" * 12))


@contextlib.asynccontextmanager
async def guarded_bridge(folder: Path, **settings: Any) -> AsyncIterator[Guarded]:
    """Runs a bridge that asks for tokens."""
    async with running_bridge(folder, **{"access": "token"} | settings) as url:
        yield Guarded(url, Keyring(folder / "access"))


def bearer(token: str | None) -> dict[str, str]:
    return {} if token is None else {"Authorization": f"Bearer {token}"}


async def count(bridge: str, name: str, **labels: str) -> float:
    """A count of the bridge's, as its metrics show it."""
    async with aiohttp.ClientSession() as http, http.get(f"{bridge}/metrics") as response:
        assert response.status == 200
        text = await response.text()
    wanted = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    found = re.search(
        rf"^ghosthands_{name}_total{{{re.escape(wanted)}}} (\S+)$", text, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


def socket_url(bridge: str, room: str = "lesson") -> str:
    return f"ws{bridge.removeprefix('http')}/ws/{room}"


async def greet(
    bridge: str,
    *,
    room: str = "lesson",
    role: str = "watch",
    header: str | None = None,
    hello: str | None = None,
    origin: str | None = None,
) -> tuple[Message, int | None]:
    """Says hello; returns the first answer, and the close code if the bridge closed."""
    async with websockets.connect(
        socket_url(bridge, room),
        subprotocols=["ghosthands.v1"],
        additional_headers=bearer(header),
        origin=origin,
    ) as client:
        await client.send(encode(Hello((1,), role, "test", token=hello)))
        answer = decode(await client.recv())
        if isinstance(answer, ErrorMessage):
            await client.wait_closed()
        return answer, client.close_code


async def raw(bridge: str, data: bytes, *, limit: int = 1 << 16) -> bytes:
    """Sends bytes over TCP and returns what comes until the bridge closes, or stops sending."""
    host, _, port = bridge.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(data)
        await writer.drain()
        return await asyncio.wait_for(reader.read(limit), 20)
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def limited(bridge: str, limit: str) -> float:
    """How often the limit was met; waits for the first time."""
    deadline = asyncio.get_running_loop().time() + 20
    while not (met := await count(bridge, "limited", limit=limit)):
        assert asyncio.get_running_loop().time() < deadline, f"{limit} was not counted"
        await asyncio.sleep(0.05)
    return met
