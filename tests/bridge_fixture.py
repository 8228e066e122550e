"""A real bridge for tests: its own port on loopback, in the test's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from aiohttp import web_app

from bridge.config import Settings
from bridge.server import run

DEADLINE_S = 30.0


@contextlib.asynccontextmanager
async def running_bridge(folder: Path, **settings: Any) -> AsyncIterator[str]:
    """Runs a bridge; yields its address."""
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    defaults = {"host": "127.0.0.1", "port": 0, "insecure": True}
    task = asyncio.create_task(
        run(Settings(**defaults | settings), folder, on_ready=port.set_result)
    )
    await asyncio.wait([task, port], return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
    try:
        yield f"http://127.0.0.1:{port.result()}"
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        # aiohttp keeps the last 1,024 handlers with their applications, and those their nets:
        # 50 MB a bridge. A program has one; a test run has hundreds.
        web_app._cached_build_middleware.cache_clear()


async def until(condition: Callable[[], Any], what: str) -> None:
    """Waits for a condition, asked again and again; fails after a deadline."""
    end_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end_s, f"not within {DEADLINE_S:.0f} s: {what}"
        await asyncio.sleep(0.02)


def grey_video(path: Path, *, seconds: float = 1.0, size: tuple[int, int] = (320, 240)) -> Path:
    """A video of noise: pictures, and no hands."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"bf": "0", "g": "15"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for _ in range(round(30 * seconds)):
            picture = rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def cut_short(video: Path, path: Path, share: float) -> Path:
    """The first part of a video's bytes, readable as far as they go."""
    fast = path.with_name(f"fast_{path.name}")
    with (
        av.open(str(video)) as source,
        av.open(str(fast), "w", options={"movflags": "faststart"}) as copy,
    ):
        stream = copy.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                copy.mux(packet)
    path.write_bytes(fast.read_bytes()[: round(share * fast.stat().st_size)])
    return path
