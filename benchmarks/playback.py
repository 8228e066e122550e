"""Playing an hour-long recording: opening, seeking, memory, and CPU at 60 poses a second.

``python benchmarks/playback.py`` writes an hour of two hands at 60 Hz into a temporary folder, by
seed, then measures

- the reader alone: opening, and random seeks that read nine poses each;
- a bridge in a process of its own, from outside: the time from a watcher's command until the first
  pose at the new position has come to the last of all watchers, over loopback;
- that process's memory before and after, and its CPU while it plays.

Results go to benchmarks/results/playback.json.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import psutil
import websockets
from _report import write_report

from bridge.playback import Lesson
from bridge.protocol import (
    SUBPROTOCOL,
    Ack,
    ClientSession,
    HandPacket,
    PlaybackControl,
    PosePacket,
    ShapePacket,
    Side,
    Subscribe,
    encode,
)
from bridge.recorder import Recorder

SEED = 11
RATE_HZ = 60
WATCHERS = 10
SETTLE_S = 0.05
NAME = "hour"
COMPACT_POSE = 0x93  # msgpack: an array of three
ACK_EVERY = 4
_DEADLINE_S = 10.0

BRIDGE = """
import asyncio, sys
from pathlib import Path
from bridge.config import Settings
from bridge.server import run
settings = Settings(host="127.0.0.1", port=0, insecure=True, access="open", lessons=sys.argv[1])
asyncio.run(run(settings, Path(sys.argv[1]), on_ready=lambda port: print(port, flush=True)))
"""


def rest_joints(side: Side) -> np.ndarray:
    rest = np.random.default_rng(SEED + side).uniform(-0.1, 0.1, (21, 3))
    rest[0] = 0
    return rest


def record(path: Path, poses: int) -> float:
    """Records two hands that move; returns how long it took, seconds."""
    numbers = np.random.default_rng(SEED)
    start, speed = numbers.normal(size=(2, 2, 16, 4)), numbers.normal(size=(2, 2, 16, 4)) / 40
    cycle = []
    for k in range(10 * RATE_HZ):
        quaternions = start[0] + speed[0] * np.sin(k / 20) + [0, 0, 0, 2]
        quaternions *= np.where(quaternions[..., 3:] < 0, -1, 1)
        cycle.append(quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True))
    confidence = np.full(5, 0.9)
    origin_ns, began = 10**15, time.perf_counter()
    with Recorder(path, room="lesson", views=["phone"], origin_ns=origin_ns) as recorder:
        for side in Side:
            recorder.write(ShapePacket(side, np.zeros(10), rest_joints(side)))
        for k in range(poses):
            # Millimetres of the wrists say which pose it is: see number_of.
            wrist = np.array([k // 1000, k % 1000, 0]) / 1000
            hands = tuple(
                HandPacket(side, wrist, cycle[k % len(cycle)][side], confidence) for side in Side
            )
            pose = PosePacket(k, origin_ns + round(k * 1e9 / RATE_HZ), hands)
            recorder.write(pose, wait=True)
    return time.perf_counter() - began


def wrist_number(hands: bytes) -> int:
    """The same, from the bytes of a compact pose (SPEC.md, "Compact pose")."""
    bits = int.from_bytes(hands[:8], "little")
    steps = [(bits >> shift & 0xFFFFF) - (1 << 19) for shift in (2, 22)]
    thousands, rest = (round(step / 20) for step in steps)  # of 0.05 mm
    return thousands * 1000 + rest


def number_of(pose: PosePacket) -> int:
    """Which pose of the recording this is."""
    thousands, rest = np.rint(pose.hands[0].wrist_m[:2] * 1000).astype(int).tolist()
    return thousands * 1000 + rest


def spread(values_s: list[float]) -> dict[str, float]:
    """Median, 95th percentile and maximum, milliseconds."""
    milliseconds = sorted(1000 * value for value in values_s)
    return {
        "count": len(milliseconds),
        "p50_ms": round(statistics.median(milliseconds), 3),
        "p95_ms": round(milliseconds[round(0.95 * (len(milliseconds) - 1))], 3),
        "max_ms": round(milliseconds[-1], 3),
    }


def forget_cached(path: Path) -> None:
    """Takes the file out of the system's page cache, where the system can."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def reader_alone(path: Path, seeks: int) -> dict[str, Any]:
    process = psutil.Process()
    opened: dict[str, list[float]] = {"cached": [], "not_cached": []}
    for kind, times in opened.items():
        for _ in range(20):
            if kind == "not_cached":
                forget_cached(path)
            began = time.perf_counter()
            Lesson.open(path).close()
            times.append(time.perf_counter() - began)
    before_mb = process.memory_info().rss / 1e6
    generator, times, chunks = random.Random(SEED), [], []
    with Lesson.open(path) as lesson:
        for _ in range(seeks):
            position_ns = generator.randrange(lesson.duration_ns)
            read, began = lesson.chunks_read, time.perf_counter()
            moment = lesson.at(position_ns, 9)[0]
            times.append(time.perf_counter() - began)
            chunks.append(lesson.chunks_read - read)
            expected = int(position_ns * RATE_HZ / 1e9 + 1e-6)
            if moment.pose is None or abs(number_of(moment.pose) - expected) > 1:
                raise RuntimeError(f"pose {expected} was asked for")
        return {
            "open": {kind: spread(times) for kind, times in opened.items()},
            "seek": spread(times),
            "chunks_a_seek_median": statistics.median(chunks),
            "chunks_a_seek_max": max(chunks),
            "rss_delta_mb": round(process.memory_info().rss / 1e6 - before_mb, 2),
        }


