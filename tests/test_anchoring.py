"""Tapped corners over HTTP, with a real bridge and a device that publishes."""

from __future__ import annotations

import asyncio
import contextlib
import json

import aiohttp
import numpy as np
import pytest

import sdk_python
from bridge.access import Keyring
from bridge.anchoring import MAX_BODY_BYTES, read_taps
from bridge.errors import InputError
from bridge.model.anchor import Instrument, find_anchor, save_anchor
from bridge.model.anchor.simulated import look_at, taps_of
from bridge.protocol import Anchor, Subscribe
from bridge.streams import publish
from tests.bridge_fixture import grey_video, running_bridge
from tests.flow.clients import Watcher

PIANO = Instrument.parse("piano-61")
SHEET = Instrument.parse("0.4x0.3")


def taps(instrument=PIANO, view="phone", azimuth=-25.0):
    pose = look_at(instrument, azimuth=azimuth, elevation=45.0, distance_m=1.3)
    return taps_of(instrument, pose, view=view)


def body(of=PIANO, view="phone", azimuth=-25.0, **changed):
    tapped = taps(of, view, azimuth)
    return {
        "view": view,
        "instrument": of.name,
        "size_px": list(tapped.size_px),
        "corners_px": tapped.corners_px.tolist(),
    } | changed


async def instruments_of(poses):
    """What an SDK's stream says of the instrument, each once, until it has none any more."""
    said = []
    async for _ in poses:
        name = poses.anchor and poses.anchor.instrument
        if name not in said[-1:] and (said or name):
            said.append(name)
        if said[-1:] == [None]:
            return said
    return said


@contextlib.asynccontextmanager
async def publishing(tmp_path, bridge, *views, token=None):
    video = grey_video(tmp_path / "grey.mp4")
    tasks = [
        asyncio.create_task(publish(video, f"{bridge}/whip/lesson", view=v, loop=True, token=token))
        for v in views
    ]
    async with aiohttp.ClientSession() as http:

        async def joined() -> set[str]:
            auth = {"Authorization": f"Bearer {token}"} if token else {}
            async with http.get(f"{bridge}/rooms/lesson", headers=auth) as answer:
                if answer.status != 200:
                    return set()
                return {v["view"] for v in (await answer.json())["views"] if v["width"]}

        try:
            for _ in range(500):
                if await joined() == set(views):
                    break
                await asyncio.sleep(0.02)
            yield http
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_device_taps_the_corners_and_everyone_is_told(tmp_path):
    settings = {"rooms": ("lesson",), "record": tmp_path / "recordings"}
    async with (
        running_bridge(tmp_path, **settings) as bridge,
        publishing(tmp_path, bridge, "phone", "tablet") as http,
        await Watcher.connect(bridge, subscribe=Subscribe(None)) as watcher,
        sdk_python.connect(bridge, room="lesson") as poses,
    ):
        reading = asyncio.create_task(instruments_of(poses))
        url = f"{bridge}/rooms/lesson/anchor"
        async with http.post(url, json=body()) as answer:
            assert answer.status == 200
            understood = await answer.json()
        told = await watcher.next(Anchor)
        assert (told.instrument, understood["white_keys"]) == ("piano-61", 36)
        assert told.size_m[0] == pytest.approx(0.846, abs=0.01)
        assert understood["reprojection_px"] < 0.1
        assert understood["views"] == ["phone"]
        assert len(understood["lines"]) == 4 + 35
        # The first line is the front edge, where it was tapped.
        corners = np.array(understood["lines"][0]).reshape(2, 2) * [1280, 720]
        np.testing.assert_allclose(corners, taps().corners_px[:2], atol=1)
        # Where the device stands: half in front, from above, on the player's left or right.
        assert np.linalg.norm(understood["camera_m"]) == pytest.approx(1.3, abs=0.1)

        # Two devices at once: both count.
        async def post(view, azimuth):
            async with http.post(url, json=body(view=view, azimuth=azimuth)) as answer:
                return answer.status

        assert await asyncio.gather(post("phone", -25), post("tablet", 30)) == [200, 200]
        async with http.post(url, json=body(azimuth=-25)) as answer:
            assert sorted((await answer.json())["views"]) == ["phone", "tablet"]

        # Another instrument: the first one's taps are forgotten.
        async with http.post(url, json=body(SHEET, "tablet")) as answer:
            assert (await answer.json())["views"] == ["tablet"]
        while (told := await watcher.next(Anchor)).instrument == "piano-61":
            pass
        assert told.instrument == "0.4x0.3"
        async with await Watcher.connect(bridge, subscribe=Subscribe(None)) as late:
            assert (await late.next(Anchor)).instrument == "0.4x0.3"

        async with http.delete(url) as answer:
            assert await answer.json() == {"instrument": None}
        told = await watcher.next(Anchor)
        assert (told.instrument, told.size_m.tolist()) == ("", [0.0, 0.0])
        assert await reading == ["piano-61", "0.4x0.3", None]
    # One file has one stage: the recording went on in another one each time.
    assert len(list((tmp_path / "recordings").glob("*.mcap"))) >= 2


