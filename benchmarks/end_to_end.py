"""The whole live path with real videos and foreign clients: rate, latency, and no growing queue.

    python benchmarks/end_to_end.py [--seconds 60]

A bridge in its own process, two publishers of the desk recording, and a subscriber here. Latency
is from the capture time that the bridge stamped to the arrival at the subscriber. All of it,
encoders included, shares this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from _desk import videos
from _peers import chromium, ffmpeg
from _report import write_report

import sdk_python as sdk
from bridge.config import Settings
from bridge.demo.processes import bridge_part

ROOM = "bench"
CLIENTS = {"chromium_capture_page": chromium, "ffmpeg_whip_muxer": ffmpeg}
WARM_UP_S = 8.0


async def measure(client: Any, seconds: float) -> dict[str, Any]:
    """Publishes both views with one kind of client for so long."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings(host="127.0.0.1", port=0, insecure=True, rooms=(ROOM,))
        part = await stack.enter_async_context(bridge_part(settings, folder))
        bridge = f"http://127.0.0.1:{await part.ready()}"
        poses = await stack.enter_async_context(sdk.connect(bridge, room=ROOM))
        for view, video in zip(("phone", "tablet"), videos(), strict=True):
            await stack.enter_async_context(client(video, bridge, room=ROOM, view=view))
        while poses.status is None or len(poses.status.views) < 2:
            await asyncio.wait_for(anext(poses), 60)
        begin = time.monotonic()
        while time.monotonic() - begin < WARM_UP_S:
            await asyncio.wait_for(anext(poses), 10)

        process = psutil.Process(part.pid)
        missed, cpu_s, rss = poses.missed, process.cpu_times(), [process.memory_info().rss]
        dropped = sum(view.dropped for view in poses.status.views)
        begin, ages, arrivals, hands = time.monotonic(), [], [], []
        while (now := time.monotonic()) - begin < seconds:
            pose = await asyncio.wait_for(anext(poses), 10)
            arrivals.append(time.monotonic() - begin)
            ages.append(pose.age_s * 1e3)
            hands.append(bool(np.isfinite(pose.wrist_m[1, 0])))
            if now - begin > len(rss) * 5:
                rss.append(process.memory_info().rss)
        after = process.cpu_times()
        third = len(ages) // 3
        return {
            "poses": len(ages),
            "pose_rate_hz": round(len(ages) / arrivals[-1], 2),
            "latency_ms": _spread(ages),
            "latency_ms_first_third": _spread(ages[:third]),
            "latency_ms_last_third": _spread(ages[-third:]),
            "right_hand_share": round(float(np.mean(hands)), 4),
            "poses_missed": poses.missed - missed,
            "frames_dropped": sum(view.dropped for view in poses.status.views) - dropped,
            "frame_rates_hz": [view.rate_hz for view in poses.status.views],
            "frame_sizes_px": [[view.width, view.height] for view in poses.status.views],
            "bridge_cpu_cores": round(
                (after.user + after.system - cpu_s.user - cpu_s.system) / arrivals[-1], 2
            ),
            "bridge_rss_mb": [round(value / 1e6) for value in (rss[0], rss[-1])],
        }


def _spread(values: list[float]) -> dict[str, float]:
    return {f"p{q}": round(float(np.percentile(values, q)), 1) for q in (50, 95)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    results = {name: asyncio.run(measure(client, seconds)) for name, client in CLIENTS.items()}
    write_report("end_to_end", {"seconds": seconds, **results})


if __name__ == "__main__":
    main()
