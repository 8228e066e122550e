"""Recording a room by a button, and downloading it: who may, what it holds, and what it costs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

import bridge.downloads as downloads
import bridge.takes as kept
import sdk_python as sdk
from bridge.errors import InputError
from bridge.takes import Takes
from tests.bridge_fixture import running_bridge, until
from tests.sdk.comparison.takes import lesson_times, take
from tests.security.helpers import Guarded, bearer, guarded_bridge

ROOM = "/rooms/lesson/recordings"


@contextlib.asynccontextmanager
async def playing(url: str, token: str | None = None) -> AsyncIterator[Any]:
    """The room plays its lesson; yields what it shows."""
    async with sdk.connect(url, token=token) as poses:
        await poses.control.load("etude")
        await poses.control.play()
        yield poses


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    folder = tmp_path / "lessons"
    folder.mkdir()
    take(lesson_times(20.0)).save(folder / "etude.mcap")
    return folder


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def post(http: aiohttp.ClientSession, url: str, body: Any, **options: Any) -> tuple[int, Any]:
    async with http.post(url + ROOM, json=body, **options) as response:
        text = await response.text()
        return response.status, (await response.json() if response.status == 200 else text)


async def get(http: aiohttp.ClientSession, url: str, **options: Any) -> tuple[int, bytes]:
    async with http.get(url, **options) as response:
        return response.status, await response.read()


async def test_what_the_room_shows_is_recorded_and_downloaded(
    tmp_path: Path, lessons: Path, http: aiohttp.ClientSession
) -> None:
    async with running_bridge(tmp_path, lessons=lessons, rooms=("lesson",)) as url:
        status, why = await post(http, url, {"record": True})
        assert (status, "nothing to record" in why) == (409, True)
        async with playing(url) as poses:
            status, state = await post(http, url, {"record": True})
            assert status == 200
            name = state["recording"]
            assert state["may_record"]
            assert state["temporary"]
            assert state["may_control_playback"]
            assert (await post(http, url, {"record": True}))[0] == 409
            assert (await get(http, f"{url}{ROOM}/{name}.mcap"))[0] == 409
            for _ in range(30):
                await anext(poses)
            status, state = await post(http, url, {"record": False})
        assert (status, state["recording"]) == (200, None)
        assert [(one["name"], one["complete"]) for one in state["recordings"]] == [(name, True)]
        status, recording = await get(http, f"{url}{ROOM}/{name}.mcap")
        assert status == 200
        path = tmp_path / "take.mcap"
        path.write_bytes(recording)
        loaded = sdk.Recording.open(path)
        assert loaded.metadata.room == "lesson"
        assert len(loaded) >= 20
        status, animation = await get(http, f"{url}{ROOM}/{name}.glb")
        assert (status, animation[:4]) == (200, b"glTF")
        for other in ("nothing", "..%2fsecret", "etude", name + "%00", name.upper()):
            assert (await get(http, f"{url}{ROOM}/{other}.mcap"))[0] in (400, 403, 404)
        assert (await get(http, f"{url}/rooms/other/recordings/{name}.mcap"))[0] == 404


async def test_a_token_to_watch_downloads_and_does_not_record(
    tmp_path: Path, lessons: Path, http: aiohttp.ClientSession
) -> None:
    async with guarded_bridge(tmp_path, lessons=lessons, rooms=("lesson", "other")) as guarded:
        url, watch = guarded.url, bearer(guarded.token("watch"))
        publish = bearer(guarded.token("publish"))
        async with playing(url, guarded.token("watch")):
            assert (await post(http, url, {"record": True}))[0] == 401
            assert (await post(http, url, {"record": True}, headers=watch))[0] == 403
            foreign = publish | {"Origin": "https://evil.example"}
            assert (await post(http, url, {"record": True}, headers=foreign))[0] == 403
            status, state = await post(http, url, {"record": True}, headers=publish)
            assert status == 200
            await post(http, url, {"record": False}, headers=publish)
        await _only_its_room(http, guarded, state["recording"])
        async with http.get(url + ROOM, headers=watch) as response:
            seen = await response.json()
        assert (seen["may_record"], seen["may_control_playback"]) == (False, True)
        assert "publish" in seen["why_not"]


async def _only_its_room(http: aiohttp.ClientSession, guarded: Guarded, name: str) -> None:
    file = f"{guarded.url}{ROOM}/{name}.mcap"
    assert (await get(http, file))[0] == 401
    assert (await get(http, file, headers=bearer(guarded.token("watch", "other"))))[0] == 403
    there = file.replace("/lesson/", "/other/")
    assert (await get(http, there, headers=bearer(guarded.token("watch", "other"))))[0] == 404
    assert (await get(http, file, headers=bearer(guarded.token("watch"))))[0] == 200


async def test_bodies_are_checked_and_bounded(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with running_bridge(tmp_path, rooms=("lesson",)) as url:
        for body in ({}, {"record": 1}, [], "x"):
            assert (await post(http, url, body))[0] == 400
        as_json = {"Content-Type": "application/json"}
        for data, headers, answer in (
            (b"{", as_json, 400),
            (b"[" * 300, as_json, 413),
            (b'{"record": true}', {"Content-Type": "text/plain"}, 415),
        ):
            async with http.post(url + ROOM, data=data, headers=headers) as response:
                assert response.status == answer
        assert (await get(http, f"{url}/rooms/nowhere/recordings"))[0] == 404


class Shown:
    """As much of a room as a take needs."""

    def __init__(self, name: str) -> None:
        self.name, self.feeding = name, True
        self.output = SimpleNamespace(take=None)
        self.views: tuple[str, ...] = ()
        self.shapes: tuple[Any, ...] = ()

    def about(self) -> dict[str, Any]:
        return {}


async def test_takes_are_bounded_and_go_with_the_bridge(tmp_path: Path) -> None:
    takes = Takes(None)
    room: Any = Shown("lesson")
    for _ in range(kept.MAX_TAKES_OF_ROOM + 2):
        took = await takes.start(room)
        await takes.stop("lesson")
    of_room = takes.of("lesson")
    assert len(of_room) == kept.MAX_TAKES_OF_ROOM
    assert of_room[0] is took
    folder = took.path.parent
    assert len(list(folder.glob("*.mcap"))) == kept.MAX_TAKES_OF_ROOM
    assert folder.stat().st_mode & 0o077 == 0
    await takes.start(room)
    await takes.close()
    assert room.output.take is None
    assert not folder.exists()

    staying = Takes(tmp_path)
    took = await staying.start(room)
    await staying.close()
    assert took.path.parent == tmp_path
    assert took.path.exists()


async def test_a_take_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MAX_TAKE_S", 0.05)
    takes = Takes(None)
    room: Any = Shown("lesson")
    took = await takes.start(room)
    await until(lambda: took.ended_s is not None and takes.active("lesson") is None, "its end")
    room.feeding = False
    with pytest.raises(InputError, match="nothing to record"):
        await takes.start(room)
    await takes.close()


async def test_an_animation_that_takes_too_long_is_given_up(
    tmp_path: Path,
    lessons: Path,
    http: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(downloads, "_GLB_DEADLINE_S", 0.05)
    async with running_bridge(tmp_path, lessons=lessons, rooms=("lesson",)) as url:
        async with playing(url):
            _, state = await post(http, url, {"record": True})
            await post(http, url, {"record": False})
        status, why = await get(http, f"{url}{ROOM}/{state['recording']}.glb")
        assert (status, b"ghosthands export" in why) == (503, True)
