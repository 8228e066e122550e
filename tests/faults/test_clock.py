"""The wall clock of the bridge's machine is set by an hour, forth and back, during a lesson."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import numpy as np
import pytest

import sdk_python as sdk
from bridge.access import Keyring
from bridge.top import take_reading
from tests.bridge_fixture import grey_video
from tests.faults.processes import publishing, serving

HOUR_S = 3600
LIBRARIES = "usr/lib/*/faketime/libfaketimeMT.so.1"


class WallClock:
    """The wall clock of processes that are started with ``env``; their monotonic one stays."""

    def __init__(self, file: Path) -> None:
        library = next(Path("/").glob(LIBRARIES), None)
        if library is None:
            pytest.skip("needs libfaketime: apt-get install faketime")
        self._file = file
        self.set(0)
        self.env = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set(self, ahead_s: int) -> None:
        """Sets it so much ahead of this test's."""
        draft = self._file.with_suffix(".draft")
        draft.write_text(f"{ahead_s:+d}\n")
        draft.replace(self._file)


async def test_an_hour_forth_and_back_is_not_noticed(tmp_path: Path) -> None:
    video, lessons = grey_video(tmp_path / "grey.mp4"), tmp_path / "lessons"
    clock, keyring = WallClock(tmp_path / "offset"), Keyring(tmp_path / "access")
    token = {
        scope: keyring.make("lesson", scope, lifetime_s=86_400) for scope in ("publish", "watch")
    }
    brief = keyring.make("lesson", "watch", lifetime_s=HOUR_S // 2)
    env = clock.env | {"GHOSTHANDS_ACCESS_FOLDER": str(tmp_path / "access")}
    taken: list[sdk.Pose] = []
    options = ("--access", "token", "--record", str(lessons))
    async with (
        serving(tmp_path, *options, env=env) as (bridge, log),
        publishing(bridge, video, "phone", "--token", token["publish"], env=clock.env),
        sdk.connect(bridge, token=token["watch"], reconnect_s=20) as poses,
        aiohttp.ClientSession() as client,
    ):
        taken += [await anext(poses) for _ in range(10)]
        for turn, ahead_s in enumerate((HOUR_S, -HOUR_S)):
            clock.set(ahead_s)
            while abs(await wall_clock_ahead_s(client, bridge) - ahead_s) > HOUR_S / 10:
                taken.append(await anext(poses))
            taken += [await anext(poses) for _ in range(15)]
            # Who is lost comes back as who it was: its time of grace did not run out.
            poses._connection._websocket.transport.abort()
            while poses.reconnected == turn:
                taken.append(await anext(poses))
            assert poses._connection.session.welcome.resumed
            # A token's end is a time of day, so it follows the clock: for those who enter.
            if ahead_s == HOUR_S:
                with pytest.raises(sdk.ConnectionFailedError, match="expired"):
                    await enter(bridge, brief)
            else:
                await enter(bridge, brief)
        assert not log.said("view phone ended")
        reading = await take_reading(client, bridge)

    times_ns = np.array([pose.time_ns for pose in taken])
    assert (np.diff(times_ns) > 0).all()
    assert np.diff(times_ns).max() < 5e9
    assert min(pose.age_s for pose in taken) > -1
    assert max(pose.age_s for pose in taken) < 10
    stage = {"room": "lesson", "stage": "capture_to_packet"}
    latency_s = reading.value("ghosthands_stage_seconds_sum", **stage)
    assert latency_s < 10 * reading.value("ghosthands_stage_seconds_count", **stage)
    (path,) = lessons.glob("*.mcap")
    recorded_ns = sdk.Recording.open(path).time_ns
    assert (np.diff(recorded_ns) > 0).all()
    kept = [ns for ns in times_ns if recorded_ns[0] <= ns <= times_ns[-1] - 1e9]
    assert set(kept) <= set(recorded_ns.tolist())


async def enter(bridge: str, token: str) -> None:
    async with sdk.connect(bridge, token=token):
        pass


async def wall_clock_ahead_s(client: aiohttp.ClientSession, bridge: str) -> float:
    """How far the bridge's wall clock is ahead of this test's."""
    async with client.get(f"{bridge}/healthz") as response:
        shown = parsedate_to_datetime(response.headers["Date"])
    return (shown - datetime.now(shown.tzinfo)).total_seconds()
