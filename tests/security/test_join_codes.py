"""Join codes: what people type, and what guessers try."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import pytest

from bridge.access.codes import join_code
from bridge.protocol import Welcome
from tests.security.helpers import (
    Guarded,
    bearer,
    count,
    greet,
    guarded_bridge,
)


async def post(
    http: aiohttp.ClientSession, bridge: Guarded, code: object, *, room: str = "lesson"
) -> tuple[int, dict[str, str], dict[str, object]]:
    url = f"{bridge.url}/rooms/{room}/join"
    async with http.post(url, json={"code": code}) as response:
        answer = await response.json() if response.status == 200 else {}
        return response.status, dict(response.headers), answer


@pytest.mark.parametrize(("scope", "role"), [("watch", "watch"), ("publish", "play")])
async def test_a_code_gives_a_token_for_its_scope(
    guarded: Guarded, http: aiohttp.ClientSession, scope: str, role: str
) -> None:
    code = join_code(guarded.keyring.secret, "lesson", scope)
    status, headers, answer = await post(http, guarded, f" {code.lower().replace('-', ' ')} ")
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert (answer["room"], answer["scope"]) == ("lesson", scope)
    welcome, _ = await greet(guarded.url, role=role, hello=str(answer["token"]))
    assert isinstance(welcome, Welcome)
    assert await count(guarded.url, "joined_by_code", scope=scope) == 1


async def test_a_code_opens_no_other_room_and_ends_with_the_secret(
    guarded: Guarded, http: aiohttp.ClientSession
) -> None:
    code = join_code(guarded.keyring.secret, "lesson", "watch")
    assert (await post(http, guarded, code, room="studio"))[0] == 401
    guarded.keyring.rotate()
    assert (await post(http, guarded, code))[0] == 401


async def test_a_guesser_is_stopped_and_a_classroom_is_not_locked_out(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with guarded_bridge(tmp_path, attempts_per_address_per_min=5) as bridge:
        right = join_code(bridge.keyring.secret, "lesson", "watch")
        statuses = [(await post(http, bridge, f"AAAA-AAA{k}"))[0] for k in range(8)]
        assert statuses == [401] * 5 + [429] * 3
        # Now the right code is not looked at either, or a guesser would go on.
        status, headers, _ = await post(http, bridge, right)
        assert status == 429
        assert 1 <= int(headers["Retry-After"]) <= 12
        assert await count(bridge.url, "denied", reason="attempts") == 4
        # Bad tokens count as attempts too, but a good token is always let in.
        answer, code = await greet(bridge.url, hello="bad.token")
        assert (answer.code, code) == ("rate_limited", 4429)
        assert "try again in" in answer.message
        async with http.get(f"{bridge.url}/rooms/lesson", headers=bearer("bad.token")) as response:
            assert response.status == 429
            assert int(response.headers["Retry-After"]) >= 1
        welcome, _ = await greet(bridge.url, hello=bridge.token("watch"))
        assert isinstance(welcome, Welcome)


async def test_guessers_from_many_addresses_are_stopped_together(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with guarded_bridge(
        tmp_path, host="0.0.0.0", insecure=False, attempts_in_all_per_min=4
    ) as bridge:
        port = bridge.url.rpartition(":")[2]
        statuses = []
        for k in range(6):
            connector = aiohttp.TCPConnector(ssl=False, local_addr=(f"127.0.0.{10 + k}", 0))
            async with (
                aiohttp.ClientSession(connector=connector) as client,
                client.post(
                    f"https://127.0.0.1:{port}/rooms/lesson/join", json={"code": "AAAAAAAA"}
                ) as response,
            ):
                statuses.append(response.status)
        assert statuses == [401] * 4 + [429] * 2


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"[" * 1000, "application/json", 400),
        (b'{"code": 7}', "application/json", 400),
        (b'{"code": null}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b'{"code": "' + b"A" * 2000 + b'"}', "application/json", 413),
        (b'{"code": "AAAA-AAAA"}', "text/plain", 415),
        (b"code=AAAA", "application/x-www-form-urlencoded", 415),
    ],
)
async def test_odd_bodies_are_refused(
    guarded: Guarded, http: aiohttp.ClientSession, body: bytes, content_type: str, status: int
) -> None:
    url = f"{guarded.url}/rooms/lesson/join"
    headers = {"Content-Type": content_type}
    async with http.post(url, data=body, headers=headers) as response:
        assert response.status == status


async def test_an_open_bridge_has_no_codes(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with guarded_bridge(tmp_path, access="open") as bridge:
        assert (await post(http, bridge, "AAAA-AAAA"))[0] == 403
