"""Latency and cost of receiving two 720p30 streams: aiortc as it is, and as the bridge uses it.

Each picture carries its index. A publisher process notes when each picture was captured, a
receiver process when each came out of the decoder; both read this machine's monotonic clock.
Runs of the two receivers alternate.

Usage: python benchmarks/streams.py [--seconds 12] [--repeats 3]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
import psutil
from _report import write_report
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from bridge.streams import ViewSource, add_whip_routes, publish

VIEWS = ("phone", "tablet")
WARM_UP_FRAMES = 60
BITS, BLOCK = 12, 16
SIZE = (1280, 720)


def write_clip(path: Path, seconds: int) -> None:
    """A moving shape over a noisy background, H.264 at 2.5 Mbit/s, indices along the top."""
    rng = np.random.default_rng(1)
    still = rng.integers(60, 190, (90, 160, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 2_500_000
        stream.codec_context.gop_size = 60
        stream.options = {"preset": "veryfast", "tune": "zerolatency", "bf": "0"}
        for index in range(seconds * 30):
            picture = still.copy()
            x = 40 + index * 11 % 1100
            picture[250:500, x : x + 120] = (200, 150, 120)
            for bit in range(BITS):
                picture[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 * (index >> bit & 1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def read_index(picture: av.VideoFrame) -> int:
    """The index, from the brightness plane alone: nothing is converted."""
    plane = picture.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    line = rows[BLOCK // 2, BLOCK // 2 : BITS * BLOCK : BLOCK]
    return sum(int(value > 127) << bit for bit, value in enumerate(line))


class Receiver:
    """What both receivers note: when each view's pictures came."""

    def __init__(self) -> None:
        self.came: dict[str, dict[int, int]] = {}
        self.open: set[str] = set()
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()

    def take(self, view: str, picture: av.VideoFrame) -> None:
        self.came.setdefault(view, {}).setdefault(read_index(picture), time.monotonic_ns())
        if len(self.came) == len(VIEWS):
            self.begun.set()

    def left(self, view: str) -> None:
        self.open.discard(view)
        if not self.open and self.begun.is_set():
            self.ended.set()


class OursReceiver(Receiver):
    """The bridge's endpoint; a `WhipHost`."""

    def routes(self, app: web.Application) -> None:
        add_whip_routes(app, self)

    def authorise(self, room: str, view: str, token: str | None) -> None:
        pass

    def add_view(self, _room: str, source: ViewSource) -> None:
        self.open.add(source.view)
        source.subscribe(lambda frame: self.take(frame.view, frame.picture))

    def remove_view(self, _room: str, source: ViewSource) -> None:
        self.left(source.view)


class StockReceiver(Receiver):
    """The least code around aiortc that answers WHIP and reads the track."""

    def routes(self, app: web.Application) -> None:
        self._connections: dict[str, RTCPeerConnection] = {}
        self._tasks: list[asyncio.Task[None]] = []
        app.router.add_post("/whip/lesson", self._post)
        app.router.add_delete("/session/{view}", self._delete)

    async def _post(self, request: web.Request) -> web.Response:
        view = request.query["view"]
        connection = self._connections[view] = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.open.add(view)
        connection.on(
            "track", lambda track: self._tasks.append(asyncio.create_task(self._read(view, track)))
        )
        offer = RTCSessionDescription(await request.text(), "offer")
        await connection.setRemoteDescription(offer)
        await connection.setLocalDescription(await connection.createAnswer())
        return web.Response(
            status=201,
            text=connection.localDescription.sdp,
            content_type="application/sdp",
            headers={"Location": f"/session/{view}"},
        )

    async def _delete(self, request: web.Request) -> web.Response:
        view = request.match_info["view"]
        await self._connections[view].close()
        self.left(view)
        return web.Response()

    async def _read(self, view: str, track) -> None:
        try:
            while True:
                self.take(view, await track.recv())
        except MediaStreamError:
            return