async def test_a_take_ends_when_the_instrument_is_put_elsewhere(tmp_path):
    async with (
        running_bridge(tmp_path, rooms=("lesson",)) as bridge,
        publishing(tmp_path, bridge, "phone") as http,
    ):
        recordings = f"{bridge}/rooms/lesson/recordings"
        async with http.post(recordings, json={"record": True}) as answer:
            assert answer.status == 200
        async with http.post(f"{bridge}/rooms/lesson/anchor", json=body()) as answer:
            assert answer.status == 200

        async def ended() -> dict | None:
            async with http.get(recordings) as answer:
                said = (await answer.json())["recordings"][0]
                return said if said["complete"] else None

        for _ in range(500):
            if said := await ended():
                break
            await asyncio.sleep(0.02)
        assert said["problem"] == "the instrument was put elsewhere: record again from here"


async def test_the_settings_anchor_is_the_default(tmp_path):
    save_anchor(find_anchor(SHEET, [taps(SHEET)]), tmp_path / "anchor.json")
    settings = {"rooms": ("lesson",), "anchor": tmp_path / "anchor.json"}
    async with (
        running_bridge(tmp_path, **settings) as bridge,
        publishing(tmp_path, bridge, "phone") as http,
        await Watcher.connect(bridge, subscribe=Subscribe(None)) as watcher,
    ):
        url = f"{bridge}/rooms/lesson/anchor"
        assert (await watcher.next(Anchor)).instrument == "0.4x0.3"
        async with http.post(url, json=body()) as answer:
            assert answer.status == 200
        assert (await watcher.next(Anchor)).instrument == "piano-61"
        async with http.delete(url) as answer:
            assert await answer.json() == {"instrument": "0.4x0.3"}
        assert (await watcher.next(Anchor)).instrument == "0.4x0.3"


async def test_what_is_no_keyboard_is_refused_with_words_and_changes_nothing(tmp_path):
    crossed = body()
    crossed["corners_px"][0], crossed["corners_px"][1] = crossed["corners_px"][1::-1]
    bent = body()
    bent["corners_px"][2] = [bent["corners_px"][2][0] - 260, bent["corners_px"][2][1] + 40]
    async with (
        running_bridge(tmp_path, rooms=("lesson",), max_views=2) as bridge,
        publishing(tmp_path, bridge, "phone") as http,
    ):
        url = f"{bridge}/rooms/lesson/anchor"
        for sent, status, words in [
            (crossed, 422, "crosses itself"),
            (bent, 422, "corner"),
            (body(view="tablet"), 409, "press Start"),
            (body(instrument="harp"), 400, "no instrument is called"),
            ({}, 400, "exactly"),
        ]:
            async with http.post(url, json=sent) as answer:
                said = await answer.text()
                assert (answer.status, words in said) == (status, True), said
                assert answer.headers["Access-Control-Allow-Origin"] == "*"
        long = json.dumps(body()) + " " * MAX_BODY_BYTES
        plain = json.dumps(body())
        for data, kind, status in [(long, "application/json", 413), (plain, "text/plain", 415)]:
            async with http.post(url, data=data, headers={"Content-Type": kind}) as answer:
                assert answer.status == status
        async with http.post(f"{bridge}/rooms/elsewhere/anchor", json=body()) as answer:
            assert answer.status == 404
        async with http.options(url) as answer:
            assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        async with await Watcher.connect(bridge, subscribe=Subscribe(None)) as watcher:
            await nothing_was_set(watcher)
            assert watcher.session.role == "watch"


