"""A bad network and a cut one, between real devices, a real watcher and the bridge."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import sdk_python as sdk
from tests.bridge_fixture import grey_video
from tests.faults.network import ADDRESSES, BRIDGE, DEVICES, two_networks
from tests.faults.processes import publishing, running, serving
from tests.faults.sets import PORT
from tests.streams.conftest import write_clip

BAD = {"loss": 0.05, "delay_ms": 5.0, "jitter_ms": 100.0}
WAY_MS = BAD["delay_ms"] + BAD["jitter_ms"]
FRAME_MS = 1000 / 30
SLACK_MS = 400.0


async def test_views_stay_paired_and_in_order_on_a_bad_network(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", 450)
    async with two_networks() as network:
        await network.set(**BAD)
        sets_command = (sys.executable, "-m", "tests.faults.sets", ADDRESSES[BRIDGE])
        url = f"http://{ADDRESSES[BRIDGE]}:{PORT}/whip/lesson"
        async with running(*network.at(BRIDGE), *sets_command) as bridge:
            await bridge.until(len, "it listens")
            publish = (sys.executable, "-m", "tests.faults.devices", str(clip), url)
            async with running(*network.at(DEVICES), *publish) as devices:
                await bridge.until(lambda lines: len(pairs(lines)) > 60, "frame sets of both")
            await network.set()
        assert network.counts["lost"] > 20
        assert network.counts["overtaken"] > 100
        taken = {(said["view"], said["index"]): said["time_ns"] for said in devices.lines}
    check_sets(bridge.lines[1:], taken)


def pairs(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The frame sets with a picture of each view."""
    return [line for line in lines if len(line.get("sets", ())) == 2]


def check_sets(said: list[dict[str, Any]], taken: dict[tuple[str, int], int]) -> None:
    """Checks frame sets against when their pictures were really taken."""
    sets = [line["sets"] for line in said]
    for view in ("phone", "tablet"):
        times = [found[view][1] for found in sets if view in found]
        assert (np.diff(times) > 0).all()
    assert all(a["time_ns"] < b["time_ns"] for a, b in pairwise(said))
    # The clocks have met after the first second; then each picture's time is known.
    begin_ns = pairs(said)[0]["now_ns"]
    late = [line for line in said if line["now_ns"] > begin_ns + 1e9]
    errors_ms, apart_ms, ages_ms = [], [], []
    for line in late:
        truth = {v: taken[v, index] for v, (index, _) in line["sets"].items() if index >= 0}
        errors_ms += [abs(line["sets"][v][1] - t) / 1e6 for v, t in truth.items()]
        apart_ms += [abs(a - b) / 1e6 for a, b in pairwise(truth.values())]
        ages_ms += [(line["now_ns"] - max(truth.values())) / 1e6]
    assert max(errors_ms) < WAY_MS  # A clock's error is at most half a round trip.
    assert len(apart_ms) > 10
    # Pictures are paired by their times, which are as good as the clocks are known by then.
    assert np.median(apart_ms) < FRAME_MS + 2 * np.median(errors_ms)
    assert max(apart_ms) < FRAME_MS + WAY_MS
    assert np.median(ages_ms) < WAY_MS + SLACK_MS


async def test_all_come_back_after_the_network_was_cut(tmp_path: Path) -> None:
    video, lessons = grey_video(tmp_path / "grey.mp4"), tmp_path / "lessons"
    host = ("--host", ADDRESSES[BRIDGE], "--port", "8443", "--access", "open")
    url = f"https://{ADDRESSES[BRIDGE]}:8443"
    watch = (sys.executable, "-m", "tests.faults.watch", url)
    env = {"GHOSTHANDS_PING_S": "2", "GHOSTHANDS_LOG_LEVEL": "debug"}
    async with (
        two_networks() as network,
        serving(tmp_path, "--record", str(lessons), at=network.at(BRIDGE), host=host, env=env) as (
            _,
            log,
        ),
        publishing(url, video, "phone", "--insecure", at=network.at(DEVICES)),
        running(*network.at(DEVICES), *watch) as watcher,
    ):
        await network.set(**BAD)
        await watcher.until(
            lambda lines: len(lines) > 20 and lines[-1]["views"] == ["phone"], "poses"
        )
        joined = len(log.said("view phone joined"))  # a bad network may have wanted two tries
        await network.set(loss=1.0)  # Packets vanish; then the devices lose their network, too.
        network.switch(DEVICES, "down")
        silence = "view phone ended: nothing came for 2 s"
        await log.until(lambda _: log.said(silence), "the phone is given up")
        await log.until(lambda _: log.said("ended: no_pong"), "the watcher is given up")
        network.switch(DEVICES, "up")
        await network.set(**BAD)
        await watcher.until(lambda lines: lines[-1]["reconnected"], "the watcher is back")
        await log.until(lambda _: len(log.said("view phone joined")) > joined, "the phone is back")
        seen = len(watcher.lines)
        await watcher.until(lambda lines: len(lines) > seen + 20, "poses")
    poses = watcher.lines
    assert len({pose["session"] for pose in poses}) == 1  # It is one client all the time.
    assert poses[-1]["resumed"]
    for name in ("seq", "time_ns"):
        assert all(a[name] < b[name] for a, b in pairwise(poses))
    recorded = {ns for file in lessons.glob("*.mcap") for ns in sdk.Recording.open(file).time_ns}
    kept = [pose["time_ns"] for pose in poses]
    kept = [ns for ns in kept if min(recorded) <= ns <= kept[-1] - 1e9]
    assert len(kept) > 15
    assert set(kept) <= recorded
