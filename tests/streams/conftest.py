"""Synthetic clips whose pictures say which frame they are, and a bridge's WHIP end on loopback."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from ipaddress import IPv4Address
from pathlib import Path

import av
import numpy as np
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bridge.streams import (
    SynchronisedViews,
    ViewCount,
    ViewSource,
    ViewStats,
    WhipEndpoint,
    WhipSettings,
    add_whip_routes,
)

BITS, BLOCK = 12, 16


def coded_picture(index: int, size=(320, 240)) -> np.ndarray:
    """A picture with its index in black and white blocks along the top edge; RGB."""
    width, height = size
    picture = np.full((height, width, 3), 90, np.uint8)
    x = 40 + index * 7 % (width - 80)
    picture[height // 2 :, x : x + 40] = (200, 150, 120)
    for bit in range(BITS):
        block = picture[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK]
        block[:] = 255 if index >> bit & 1 else 0
    return picture


def read_index(picture: av.VideoFrame) -> int:
    """The index in a coded picture, whatever encoding has done to it."""
    grey = picture.to_ndarray(format="gray")
    scale = picture.width / 320 if picture.width < 320 else 1
    size = round(BLOCK * scale)
    blocks = [grey[2 : size - 2, b * size + 2 : (b + 1) * size - 2] for b in range(BITS)]
    return sum(int(block.mean() > 127) << bit for bit, block in enumerate(blocks))


def write_clip(
    path: Path,
    frames: int = 30,
    *,
    rate: int = 30,
    size=(320, 240),
    codec: str = "libx264",
    times_ms: list[int] | None = None,
    rotation: int = 0,
    audio: bool = False,
    options: dict[str, str] | None = None,
    first: int = 0,
    pixels: str = "yuv420p",
) -> Path:
    """Writes coded pictures; without B-frames unless the options ask for them."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = pixels
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.gop_size = 15
        if codec == "libx264":
            stream.options = {"bf": "0", "preset": "ultrafast", "crf": "18"} | (options or {})
        if rotation:
            stream.set_display_rotation(rotation)
        sound = container.add_stream("aac", rate=48_000) if audio else None
        for index in range(frames):
            picture = av.VideoFrame.from_ndarray(coded_picture(first + index, size), format="rgb24")
            picture.pts = times_ms[index] if times_ms else round(index * 1000 / rate)
            picture.time_base = Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        if sound is not None:
            samples = av.AudioFrame.from_ndarray(
                np.zeros((2, 1024), np.float32), format="fltp", layout="stereo"
            )
            samples.sample_rate = 48_000
            container.mux(sound.encode(samples))
            container.mux(sound.encode(None))
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds at 30 frames a second."""
    return write_clip(tmp_path_factory.mktemp("clips") / "clip.mp4", 120)


class Rooms:
    """The least that a bridge's rooms are to the endpoint, with a log of what happened."""

    def __init__(self) -> None:
        self.views = SynchronisedViews()
        self.sources: dict[str, ViewSource] = {}
        self.log: list[tuple[str, str]] = []
        self.counts: dict[str, tuple[ViewCount, ViewStats]] = {}
        self.refuse: Exception | None = None
        self.tokens: list[str | None] = []

    def authorise(self, room: str, view: str, token: str | None) -> None:
        self.tokens.append(token)
        if self.refuse is not None:
            raise self.refuse

    def add_view(self, room: str, source: ViewSource) -> None:
        self.log.append(("add", source.view))
        self.sources[source.view] = source
        self.views.add(source)

    def remove_view(self, room: str, source: ViewSource) -> None:
        self.log.append(("remove", source.view))
        self.counts[source.view] = (self.views.count(source.view), source.stats())
        self.views.remove(source.view, source)
        if self.sources.get(source.view) is source:
            del self.sources[source.view]


class Bridge:
    """A running WHIP endpoint."""

    def __init__(self, rooms: Rooms, endpoint: WhipEndpoint, url: str) -> None:
        self.rooms = rooms
        self.endpoint = endpoint
        self.url = url

    @property
    def whip_url(self) -> str:
        return f"{self.url}/whip/lesson"


MakeBridge = Callable[..., "AsyncIterator[Bridge]"]


@pytest.fixture
async def make_bridge() -> AsyncIterator[Callable]:
    """Starts bridges; all are stopped at the end of the test."""
    runners: list[web.AppRunner] = []

    async def make(settings: WhipSettings | None = None, *, ssl_context=None) -> Bridge:
        app, rooms = web.Application(), Rooms()
        endpoint = add_whip_routes(app, rooms, settings)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        runners.append(runner)
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context).start()
        scheme = "https" if ssl_context else "http"
        return Bridge(rooms, endpoint, f"{scheme}://127.0.0.1:{runner.addresses[0][1]}")

    yield make
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def bridge(make_bridge) -> Bridge:
    return await make_bridge()


async def until(condition: Callable[[], object], *, within_s: float = 15.0) -> None:
    """Waits for a condition, polling; fails when it does not come about in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"not within {within_s} s: {condition}")
        await asyncio.sleep(0.02)


@pytest.fixture
def helpers():
    """What tests share: ``write_clip``, ``read_index``, ``coded_picture``, ``until``."""

    class Helpers:
        pass

    for function in (write_clip, read_index, coded_picture, until):
        setattr(Helpers, function.__name__, staticmethod(function))
    return Helpers


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-made P-256 certificate for 127.0.0.1 and its key, PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    certificate_path, key_path = folder / "certificate.pem", folder / "key.pem"
    certificate_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_path, key_path