async def receive(kind: str) -> None:
    receiver = {"stock": StockReceiver, "ours": OursReceiver}[kind]()
    app = web.Application()
    receiver.routes(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    process = psutil.Process()
    await receiver.begun.wait()
    started, before = time.monotonic(), process.cpu_times()
    await receiver.ended.wait()
    after, seconds = process.cpu_times(), time.monotonic() - started
    used = after.user + after.system - before.user - before.system
    print(json.dumps({"cpu_cores": used / seconds, "came": receiver.came}), flush=True)
    await runner.cleanup()


async def send(clip: str, url: str, codec: str) -> None:
    captured: dict[str, dict[int, int]] = {view: {} for view in VIEWS}
    await asyncio.gather(
        *(
            publish(
                clip,
                url,
                view=view,
                codec=codec,
                copy=codec == "h264",
                on_capture=captured[view].__setitem__,
            )
            for view in VIEWS
        )
    )
    print(json.dumps(captured), flush=True)


def run(kind: str, codec: str, clip: Path) -> dict[str, float]:
    """One run of one receiver: latencies in milliseconds, share of a core, share of frames."""
    own = [sys.executable, __file__]
    with subprocess.Popen([*own, "--receive", kind], stdout=subprocess.PIPE, text=True) as receiver:
        url = f"http://127.0.0.1:{receiver.stdout.readline().strip()}/whip/lesson"
        sender = subprocess.run(
            [*own, "--send", str(clip), url, codec], stdout=subprocess.PIPE, text=True, check=True
        )
        result = json.loads(receiver.stdout.readline())
    captured = json.loads(sender.stdout)
    latencies = [
        (came - captured[view][index]) / 1e6
        for view in VIEWS
        for index, came in result["came"][view].items()
        if index in captured[view] and int(index) >= WARM_UP_FRAMES
    ]
    sent = sum(int(index) >= WARM_UP_FRAMES for view in VIEWS for index in captured[view])
    p50, p95 = np.percentile(latencies, [50, 95])
    return {
        "latency_p50_ms": float(p50),
        "latency_p95_ms": float(p95),
        "receiver_cores": result["cpu_cores"],
        "frames_received_share": len(latencies) / sent,
    }


def summary(runs: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    """Median and interquartile range of each number over the runs."""
    result = {}
    for name in runs[0]:
        values = sorted(run[name] for run in runs)
        low, high = np.percentile(values, [25, 75])
        result[name] = {
            "median": round(statistics.median(values), 3),
            "iqr": round(float(high - low), 3),
        }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--receive", help=argparse.SUPPRESS)
    parser.add_argument("--send", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.receive:
        asyncio.run(receive(arguments.receive))
        return
    if arguments.send:
        asyncio.run(send(*arguments.send))
        return
    results: dict[str, object] = {
        "streams": len(VIEWS),
        "size_px": SIZE,
        "rate_hz": 30,
        "seconds": arguments.seconds,
        "repeats": arguments.repeats,
        "note": "h264 is copied from the file, so its capture-to-decoded latency has no encoder "
        "in it; vp8 is encoded by aiortc in the publisher process on the same machine",
    }
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        write_clip(clip, arguments.seconds)
        for codec in ("h264", "vp8"):
            runs: dict[str, list[dict[str, float]]] = {"stock": [], "ours": []}
            for _ in range(arguments.repeats):
                for kind, done in runs.items():
                    done.append(run(kind, codec, clip))
                    print(codec, kind, done[-1], flush=True)
            numbers = {kind: summary(done) for kind, done in runs.items()}
            ratio = [
                ours["latency_p50_ms"] / stock["latency_p50_ms"]
                for ours, stock in zip(runs["ours"], runs["stock"], strict=True)
            ]
            results[codec] = numbers | {"latency_p50_ratio": round(statistics.median(ratio), 3)}
    print(write_report("streams", results))


if __name__ == "__main__":
    main()
