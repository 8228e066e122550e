"""The package's core in a process of its own, joined to a real bridge that plays a recording."""

from __future__ import annotations

import asyncio
import hashlib
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk
from bridge.access import Keyring
from bridge.model.hand import open_hand
from bridge.protocol import Side
from tests.bridge_fixture import running_bridge
from tests.playback.watcher import watching

from .console import Console, joined, link_of
from .lessons import lesson, number


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    folder = tmp_path / "lessons"
    folder.mkdir()
    lesson(folder / "etude.mcap")
    return folder


@pytest.fixture
async def bridge(tmp_path: Path, lessons: Path) -> AsyncIterator[str]:
    async with running_bridge(tmp_path, lessons=lessons) as url:
        yield url


async def play(console: Console) -> None:
    await console.wait("state Open")
    console.tell("load etude")
    await console.wait("message playback_state etude")
    console.tell("play")
    await console.wait("message playback_state etude True")


def joints_of(lines: list[str]) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Side, 21 keypoints and 26 joints of each line that is a hand."""
    hands = []
    for line in lines:
        _, _, side, *numbers = line.split(" ")
        values = np.array(numbers, float).reshape(-1, 3)
        hands.append((int(side), values[:21], values[21:]))
    return hands


@pytest.mark.parametrize(("precision", "within_m"), [("full", 2e-6), ("compact", 0.3e-3)])
async def test_joints_are_those_of_the_sdk(bridge, client, lessons, precision, within_m) -> None:
    recording = sdk.Recording.open(lessons / "etude.mcap")
    async with joined(client, link_of(bridge), f"precision={precision}") as console:
        await play(console)
        await console.wait("pose", count=60)
        hands = joints_of(console.said("pose"))
    assert {side for side, *_ in hands} == {0, 1}
    for side, keypoints_m, joints_m in hands:
        meant = recording.joints_m[number(keypoints_m, side), side]
        errors_m = np.linalg.norm(keypoints_m - meant, axis=1)
        # A wrist is on a grid of 0.05 mm in compact poses, on top of what rotations lose.
        assert errors_m.max() < within_m + 0.05e-3 * (precision == "compact")
        assert np.array_equal(sdk.learner.openxr_keypoints(joints_m), keypoints_m)


async def test_a_learner_sends_its_hands_and_is_scored(bridge, client) -> None:
    async with (
        watching(bridge) as watcher,
        joined(client, link_of(bridge), "role=learn") as console,
    ):
        await play(console)
        await console.wait("pose", count=10)
        for _ in range(40):
            console.tell("hands")
            await console.wait("pose", since=len(console.lines), count=4)
            if console.said("message score"):
                break
        score = await console.wait("message score")
        await watcher.wait(
            lambda: [m for m in watcher.messages if type(m).__name__ == "LearnerHands"],
            "the learner's hands",
        )
    assert score.startswith("message score True")


async def test_a_watcher_that_sends_what_it_may_not_is_told_and_stays(bridge, client) -> None:
    async with joined(client, link_of(bridge)) as console:
        await console.wait("state Open")
        console.tell("hands")
        console.tell("wrong")
        await console.wait("problem Open not_sent 0 learner_hands is not for a Watch to send")
        await console.wait("problem Open not_sent 0 rate must be from 0.25 to 2")
        console.tell("load etude")
        await console.wait("message playback_state etude")
    assert console.lines[-1] == "end 2 0"


async def test_wrong_tokens_are_told_and_not_tried_again(tmp_path, client) -> None:
    async with running_bridge(tmp_path, access="token") as url:
        for token in ("", "wrong"):
            async with joined(client, link_of(url, token=token)) as console:
                said = await console.wait("state Refused")
            assert said.startswith("state Refused unauthorised 0 ")
            assert said.endswith("Ask for a new link: this one's token is missing or has expired.")
            assert console.said("state") == ["state Connecting", said, "state Closed"]


async def test_a_good_token_lets_in_and_one_of_another_room_does_not(tmp_path, client) -> None:
    keyring = Keyring(tmp_path / "access")
    good, other = (keyring.make(room, "watch", lifetime_s=60) for room in ("lesson", "other"))
    settings = {"access": "token", "access_folder": tmp_path / "access"}
    async with running_bridge(tmp_path, rooms=("lesson", "other"), **settings) as url:
        async with joined(client, link_of(url, token=good)) as console:
            await console.wait("state Open")
        async with joined(client, link_of(url, token=other)) as console:
            assert "Refused forbidden 0" in await console.wait("state Refused")


async def test_the_hands_meshes_are_fetched(bridge, client) -> None:
    async with joined(client, link_of(bridge)) as console:
        for side in Side:
            console.tell(f"mesh {side.name.lower()}")
            vertices = len(open_hand(side).rest_vertices(np.zeros(10)))
            await console.wait(f"mesh {side.name.title()} {vertices}")


async def test_a_mesh_that_cannot_be_fetched_is_told(client) -> None:
    async with joined(client, link_of("http://127.0.0.1:9")) as console:
        console.tell("mesh left")
        await console.wait("mesh unreachable no connection to 127.0.0.1:9")


async def test_a_room_that_is_not_there_yet_is_waited_for(bridge, client) -> None:
    async with joined(client, link_of(bridge, "later")) as console:
        said = await console.wait("state WaitingForRoom")
    assert said.startswith("state WaitingForRoom unknown_room 1000 there is no room 'later'")


async def test_nobody_there(client) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with joined(client, link_of(url)) as console:
            said = await console.wait("state Reconnecting", count=2)
    assert said.startswith("state Reconnecting unreachable ")
    assert said.endswith("Is the bridge running, and is this device on the same network?")


async def test_a_bridge_that_restarts_in_mid_lesson(tmp_path, lessons, client) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with joined(client, link_of(f"http://127.0.0.1:{port}")) as console:
        async with running_bridge(tmp_path, lessons=lessons, port=port):
            console.tell("retry")
            await play(console)
            await console.wait("pose", count=20)
        await console.wait("state Reconnecting (lost|unreachable)")
        before = len(console.lines)
        async with running_bridge(tmp_path, lessons=lessons, port=port):
            console.tell("retry")
            await console.wait("state Open", since=before)
            console.tell("load etude")
            await console.wait("message playback_state etude", since=before)
            console.tell("play")
            await console.wait("pose", since=before, count=20)


class TestTls:
    """The bridge's own certificate, which no authority has signed."""

    @pytest.fixture
    async def secured(self, tmp_path, lessons) -> AsyncIterator[str]:
        async with running_bridge(tmp_path, lessons=lessons, insecure=False, access="open") as url:
            yield url.replace("http:", "https:")

    async def fingerprint(self, url: str) -> str:
        port = int(url.rpartition(":")[2])
        pem = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    async def test_it_is_pinned(self, secured, client) -> None:
        pin = await self.fingerprint(secured)
        async with joined(client, link_of(secured), f"tls={pin}") as console:
            await play(console)
            await console.wait("pose", count=20)
            console.tell("mesh left")
            await console.wait("mesh Left ")

    async def test_any_is_taken_if_asked_for(self, secured, client) -> None:
        async with joined(client, link_of(secured), "tls=any") as console:
            await console.wait("state Open")

    async def test_another_one_is_refused(self, secured, client) -> None:
        async with joined(client, link_of(secured), f"tls={'0' * 64}") as console:
            said = await console.wait("state Refused")
        assert said.startswith("state Refused certificate 0 the bridge has another certificate")

    async def test_without_a_fingerprint_it_is_refused_and_told(self, secured, client) -> None:
        async with joined(client, link_of(secured)) as console:
            said = await console.wait("state Refused")
        assert (await self.fingerprint(secured)).upper() in said

    async def test_tls_where_there_is_none(self, bridge, client) -> None:
        link = link_of(bridge.replace("http:", "https:"))
        async with joined(client, link, "tls=any") as console:
            assert "not_a_bridge" in await console.wait("state Reconnecting")
