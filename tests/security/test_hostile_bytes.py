"""Bytes that no honest client sends: zip-bomb-like msgpack, odd paths, bodies that unfold."""

from __future__ import annotations

import contextlib
import gzip
import resource
import struct
from pathlib import Path

import aiohttp
import pytest
import websockets

import sdk_python as sdk
from bridge.protocol import SUBPROTOCOL, Hello, decode, encode
from tests.bridge_fixture import running_bridge
from tests.security.helpers import SDP, Guarded, bearer, greet, raw, socket_url

_MIB = 1 << 20

BOMBS = {
    "nested arrays": b"\x91" * 1000,
    "nested arrays, a megabyte of them": b"\x91" * (_MIB - 1),
    "nested maps": b"\x81\xa1a" * 1000,
    "an array of four billion": b"\xdd\xff\xff\xff\xff",
    "a map of four billion": b"\xdf\xff\xff\xff\xff",
    "text of four gigabytes": b"\x81\xa4type\xdb\xff\xff\xff\xff",
    "bytes of four gigabytes": b"\x81\xa4type\xc6\xff\xff\xff\xff",
    "an extension of four gigabytes": b"\x81\xa4type\xc9\xff\xff\xff\xff\x01",
    "arrays in arrays, 64 a level": b"\x81\xa4type" + b"\xdc\x00\x40" * 500,
    "a million empty arrays": b"\x81\xa1a\xdd" + struct.pack(">I", 1_000_000) + b"\x90" * 1_000_000,
    "a type of a megabyte": b"\x81\xa4type\xdb" + struct.pack(">I", _MIB - 64) + b"a" * (_MIB - 64),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("greeted", [False, True], ids=["first", "after hello"])
async def test_a_message_that_unfolds_is_refused_and_costs_nothing(
    tmp_path: Path, name: str, greeted: bool
) -> None:
    async with running_bridge(tmp_path) as bridge:
        used_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with websockets.connect(socket_url(bridge), subprotocols=[SUBPROTOCOL]) as client:
            if greeted:
                await client.send(encode(Hello((1,), "watch", "test")))
                await client.recv()
            await client.send(BOMBS[name])
            last = None
            with contextlib.suppress(websockets.ConnectionClosed):
                while True:
                    last = decode(await client.recv())
            assert last is not None
            assert last.code in ("malformed", "unknown_type", "too_large")
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used_kib
        assert grown_kib < 64 * 1024
        async with sdk.connect(bridge):  # It goes on.
            pass


async def test_compressed_bodies_are_not_unfolded(
    guarded: Guarded, http: aiohttp.ClientSession
) -> None:
    bomb = gzip.compress(bytes(64 * _MIB))
    headers = SDP | bearer(guarded.token("publish")) | {"Content-Encoding": "gzip"}
    async with http.post(
        f"{guarded.url}/whip/lesson?view=phone", data=bomb, headers=headers
    ) as response:
        assert response.status in (400, 413)


async def test_messages_are_not_compressed(guarded: Guarded) -> None:
    async with websockets.connect(
        socket_url(guarded.url), compression="deflate", subprotocols=[SUBPROTOCOL]
    ) as client:
        assert client.response is not None
        assert "Sec-WebSocket-Extensions" not in client.response.headers


NAMES = ["..", "../secret", "%2e%2e", "%2e%2e%2fsecret", "lesson%00", "..%5c..", "/etc/passwd"]


@pytest.mark.parametrize("name", NAMES)
async def test_paths_lead_nowhere(guarded: Guarded, name: str) -> None:
    """Over a bare socket: clients tidy such paths away."""
    secret = guarded.keyring.secret.hex().encode()
    token = guarded.token("publish")
    for path in (
        f"/static/{name}",
        f"/static/{name}/{name}/access/secret",
        f"/hands/{name}.msgpack",
        f"/rooms/{name}",
        f"/{name}",
        f"/static//{name}",
    ):
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        answer = await raw(guarded.url, f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
        status = int(answer.split()[1])
        assert 400 <= status < 500, path
        assert secret not in answer
        assert b"root:" not in answer


@pytest.mark.parametrize("name", ["..", ".hidden", "UPPER", "a/b", "a\\b", "a" * 33, "é", "-a", ""])
async def test_names_make_no_rooms_files_or_tokens(
    guarded: Guarded, http: aiohttp.ClientSession, name: str
) -> None:
    token = bearer(guarded.token("publish"))
    quoted = "".join(f"%{byte:02x}" for byte in name.encode())
    url = f"{guarded.url}/whip/{quoted}?view=phone"
    async with http.post(url, data="v=0", headers=SDP | token) as response:
        assert response.status in (400, 403, 404, 405)
    url = f"{guarded.url}/whip/lesson?view={quoted}"
    async with http.post(url, data="v=0", headers=SDP | token) as response:
        assert response.status == 400
    url = f"{guarded.url}/rooms/{quoted}/join"
    async with http.post(url, json={"code": "AAAA-AAAA"}) as response:
        assert response.status in (400, 403, 404, 405)
    with pytest.raises(sdk.InputError):
        guarded.keyring.make(name, "watch", lifetime_s=60)


async def test_what_is_no_http_is_refused_and_not_repeated(guarded: Guarded) -> None:
    for request in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),  # TLS to a plain port
        b"GET / HTTP/9.9\r\n\r\n",
        b"NOTHING\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: <script>\r\n\r\n",
        b"POST /rooms/lesson/join HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ):
        answer = await raw(guarded.url, request)
        assert b" 400 " in answer.partition(b"\r\n")[0], request
        assert b"<script>" not in answer
    assert (await greet(guarded.url, hello=guarded.token("watch")))[1] is None
