"""Web pages of others: what a browser would send for them."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest
import websockets

from bridge.access.codes import join_code
from bridge.protocol import SUBPROTOCOL, Welcome
from tests.security.helpers import (
    SDP,
    Guarded,
    bearer,
    count,
    greet,
    guarded_bridge,
    raw,
    socket_url,
)

FOREIGN = ["https://evil.example", "http://127.0.0.1", "null", "http://localhost.evil.example", ""]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_opens_no_websocket(guarded: Guarded, origin: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with websockets.connect(
            socket_url(guarded.url), additional_headers={"Origin": origin}
        ):
            pass
    assert refused.value.response.status_code == 403
    assert await count(guarded.url, "denied", reason="origin") == 1


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_foreign_page_posts_nothing(
    guarded: Guarded, http: aiohttp.ClientSession, origin: str
) -> None:
    code = join_code(guarded.keyring.secret, "lesson", "watch")
    headers = {"Origin": origin}
    async with http.post(
        f"{guarded.url}/rooms/lesson/join", json={"code": code}, headers=headers
    ) as response:
        assert response.status == 403
    token = bearer(guarded.token("publish"))
    async with http.post(
        f"{guarded.url}/whip/lesson?view=phone", data="v=0", headers=SDP | headers | token
    ) as response:
        assert response.status == 403
    async with http.delete(f"{guarded.url}/whip/lesson/x", headers=headers | token) as response:
        assert response.status == 403


async def test_own_pages_allowed_pages_and_programs_may(tmp_path: Path) -> None:
    async with guarded_bridge(tmp_path, allowed_origins=("https://school.example",)) as bridge:
        for origin in (None, bridge.url, "https://school.example"):
            answer, _ = await greet(bridge.url, hello=bridge.token("watch"), origin=origin)
            assert isinstance(answer, Welcome)


GET = "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/rooms/lesson", "/nowhere"])
async def test_a_name_that_was_made_to_lead_here_reads_nothing(tmp_path: Path, path: str) -> None:
    """A page reads from its own origin without ``Origin``: its ``Host`` tells."""
    async with guarded_bridge(tmp_path, access="auto") as bridge:
        port = bridge.url.rpartition(":")[2]
        for host in (f"evil.example:{port}", "0.0.0.0", f"127.0.0.1.nip.io:{port}", ""):
            answer = await raw(bridge.url, GET.format(path=path, host=host).encode())
            assert answer.startswith(b"HTTP/1.1 403")
            assert b"open it as localhost" in answer
        assert await count(bridge.url, "denied", reason="host") == 4
        expected = b"HTTP/1.1 404" if path == "/nowhere" else b"HTTP/1.1 200"
        for host in (f"localhost:{port}", "localhost:9999", "127.0.0.1", f"[::1]:{port}"):
            answer = await raw(bridge.url, GET.format(path=path, host=host).encode())
            assert answer.startswith(expected)


async def test_names_that_the_settings_give_and_no_name_lead_here(tmp_path: Path) -> None:
    given = {
        "allowed_origins": ("https://room.example",),
        "public_url": "https://bridge.example:444",
    }
    async with guarded_bridge(tmp_path, access="auto", **given) as bridge:
        for host in ("room.example", "bridge.example:444"):
            answer = await raw(bridge.url, GET.format(path="/health", host=host).encode())
            assert answer.startswith(b"HTTP/1.1 200")
        assert (await raw(bridge.url, b"GET /health HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.0 200")
        for host in ("room.example:81", "bridge.example"):
            answer = await raw(bridge.url, GET.format(path="/health", host=host).encode())
            assert answer.startswith(b"HTTP/1.1 403")


async def test_a_bridge_with_tokens_has_any_name_but_shows_its_metrics_to_none(
    guarded: Guarded,
) -> None:
    """A reverse proxy may pass on the name that it has: tokens guard the rooms."""
    for path, status in (("/health", b"200"), ("/metrics", b"403")):
        answer = await raw(guarded.url, GET.format(path=path, host="room.example").encode())
        assert answer.startswith(b"HTTP/1.1 " + status)


async def test_a_name_that_was_made_to_lead_here_is_no_own_page(tmp_path: Path) -> None:
    """DNS rebinding: the page's own name resolves to this machine, where no token is asked."""
    async with guarded_bridge(tmp_path, access="auto") as bridge:
        port = bridge.url.rpartition(":")[2]
        handshake = (
            "GET /ws/lesson HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n"
        )
        foreign = handshake.format(host=f"evil.example:{port}").encode()
        assert (await raw(bridge.url, foreign, limit=16)).startswith(b"HTTP/1.1 403")
        own = handshake.format(host=f"localhost:{port}").encode()
        assert (await raw(bridge.url, own, limit=16)).startswith(b"HTTP/1.1 101")