class Watcher:
    """Says when a pose has come, and acknowledges."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self.session = ClientSession(role="watch", client="bench", clock_ns=time.monotonic_ns)
        self.poses = 0
        self._socket = socket
        self._awaited: tuple[range, asyncio.Future[float]] | None = None

    async def listen(self) -> None:
        await self.flush()
        async for data in self._socket:
            now = time.perf_counter()
            if data[0] == COMPACT_POSE:
                await self._take_pose(data, now)
                continue
            self.session.receive(data)
            await self.flush()

    async def _take_pose(self, data: bytes, now: float) -> None:
        """Only what is needed: ten full clients would take the machine from the bridge."""
        seq, _, hands = msgpack.unpackb(data)
        self.poses += 1
        if self._awaited and wrist_number(hands) in self._awaited[0]:
            self._awaited[1].set_result(now)
            self._awaited = None
        if self.poses % ACK_EVERY == 0:
            await self._socket.send(encode(Ack(seq)))

    async def flush(self) -> None:
        for data in self.session.outgoing():
            await self._socket.send(data)

    async def send(self, message: Any) -> None:
        self.session.send(message)
        await self.flush()

    def when_pose(self, numbers: range) -> asyncio.Future[float]:
        """When one of these poses will have come."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._awaited = numbers, future
        return future


@contextlib.asynccontextmanager
async def watchers(port: int, count: int) -> AsyncIterator[list[Watcher]]:
    async with contextlib.AsyncExitStack() as stack:
        made: list[Watcher] = []
        for _ in range(count):
            socket = await stack.enter_async_context(
                websockets.connect(
                    f"ws://127.0.0.1:{port}/ws/lesson", subprotocols=[SUBPROTOCOL], compression=None
                )
            )
            made.append(Watcher(socket))
            task = asyncio.create_task(made[-1].listen())
            stack.callback(task.cancel)
            await until(lambda: made[-1].session.welcome is not None)
            await made[-1].send(Subscribe())
        await asyncio.sleep(0.5)
        yield made


async def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + _DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            raise RuntimeError("the bridge does not answer")
        await asyncio.sleep(0.005)


async def timed(watching: list[Watcher], command: PlaybackControl, numbers: range) -> float:
    """From the command until one of the poses has come to all, seconds."""
    arrivals = [watcher.when_pose(numbers) for watcher in watching]
    began = time.perf_counter()
    await watching[0].send(command)
    return max(await asyncio.wait_for(asyncio.gather(*arrivals), _DEADLINE_S)) - began


