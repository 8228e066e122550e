"""The whole demo: a bridge, two publishers and a subscriber that measures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import sdk_python as sdk
from bridge.config import Settings
from bridge.demo.processes import Part, PublisherPlan, bridge_part, publisher_part
from bridge.demo.score import capture_clock, score_poses
from bridge.errors import ConnectionFailedError

__all__ = ["Measured", "show"]

ROOM = "demo"

_START_S = 60.0
_LOOK_S = 0.05
_LEAD_NS = 1_000_000_000


@dataclass(slots=True)
class Measured:
    """What a subscriber saw of the demo.

    Attributes:
        start_ns: When the first frame of the videos was due, `time.monotonic_ns`.
        known: Whether the videos are the demo's own, whose truth is known.
        time_ns: Capture time of each pose, `time.monotonic_ns`.
        age_s: From capture to the subscriber.
        joints_m: ``(2, 21, 3)`` of each pose, metres.
        missed: Poses that the bridge made and this subscriber did not get.
        frames_dropped: Frames that came to the bridge and are in no pose, by the last status.
    """

    start_ns: int
    known: bool
    time_ns: list[int] = field(default_factory=list)
    age_s: list[float] = field(default_factory=list)
    joints_m: list[Any] = field(default_factory=list)
    missed: int = 0
    frames_dropped: int = 0

    def take(self, pose: sdk.Pose, stream: sdk.PoseStream) -> None:
        """Adds a pose."""
        self.time_ns.append(pose.local_time_ns)
        self.age_s.append(pose.age_s)
        self.joints_m.append(pose.joints_m)
        self.missed = stream.missed
        if stream.status is not None:
            self.frames_dropped = sum(view.dropped for view in stream.status.views)

    def rate_hz(self, last: int | None = None) -> float:
        """Poses a second, over all poses or the last few."""
        arrivals = [t + round(a * 1e9) for t, a in zip(self.time_ns, self.age_s, strict=True)]
        arrivals = arrivals[-last:] if last else arrivals
        if len(arrivals) < 2 or arrivals[-1] <= arrivals[0]:
            return 0.0
        return (len(arrivals) - 1) * 1e9 / (arrivals[-1] - arrivals[0])

    def latency_ms(self, percentile: float, last: int = 0) -> float:
        """A percentile of the poses' age, over all of them or the last few; NaN without any."""
        ages = self.age_s[-last:]
        return float(np.percentile(ages, percentile)) * 1e3 if ages else float("nan")

    def result(self) -> dict[str, Any]:
        """The demo's last line; see docs/demo.md."""
        result: dict[str, Any] = {
            "poses": len(self.time_ns),
            "pose_rate_hz": round(self.rate_hz(), 2),
            "latency_ms": {
                name: round(self.latency_ms(q), 1) if self.age_s else None
                for name, q in (("p50", 50), ("p95", 95))
            },
            "mpjpe_mm": None,
            "dropped": self.frames_dropped + self.missed,
        }
        if self.known and self.time_ns:
            score = score_poses(self.time_ns, self.joints_m, clock=capture_clock(self.start_ns))
            for name in ("mpjpe_mm", "pa_mpjpe_mm", "position_error_mm"):
                result[name] = _rounded(score[name])
            result["coverage"] = {k: _rounded(v, 4) for k, v in score["coverage"].items()}
        return result


async def show(
    videos: dict[str, Path],
    *,
    copy: bool,
    seconds: float | None,
    data_folder: Path,
    on_ready: Callable[[str], None],
    on_pose: Callable[[Measured], None],
    measured: Measured,
) -> None:
    """Runs the demo.

    Args:
        videos: The video of each view, the stage's first.
        copy: Whether their H.264 is sent as it is.
        seconds: How long to measure from the first pose on; None until cancelled.
        data_folder: Where the bridge keeps what it keeps.
        on_ready: Called with the viewer page's address once poses can come.
        on_pose: Called after each pose.
        measured: Filled in place, so that whoever cancels this has what there is.

    Raises:
        GhostHandsError: A part failed, or no pose came.
    """
    settings = Settings(host="127.0.0.1", port=0, insecure=True, rooms=(ROOM,), access="open")
    async with AsyncExitStack() as stack:
        bridge = await stack.enter_async_context(bridge_part(settings, data_folder))
        base = f"http://127.0.0.1:{await bridge.ready()}"
        stream = await stack.enter_async_context(sdk.connect(base, room=ROOM))
        measured.start_ns = time.monotonic_ns() + _LEAD_NS
        publishers = []
        for view, path in videos.items():
            plan = PublisherPlan(path, f"{base}/whip/{ROOM}", view, copy, measured.start_ns)
            publishers.append(await stack.enter_async_context(publisher_part(plan)))
            await _until_joined(stream, view, publishers[-1])
        on_ready(f"{base}/viewer?room={ROOM}")
        parts = [bridge.ended, *(publisher.ended for publisher in publishers)]
        take = asyncio.create_task(_take(stream, measured, seconds, on_pose))
        try:
            # A part that ends has failed, and so has the demo.
            await asyncio.wait([take, *parts], return_when=asyncio.FIRST_COMPLETED)
            for ended in parts:
                if ended.done():
                    ended.result()
            if take.done():
                take.result()
        finally:
            take.cancel()
            await asyncio.gather(take, return_exceptions=True)


async def _take(
    stream: sdk.PoseStream,
    measured: Measured,
    seconds: float | None,
    on_pose: Callable[[Measured], None],
) -> None:
    end_s: float | None = None
    async for pose in stream:
        measured.take(pose, stream)
        on_pose(measured)
        if end_s is None and seconds is not None:
            end_s = time.monotonic() + seconds
        if end_s is not None and time.monotonic() >= end_s:
            return


async def _until_joined(stream: sdk.PoseStream, view: str, publisher: Part) -> None:
    """Waits until the room has a view: the first to join is the stage."""
    try:
        async with asyncio.timeout(_START_S):
            while stream.status is None or view not in (v.view for v in stream.status.views):
                if publisher.ended.done():
                    publisher.ended.result()
                    raise ConnectionFailedError(f"the publisher of {view} ended at once")
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise ConnectionFailedError(
            f"the publisher of {view} did not join within {_START_S:.0f} s"
        ) from None


def _rounded(value: float | None, digits: int = 2) -> float | None:
    return None if value is None else round(value, digits)
