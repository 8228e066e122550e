"""A publisher, and then the bridge, killed without a word in the middle of a recorded lesson."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import numpy as np

import sdk_python as sdk
from tests.bridge_fixture import grey_video, until
from tests.faults.processes import publishing, serving

A_SECOND_NS = 1_000_000_000


def views(poses: sdk.PoseStream) -> set[str]:
    """The views that watchers are told of."""
    return {view.view for view in poses.status.views if view.live} if poses.status else set()


async def test_a_killed_publisher_is_dropped_and_comes_back_and_a_killed_bridge_loses_a_second(
    tmp_path: Path,
) -> None:
    video, lessons = grey_video(tmp_path / "grey.mp4"), tmp_path / "lessons"
    taken: list[int] = []

    async def watch(poses: sdk.PoseStream) -> None:
        with contextlib.suppress(sdk.ConnectionFailedError):  # The bridge is killed.
            while True:
                taken.append((await anext(poses)).time_ns)

    async with (
        serving(tmp_path, "--record", str(lessons)) as (bridge, log),
        publishing(bridge, video, "tablet"),
        sdk.connect(bridge) as poses,
    ):
        watching = asyncio.create_task(watch(poses))
        async with publishing(bridge, video, "phone") as phone:
            await until(lambda: views(poses) == {"phone", "tablet"}, "both views")
            phone.process.kill()
            await until(lambda: views(poses) == {"tablet"}, "its watchers are told")
            assert log.said("view phone ended: nothing came for 2 s")
        seen = len(taken)
        await until(lambda: len(taken) > seen + 10, "poses of the view that is left")
        async with publishing(bridge, video, "phone"):
            await until(lambda: views(poses) == {"phone", "tablet"}, "it takes its place again")
            seen = len(taken)
            await until(lambda: len(taken) > seen + 10, "poses of both")
            log.process.kill()
            await watching

    (path,) = lessons.glob("*.mcap")
    lesson = sdk.Recording.open(path)
    assert lesson.recovered
    assert (np.diff(lesson.time_ns) > 0).all()
    # All that a watcher got is there, but for the last second.
    kept = [ns for ns in taken if lesson.time_ns[0] <= ns <= taken[-1] - A_SECOND_NS]
    assert len(kept) > 30
    assert set(kept) <= set(lesson.time_ns.tolist())
    # One device's end made no gap of as long as it took to notice it.
    assert np.diff(lesson.time_ns).max() < 2 * A_SECOND_NS
