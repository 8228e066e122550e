"""Who is shown the links that let people in: a browser of the bridge's own machine and user."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from bridge.access import peer
from bridge.access.codes import join_code
from tests.security.helpers import Guarded, bearer, guarded_bridge


async def lobby(
    http: aiohttp.ClientSession, url: str, query: str = "", **headers: str
) -> dict[str, Any]:
    async with http.get(f"{url}/lobby{query}", headers=headers) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in response.headers
        found: dict[str, Any] = await response.json()
        return found


def links(answer: dict[str, Any]) -> dict[str, str]:
    return {link["page"]: link["url"] for link in answer["rooms"][0]["links"]}


async def test_the_bridges_own_machine_is_invited(
    guarded: Guarded, http: aiohttp.ClientSession
) -> None:
    answer = await lobby(http, guarded.url)
    assert answer["invited"] is True
    secret = guarded.keyring.secret
    codes = {scope: join_code(secret, "lesson", scope) for scope in ("publish", "watch")}
    assert answer["rooms"][0]["codes"] == codes
    for page, scope in (("capture", "publish"), ("viewer", "watch"), ("learn", "watch")):
        url = urlsplit(links(answer)[page])
        grant = guarded.keyring.check(url.fragment.removeprefix("token="))
        assert (url.path, grant.room, grant.scope) == (f"/{page}", "lesson", scope)
    # The same links again: asking makes no more tokens.
    assert links(await lobby(http, guarded.url)) == links(answer)
    assert len(guarded.keyring.issued()) == 2
    # Revoked: the next who asks gets another.
    for issued in guarded.keyring.issued():
        guarded.keyring.revoke(issued.id)
    again = links(await lobby(http, guarded.url))
    assert again["capture"] != links(answer)["capture"]
    assert guarded.keyring.check(again["capture"].partition("token=")[2])


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},  # A name that was made to lead here.
        {"Host": "192.0.2.7:8443"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},  # Another program's page on this machine.
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Forwarded-For": "198.51.100.1"},
        {"Forwarded": "for=198.51.100.1"},
        {"Via": "1.1 proxy"},
        {"X-Real-IP": "198.51.100.1"},
    ],
)
async def test_nobody_else_is(
    guarded: Guarded, http: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    assert await lobby(http, guarded.url, **headers) == {"invited": False}
    assert guarded.keyring.issued() == ()


async def test_not_even_with_a_token(guarded: Guarded, http: aiohttp.ClientSession) -> None:
    headers = bearer(guarded.token("publish")) | {"Host": "evil.example"}
    assert await lobby(http, guarded.url, **headers) == {"invited": False}


async def test_another_user_of_the_machine_is_not(
    guarded: Guarded, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sys.platform != "linux":
        pytest.skip("this machine forbids: it does not tell whose a socket is")
    monkeypatch.setattr(peer.os, "getuid", lambda: os.geteuid() + 1)
    assert await lobby(http, guarded.url) == {"invited": False}


async def test_a_bridge_may_show_none(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with guarded_bridge(tmp_path, show_links=False) as bridge:
        assert await lobby(http, bridge.url) == {"invited": False}


async def test_an_address_is_chosen_and_nonsense_is_the_first(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with guarded_bridge(
        tmp_path, public_url="https://school.example", rooms=("a", "b")
    ) as bridge:
        answer = await lobby(http, bridge.url)
        # That of this machine only is of no use beside a public one.
        assert [one["url"] for one in answer["addresses"]] == ["https://school.example"]
        assert [room["room"] for room in answer["rooms"]] == ["a", "b"]
        for query in (
            "?address=0",
            "?address=7",
            "?address=-1",
            "?address=x",
            "?address=" + "9" * 99,
        ):
            found = await lobby(http, bridge.url, query)
            assert (found["chosen"], links(found)) == (0, links(answer))
