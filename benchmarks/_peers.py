"""WHIP clients that nobody here wrote: Chromium through the capture page, FFmpeg's muxer in PyAV.

python benchmarks/_peers.py ffmpeg VIDEO URL FOLDER     publish until killed
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av

CHROMIUM_ARGUMENTS = (
    "--disable-gpu",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Two instances on one screenless machine: neither may be taken for a hidden tab.
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
)


def motion_jpeg(video: Path, folder: Path) -> Path:
    """The video as Chromium's fake camera reads it."""
    path = folder / f"{video.stem}.mjpeg"
    with av.open(str(video)) as source, av.open(str(path), "w", format="mjpeg") as sink:
        read = source.streams.video[0]
        write = sink.add_stream("mjpeg", rate=30, options={"qmin": "2", "qmax": "4"})
        write.width, write.height, write.pix_fmt = read.width, read.height, "yuvj420p"
        for count, picture in enumerate(source.decode(read)):
            full_range = picture.reformat(format="yuvj420p")
            full_range.pts, full_range.time_base = count, Fraction(1, 30)
            sink.mux(write.encode(full_range))
        sink.mux(write.encode())
    return path


@contextlib.asynccontextmanager
async def chromium(video: Path, bridge: str, *, room: str, view: str) -> AsyncIterator[None]:
    """A headless Chromium whose camera is the video, on the bridge's capture page."""
    from playwright.async_api import async_playwright

    with tempfile.TemporaryDirectory() as name:
        camera = await asyncio.to_thread(motion_jpeg, video, Path(name))
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=shutil.which("chromium"),
                args=[*CHROMIUM_ARGUMENTS, f"--use-file-for-fake-video-capture={camera}"],
            )
            try:
                page = await browser.new_page()
                await page.goto(f"{bridge}/capture?room={room}&view={view}&autostart=1")
                yield
            finally:
                await browser.close()


@contextlib.asynccontextmanager
async def ffmpeg(video: Path, bridge: str, *, room: str, view: str) -> AsyncIterator[None]:
    """FFmpeg's own WHIP muxer, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            "ffmpeg",
            str(video),
            f"{bridge}/whip/{room}?view={view}",
            folder,
        )
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _publish_with_ffmpeg(video: str, url: str, folder: Path) -> None:
    """Encodes and sends a video over and over at its own pace."""
    from bridge.tls import own_certificate

    certificate, key = own_certificate(folder)
    options = {
        "cert_file": str(certificate),
        "key_file": str(key),
        "whip_flags": "dtls_active",
    }
    with av.open(url, "w", format="whip", options=options) as sink:
        encoder = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": "30"}
        write = None
        begin, count = time.monotonic(), 0
        while True:
            with av.open(video) as source:
                for picture in source.decode(video=0):
                    if write is None:
                        write = sink.add_stream("libx264", rate=30, options=encoder)
                        write.width, write.height = picture.width, picture.height
                        write.pix_fmt, write.bit_rate = "yuv420p", 2_500_000
                    wait = begin + count / 30 - time.monotonic()
                    time.sleep(max(0.0, wait))
                    picture.pts, picture.time_base = count, Fraction(1, 30)
                    sink.mux(write.encode(picture))
                    count += 1


if __name__ == "__main__":
    _publish_with_ffmpeg(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
