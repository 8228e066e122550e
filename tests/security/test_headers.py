"""What every answer says to browsers."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from bridge.tls import own_certificate
from tests.bridge_fixture import running_bridge
from tests.security.helpers import Guarded, bearer, raw

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "ghosthands",
}


@pytest.mark.parametrize(
    "path", ["/", "/viewer", "/hands/left.msgpack", "/health", "/nowhere", "/rooms/lesson"]
)
async def test_every_answer_has_them(
    guarded: Guarded, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.get(guarded.url + path) as response:
        assert {name: response.headers.get(name) for name in ALWAYS} == ALWAYS
        policy = response.headers["Content-Security-Policy"]
        host = guarded.url.removeprefix("http://")
        assert f"connect-src 'self' ws://{host};" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy


async def test_what_holds_secrets_is_not_kept(
    guarded: Guarded, http: aiohttp.ClientSession
) -> None:
    for path in ("/rooms/lesson", "/health"):
        headers = bearer(guarded.token("watch"))
        async with http.get(guarded.url + path, headers=headers) as response:
            assert response.headers["Cache-Control"] == "no-store"


async def test_a_host_puts_nothing_into_the_policy(guarded: Guarded) -> None:
    answer = await raw(
        guarded.url,
        b"GET /health HTTP/1.1\r\nHost: x; script-src *\r\nConnection: close\r\n\r\n",
    )
    assert b"script-src" not in answer


async def test_strict_transport_is_for_a_certificate_of_ones_own(tmp_path: Path) -> None:
    certificate, key = own_certificate(tmp_path / "own")
    given = {"certificate": certificate, "private_key": key}
    for settings, expected in ((given, "max-age=31536000"), ({}, None)):
        async with (
            running_bridge(tmp_path, insecure=False, **settings) as bridge,
            aiohttp.ClientSession() as http,
            http.get(bridge.replace("http:", "https:") + "/", ssl=False) as response,
        ):
            assert response.headers.get("Strict-Transport-Security") == expected