async def through_a_bridge(
    port: int, process: psutil.Process, seeks: int, poses: int, play_s: float
) -> dict[str, Any]:
    generator = random.Random(SEED + 1)
    results: dict[str, Any] = {"watchers": WATCHERS}
    async with watchers(port, WATCHERS) as watching:
        results["rss_before_load_mb"] = round(process.memory_info().rss / 1e6, 2)
        results["cpu_idle_percent"] = await cpu_percent(process, 5.0)
        loads = []
        for _ in range(20):
            await watching[0].send(PlaybackControl("unload"))
            await asyncio.sleep(0.2)
            command = PlaybackControl("load", recording=NAME)
            loads.append(await timed(watching, command, range(1)))
        results["load"] = spread(loads)
        results["rss_after_load_mb"] = round(process.memory_info().rss / 1e6, 2)
        for kind in ("paused", "playing"):
            await watching[0].send(PlaybackControl("pause" if kind == "paused" else "play"))
            times = []
            for _ in range(seeks // 2):
                number = generator.randrange(poses - 10 * RATE_HZ)
                position_s = (number + 0.5) / RATE_HZ
                command = PlaybackControl("seek", position_s=position_s)
                times.append(await timed(watching, command, range(number, number + RATE_HZ)))
                await asyncio.sleep(SETTLE_S)
            results[f"seek_{kind}"] = spread(times)
        results["rss_after_seeks_mb"] = round(process.memory_info().rss / 1e6, 2)
        results["playing_cpu_percent"] = {
            str(WATCHERS): await playing(watching, process, play_s),
        }
    async with watchers(port, 1) as watching:
        results["playing_cpu_percent"]["1"] = await playing(watching, process, play_s)
        results["rss_after_playing_mb"] = round(process.memory_info().rss / 1e6, 2)
    results["rss_delta_mb"] = round(
        results["rss_after_playing_mb"] - results["rss_before_load_mb"], 2
    )
    return results


async def playing(
    watching: list[Watcher], process: psutil.Process, seconds: float
) -> dict[str, float]:
    """CPU of the bridge while it plays at rate 1, and how many poses came a second."""
    await watching[0].send(PlaybackControl("seek", position_s=60.0))
    await watching[0].send(PlaybackControl("play"))
    await asyncio.sleep(1.0)
    before, began = watching[-1].poses, time.perf_counter()
    cpu = await cpu_percent(process, seconds)
    return {
        "cpu_percent_of_a_core": cpu,
        "poses_hz": round((watching[-1].poses - before) / (time.perf_counter() - began), 2),
    }


async def cpu_percent(process: psutil.Process, seconds: float) -> float:
    before, began = process.cpu_times(), time.perf_counter()
    await asyncio.sleep(seconds)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return round(100 * used / (time.perf_counter() - began), 2)


def main() -> None:
    """Runs everything; priority and load average show what else the machine did meanwhile."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seeks", type=int, default=200)
    parser.add_argument("--play-s", type=float, default=20.0)
    options = parser.parse_args()
    poses = round(60 * options.minutes * RATE_HZ)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.mcap"
        written_s = record(path, poses)
        print(f"recorded {poses} poses in {written_s:.0f} s", file=sys.stderr)
        results: dict[str, Any] = {
            "seed": SEED,
            "poses": poses,
            "minutes": options.minutes,
            "nice": os.getpriority(os.PRIO_PROCESS, 0),
            "load_average_before": round(os.getloadavg()[0], 2),
            "file_mb": round(path.stat().st_size / 1e6, 2),
            "reader": reader_alone(path, options.seeks),
        }
        bridge = subprocess.Popen(
            [sys.executable, "-c", BRIDGE, folder], stdout=subprocess.PIPE, text=True
        )
        try:
            port = int(bridge.stdout.readline())
            process = psutil.Process(bridge.pid)
            results["bridge"] = asyncio.run(
                through_a_bridge(port, process, options.seeks, poses, options.play_s)
            )
        finally:
            bridge.terminate()
            bridge.wait()
    results["load_average_after"] = round(os.getloadavg()[0], 2)
    path = write_report("playback", results)
    print(json.dumps(results, indent=2))
    print(path, file=sys.stderr)


if __name__ == "__main__":
    main()