async def nothing_was_set(watcher):
    """Nothing but poses and status comes: no anchor was set."""
    from bridge.protocol import PosePacket, ShapePacket, Status

    while True:
        for message in await watcher.receive():
            assert isinstance(message, (PosePacket, ShapePacket, Status))
            if isinstance(message, Status):
                return


async def test_only_who_may_publish_sets_an_instrument(tmp_path):
    keyring = Keyring(tmp_path / "access")
    async with running_bridge(tmp_path, rooms=("lesson",), access="token") as bridge:
        url = f"{bridge}/rooms/lesson/anchor"
        async with aiohttp.ClientSession() as http:
            for scope, room, status in [
                (None, "", 401),
                ("watch", "lesson", 403),
                ("publish", "other", 403),
                ("publish", "lesson", 409),
            ]:
                token = scope and keyring.make(room, scope, lifetime_s=60, note="")
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                for call in (http.post(url, json=body(), headers=headers),):
                    async with call as answer:
                        assert answer.status == status, await answer.text()
                async with http.delete(url, headers=headers) as answer:
                    assert answer.status == (200 if status == 409 else status)
            foreign = {"Origin": "https://elsewhere.example"}
            async with http.post(url, json=body(), headers=foreign) as answer:
                assert answer.status == 403


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "[" * 4000,
        '{"view":1}',
        json.dumps(body(view="Not A Name")),
        json.dumps(body(size_px=[1280.0, 720])),
        json.dumps(body(size_px=[True, 720])),
        json.dumps(body(size_px=[1280, 10**9])),
        json.dumps(body(corners_px=[[1, 2]] * 3)),
        json.dumps(body(corners_px=[[1, 2, 3]] * 4)),
        json.dumps(body(corners_px=[[1, "2"]] * 4)),
        json.dumps(body(corners_px=[[1, 10**400]] * 4)),
        json.dumps(body(corners_px=[[1, True]] * 4)),
        json.dumps(body(more=1)),
        json.dumps(body(instrument="x" * 65)),
        json.dumps(body()).replace("1280", "NaN"),
        json.dumps(body()).replace("1280", "1" * 5000),
    ],
)
def test_what_is_no_body(text):
    with pytest.raises(InputError):
        read_taps(text.encode("utf-8", "surrogatepass"))


def test_a_body_is_read():
    instrument, read = read_taps(json.dumps(body()).encode())
    assert (instrument.name, read.view, read.size_px) == ("piano-61", "phone", (1280, 720))
    np.testing.assert_allclose(read.corners_px, taps().corners_px)


async def test_too_many_at_once_are_sent_away(tmp_path):
    async with (
        running_bridge(tmp_path, rooms=("lesson",)) as bridge,
        publishing(tmp_path, bridge, "phone") as http,
    ):

        async def post():
            async with http.post(f"{bridge}/rooms/lesson/anchor", json=body()) as answer:
                return answer.status, answer.headers.get("Retry-After")

        answers = await asyncio.gather(*(post() for _ in range(16)))
        assert set(answers) == {(200, None), (503, "1")}
        assert 4 <= answers.count((200, None)) < 16
        async with http.get(f"{bridge}/metrics") as answer:
            assert 'ghosthands_limited_total{limit="anchors_waiting"}' in await answer.text()
        assert (await post())[0] == 200
