"""What a second bridge adds: latency of poses over NATS beside that of the bridge that feeds them.

    python benchmarks/cluster.py [--seconds 20] [--watchers 10]

Two bridges and a NATS server, each a process; this one plays poses into the first bridge and
watches on both. Times of poses are translated between the bridges' clocks, so the error of that is
in the second bridge's latency.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from _report import write_report

from bridge.bench.serving import ROOM, bytes_a_pose
from bridge.bench.subscribers import Subscribers
from bridge.protocol import HandPacket, PosePacket, ShapePacket, Side
from sdk_python._connection import open_connection

RATE_HZ = 60.0
WARM_S = 3.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--watchers", type=int, default=10, help="on each bridge")
    options = parser.parse_args()
    print(write_report("cluster", asyncio.run(measure(options.seconds, options.watchers))))


async def measure(seconds: float, watchers: int) -> dict[str, Any]:
    load_average = round(os.getloadavg()[0], 2)
    with tempfile.TemporaryDirectory() as folder, nats_server(Path(folder)) as nats:
        async with bridge(nats) as a, bridge(nats) as b:
            here = Subscribers(a, ROOM, bridge=True)
            there = Subscribers(b, ROOM, bridge=True)
            for subscribers in (here, there):
                await subscribers.connect(watchers)
            playing = asyncio.create_task(play(a))
            await asyncio.sleep(WARM_S)
            here.measuring = there.measuring = True
            await asyncio.sleep(seconds)
            here.measuring = there.measuring = False
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
    results: dict[str, Any] = {
        "watchers_on_each": watchers,
        "seconds": seconds,
        "rate_hz": RATE_HZ,
        "bytes_a_pose": bytes_a_pose(),
        "load_average_before": load_average,  # of other programs: they make both latencies longer
    }
    for name, subscribers in (("feeding_bridge", here), ("other_bridge", there)):
        p50, p95, p99 = np.percentile(subscribers.latency_ms, [50, 95, 99])
        results[name] = {
            "latency_ms": {"p50": round(p50, 2), "p95": round(p95, 2), "p99": round(p99, 2)},
            "delivered_share": round(subscribers.delivered / (seconds * RATE_HZ * watchers), 4),
        }
    medians = [results[name]["latency_ms"]["p50"] for name in ("feeding_bridge", "other_bridge")]
    results["added_median_ms"] = round(medians[1] - medians[0], 2)
    return results


@contextlib.contextmanager
def nats_server(folder: Path) -> Iterator[str]:
    program = Path(sys.executable).with_name("nats-server")
    arguments = ("-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", str(folder))
    with subprocess.Popen((program, *arguments), stderr=subprocess.DEVNULL) as process:
        try:
            while not (found := [p for p in folder.glob("*.ports") if p.read_text()]):
                time.sleep(0.05)
            yield json.loads(found[0].read_text())["nats"][0]
        finally:
            process.kill()


@contextlib.asynccontextmanager
async def bridge(nats: str) -> AsyncIterator[int]:
    command = (sys.executable, "-m", "bridge.cli", "serve", "--host", "127.0.0.1", "--port", "0")
    process = await asyncio.create_subprocess_exec(
        *(*command, "--insecure", "--cluster", nats),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        line = b""
        while not line.startswith(b"Overview"):
            line = await process.stdout.readline()
            if not line:
                raise RuntimeError("a bridge could not start")
        yield int(line.rpartition(b":")[2])
    finally:
        process.terminate()
        await process.communicate()


async def play(port: int) -> None:
    connection = await open_connection(
        f"http://127.0.0.1:{port}", room=ROOM, role="play", ssl=None, insecure=False, token=None
    )
    for side in Side:
        connection.session.send(ShapePacket(side, np.zeros(10), np.zeros((21, 3))))
    rng = np.random.default_rng(5)
    quaternions = rng.normal(size=(2, 16, 4))
    quaternions *= np.where(quaternions[..., 3:] < 0, -1, 1)
    quaternions /= np.linalg.norm(quaternions, axis=-1, keepdims=True)
    begin_s = time.monotonic()
    try:
        for seq in range(10**9):
            await asyncio.sleep(max(0.0, begin_s + seq / RATE_HZ - time.monotonic()))
            hands = tuple(
                HandPacket(side, np.zeros(3), quaternions[side], np.ones(5)) for side in Side
            )
            connection.session.send(PosePacket(seq, time.monotonic_ns(), hands))
            await connection.flush()
    finally:
        await connection.close("played")


if __name__ == "__main__":
    main()
