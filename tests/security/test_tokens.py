"""Tokens that should not let in, in every way in which one can be shown."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

import sdk_python as sdk
from bridge.access import Keyring
from bridge.protocol import ErrorMessage, Welcome
from bridge.streams import publish
from tests.bridge_fixture import grey_video, until
from tests.security.helpers import SDP, Guarded, bearer, count, greet, guarded_bridge

BadToken = Callable[[Guarded, str], str | None]


def _tampered(bridge: Guarded, scope: str) -> str:
    """The claims of one token under the signature of another: a longer life."""
    short, long = bridge.token(scope, lifetime_s=60), bridge.token(scope, lifetime_s=7200)
    return f"{long.partition('.')[0]}.{short.partition('.')[2]}"


def _of_another_bridge(_: Guarded, scope: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return Keyring(Path(folder)).make("lesson", scope, lifetime_s=60)


def _revoked(bridge: Guarded, scope: str) -> str:
    token = bridge.token(scope)
    bridge.keyring.revoke(bridge.keyring.check(token).id)
    return token


def _rotated(bridge: Guarded, scope: str) -> str:
    token = bridge.token(scope)
    bridge.keyring.rotate()
    return token


BAD: dict[str, tuple[BadToken, int, str]] = {
    "missing": (lambda bridge, scope: None, 401, "no_token"),
    "nonsense": (lambda bridge, scope: "nonsense", 401, "invalid"),
    "huge": (lambda bridge, scope: "a" * 500 + "." + "a" * 11, 401, "invalid"),
    "tampered": (_tampered, 401, "invalid"),
    "expired": (lambda bridge, scope: bridge.expired(scope), 401, "expired"),
    "revoked": (_revoked, 401, "revoked"),
    "of a secret that was rotated": (_rotated, 401, "invalid"),
    "of another bridge": (_of_another_bridge, 401, "invalid"),
    "of another room": (lambda bridge, scope: bridge.token(scope, "studio"), 403, "room"),
}
"""Whatever they are to allow."""

BAD_TO_PUBLISH = BAD | {
    "of another scope": (lambda bridge, scope: bridge.token("watch"), 403, "scope"),
}
"""One to watch does not publish; one to publish watches."""


@pytest.fixture
async def offer() -> AsyncIterator[str]:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("video", direction="sendonly")
    await connection.setLocalDescription(await connection.createOffer())
    yield connection.localDescription.sdp
    await connection.close()


@pytest.mark.parametrize("kind", BAD_TO_PUBLISH)
async def test_a_bad_token_does_not_publish(
    guarded: Guarded, http: aiohttp.ClientSession, kind: str, offer: str
) -> None:
    make, status, reason = BAD_TO_PUBLISH[kind]
    url = f"{guarded.url}/whip/lesson?view=phone"
    token = make(guarded, "publish")
    async with http.post(url, data=offer, headers=SDP | bearer(token)) as response:
        assert response.status == status
        if status == 401:
            challenge = response.headers["WWW-Authenticate"]
            assert challenge.startswith('Bearer realm="ghosthands"')
            assert ("invalid_token" in challenge) == (token is not None)
        assert token is None or token not in await response.text()
    assert await count(guarded.url, "denied", reason=reason) == 1


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("place", ["header", "hello"])
async def test_a_bad_token_does_not_watch(guarded: Guarded, kind: str, place: str) -> None:
    make, status, reason = BAD[kind]
    answer, code = await greet(guarded.url, **{place: make(guarded, "watch")})
    assert isinstance(answer, ErrorMessage)  # and no welcome before it
    assert answer.code == {401: "unauthorised", 403: "forbidden"}[status]
    assert code == 4000 + status
    assert await count(guarded.url, "denied", reason=reason) == 1


@pytest.mark.parametrize("place", ["header", "hello"])
@pytest.mark.parametrize(
    ("scope", "role", "let_in"),
    [
        ("watch", "watch", True),
        ("watch", "learn", True),
        ("watch", "play", False),
        ("publish", "watch", True),
        ("publish", "learn", True),
        ("publish", "play", True),
    ],
)
async def test_what_a_scope_allows(
    guarded: Guarded, place: str, scope: str, role: str, let_in: bool
) -> None:
    answer, code = await greet(guarded.url, role=role, **{place: guarded.token(scope)})
    if let_in:
        assert isinstance(answer, Welcome)
    else:
        assert (answer.code, code) == ("forbidden", 4403)
        assert await count(guarded.url, "denied", reason="scope") == 1


async def test_both_scopes_read_their_rooms_state(
    guarded: Guarded, http: aiohttp.ClientSession
) -> None:
    for scope in ("watch", "publish"):
        headers = bearer(guarded.token(scope))
        async with http.get(f"{guarded.url}/rooms/lesson", headers=headers) as response:
            assert response.status == 200
            assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_token_learns_nothing_of_a_room(
    guarded: Guarded, http: aiohttp.ClientSession, kind: str
) -> None:
    make, status, _ = BAD[kind]
    for room in ("lesson", "nowhere"):  # Whether a room is open is not told either.
        headers = bearer(make(guarded, "watch"))
        async with http.get(f"{guarded.url}/rooms/{room}", headers=headers) as response:
            assert response.status == status


async def test_strangers_learn_of_no_room(guarded: Guarded, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{guarded.url}/health") as response:
        assert (await response.json())["rooms"] == {}
    known, _ = await greet(guarded.url)
    unknown, _ = await greet(guarded.url, room="nowhere")
    assert known == unknown


async def test_pages_and_meshes_need_no_token(
    guarded: Guarded, http: aiohttp.ClientSession
) -> None:
    for path in ("/", "/capture", "/viewer", "/hands/left.msgpack", "/healthz"):
        async with http.get(guarded.url + path) as response:
            assert response.status == 200


async def test_a_session_answers_only_to_its_rooms_publishers(
    guarded: Guarded, http: aiohttp.ClientSession, offer: str
) -> None:
    headers = SDP | bearer(guarded.token("publish"))
    url = f"{guarded.url}/whip/lesson?view=phone"
    async with http.post(url, data=offer, headers=headers) as response:
        assert response.status == 201
        session = guarded.url + response.headers["Location"]
        etag = response.headers["ETag"]
    fragment = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": etag}
    for make, status, _ in (case for kind, case in BAD_TO_PUBLISH.items() if "rotated" not in kind):
        token = bearer(make(guarded, "publish"))
        async with http.patch(session, data="a=mid:0\r\n", headers=fragment | token) as response:
            assert response.status == status
        async with http.delete(session, headers=token) as response:
            assert response.status == status
    good = bearer(guarded.token("publish"))
    async with http.patch(session, data="a=mid:0\r\n", headers=fragment | good) as response:
        assert response.status == 204
    async with http.delete(session, headers=good) as response:
        assert response.status == 200


async def test_everyone_leaves_whose_token_is_revoked(guarded: Guarded, tmp_path: Path) -> None:
    video = grey_video(tmp_path / "grey.mp4")
    publisher, watcher, other = (guarded.token(s) for s in ("publish", "watch", "watch"))
    stop = asyncio.Event()
    url = f"{guarded.url}/whip/lesson"
    publishing = asyncio.create_task(
        publish(video, url, view="phone", token=publisher, loop=True, copy=True, stop=stop)
    )
    async with (
        sdk.connect(guarded.url, token=watcher) as poses,
        sdk.connect(guarded.url, token=other) as stays,
    ):
        await anext(poses)
        guarded.keyring.revoke(guarded.keyring.check(watcher).id)
        with pytest.raises(sdk.ConnectionFailedError, match="revoked"):
            async for _ in poses:
                pass
        await anext(stays)
        assert stays.status is None or stays.status.views
        guarded.keyring.revoke(guarded.keyring.check(publisher).id)
        await until(lambda: stays.status is not None and not stays.status.views, "the view to go")
        stop.set()
        await asyncio.gather(publishing, return_exceptions=True)
        guarded.keyring.rotate()
        with pytest.raises(sdk.ConnectionFailedError, match="revoked"):
            async for _ in stays:
                pass


async def test_a_token_that_expires_ends_no_lesson(guarded: Guarded) -> None:
    token = guarded.token("watch", lifetime_s=2)
    async with sdk.connect(guarded.url, token=token) as poses:
        deadline = asyncio.get_running_loop().time() + 20
        while True:  # until it has expired
            answer, code = await greet(guarded.url, hello=token)
            if code == 4401:
                break
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.2)
        assert "expired" in answer.message
        before = poses.status
        await until(lambda: poses.status is not before, "the lesson to go on")


async def test_loopback_asks_for_no_token_but_where_it_is_told_to(tmp_path: Path) -> None:
    async with guarded_bridge(tmp_path, access="auto") as bridge:
        assert isinstance((await greet(bridge.url))[0], Welcome)
    async with guarded_bridge(tmp_path, access="auto", host="0.0.0.0", insecure=False) as bridge:
        url = bridge.url.replace("http:", "https:")
        with pytest.raises(sdk.ConnectionFailedError, match="needs a token"):
            async with sdk.connect(url, insecure=True):
                pass
        async with sdk.connect(url, insecure=True, token=bridge.token("watch")):
            pass


async def test_nobody_gets_in_when_the_secret_cannot_be_read(
    guarded: Guarded, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = guarded.token("watch")
    (tmp_path / "access" / "secret").write_text("damaged")
    answer, code = await greet(guarded.url, hello=token)
    assert (answer.code, code) == ("unauthorised", 4401)
    assert "ghosthands token rotate" in caplog.text


async def test_health_tells_of_the_tokens_own_room_only(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    async with guarded_bridge(tmp_path, rooms=("lesson", "studio")) as bridge:
        for token, expected in (
            (bridge.token("watch"), {"lesson"}),
            (bridge.token("publish", "studio"), {"studio"}),
            (bridge.expired("watch"), set()),
        ):
            async with http.get(f"{bridge.url}/health", headers=bearer(token)) as response:
                answer = await response.json()
                assert (answer["access"], set(answer["rooms"])) == ("token", expected)
