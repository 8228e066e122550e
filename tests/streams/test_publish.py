"""Our publisher and our endpoint together, over real sockets, and what may go wrong."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import os
import signal
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import psutil
import pytest

from bridge.errors import ConnectionFailedError, InputError, VideoError
from bridge.streams import FullError, Timed, WhipSettings, publish
from bridge.streams.sources import CopySource, open_source

MS = 1_000_000


class Watcher:
    """Takes every frame set of a bridge's room and reads the indices off the pictures."""

    def __init__(self, bridge, read_index) -> None:
        self.sets = []
        self.seen: dict[str, list[tuple[int, int]]] = {}
        self._bridge = bridge
        self._read_index = read_index
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (frames := await self._bridge.rooms.views.next_set()) is not None:
            self.sets.append(frames)
            for frame in frames.frames:
                index = self._read_index(frame.picture)
                self.seen.setdefault(frame.view, []).append((index, frame.time_ns))

    async def end(self) -> None:
        self._bridge.rooms.views.close()
        await self._task


@pytest.fixture
async def watch(helpers):
    watchers = []

    def start(bridge) -> Watcher:
        watchers.append(Watcher(bridge, helpers.read_index))
        return watchers[-1]

    yield start
    for watcher in watchers:
        await watcher.end()


@pytest.mark.parametrize(("copy", "codec"), [(False, "h264"), (True, "h264"), (False, "vp8")])
async def test_frames_arrive_with_their_time_of_capture(bridge, clip, watch, copy, codec):
    watcher = watch(bridge)
    captured: dict[int, int] = {}
    progress: list[tuple[int, int | None]] = []
    stats = await publish(
        clip,
        bridge.whip_url,
        view="phone",
        copy=copy,
        codec=codec,
        on_capture=captured.__setitem__,
        progress=lambda *done: progress.append(done),
    )
    assert stats.sent + stats.dropped == 120
    assert len(captured) == stats.sent
    assert captured[0] == stats.start_monotonic_ns
    assert progress[-1] == (stats.sent, 120)
    assert stats.start_wall_ns == pytest.approx(time.time_ns(), abs=30e9)
    seen = watcher.seen["phone"]
    used, view = bridge.rooms.counts["phone"]
    assert len(seen) == used.used >= 60
    assert view.decoded + view.skipped == stats.sent
    assert view.clock == "capture"
    assert [index for index, _ in seen] == sorted({index for index, _ in seen})
    # This machine's monotonic clock is both the publisher's and the bridge's.
    errors = [abs(stamp - captured[index]) for index, stamp in seen[30:]]
    assert max(errors) < 3 * MS
    assert bridge.rooms.log == [("add", "phone"), ("remove", "phone")]
    assert bridge.endpoint.sessions == ()


async def test_two_views_make_pairs(bridge, clip, watch):
    watcher = watch(bridge)
    await asyncio.gather(
        publish(clip, bridge.whip_url, view="phone", copy=True),
        publish(clip, bridge.whip_url, view="tablet", copy=True),
    )
    assert len(watcher.sets) >= 60
    late = watcher.sets[len(watcher.sets) // 2 : -10]
    assert sum(len(s.frames) == 2 for s in late) >= 0.8 * len(late)


async def test_a_loop_goes_on_until_it_is_stopped(bridge, helpers, tmp_path: Path, watch):
    watcher = watch(bridge)
    short = helpers.write_clip(tmp_path / "short.mp4", 20)
    for copy in (False, True):
        watcher.seen.clear()
        stop = asyncio.Event()
        running = asyncio.create_task(
            publish(short, bridge.whip_url, view="phone", loop=True, copy=copy, stop=stop)
        )
        await helpers.until(lambda: len(watcher.seen.get("phone", ())) >= 50)
        stop.set()
        stats = await running
        assert stats.sent >= 50
        indices = [index for index, _ in watcher.seen["phone"]]
        assert sum(b < a for a, b in pairwise(indices)) >= 2
        times = [stamp for _, stamp in watcher.seen["phone"]]
        assert times == sorted(set(times))


class Made:
    """A source of someone else's making."""

    live = False
    encoded = False
    total = 20

    def __init__(self, coded_picture, *, fail_at: int | None = None) -> None:
        self._coded_picture = coded_picture
        self._fail_at = fail_at
        self.closed = False

    def timed(self) -> Iterator[Timed]:
        try:
            for index in range(self.total):
                if index == self._fail_at:
                    raise VideoError("the camera fell down")
                picture = av.VideoFrame.from_ndarray(self._coded_picture(index), format="rgb24")
                yield Timed(index / 30, picture)
        finally:
            self.closed = True


async def test_any_source_can_be_published(bridge, helpers, watch):
    watcher = watch(bridge)
    stats = await publish(Made(helpers.coded_picture), bridge.whip_url, view="phone")
    assert stats.sent + stats.dropped == 20
    assert len(watcher.seen["phone"]) >= 15


async def test_a_source_that_fails_ends_the_view_and_says_why(bridge, helpers):
    source = Made(helpers.coded_picture, fail_at=5)
    with pytest.raises(VideoError, match="fell down"):
        await publish(source, bridge.whip_url, view="phone")
    assert source.closed
    assert bridge.rooms.log == [("add", "phone"), ("remove", "phone")]


async def test_a_lost_packet_is_given_up_and_a_key_frame_asked_for(bridge, clip, watch, helpers):
    watcher = watch(bridge)
    running = asyncio.create_task(publish(clip, bridge.whip_url, view="phone"))
    await helpers.until(lambda: len(watcher.seen.get("phone", ())) > 20)
    (session,) = bridge.endpoint.sessions
    receiver = session.source._tap._receiver
    handle, lost = receiver._handle_rtp_packet, []

    async def lossy(packet, *args, **kwargs):
        known = receiver._RTCRtpReceiver__codecs[packet.payload_type]
        if not lost:
            lost.append(packet.sequence_number)
        elif known.name.lower() != "rtx":
            await handle(packet, *args, **kwargs)

    receiver._handle_rtp_packet = lossy
    before = len(watcher.seen["phone"])
    await helpers.until(lambda: session.source.stats().skipped > 0)
    await helpers.until(lambda: len(watcher.seen["phone"]) > before + 10)
    await running
    indices = [index for index, _ in watcher.seen["phone"]]
    assert indices == sorted(set(indices))
    gap = max(b - a for a, b in itertools.pairwise(indices))
    # 120 ms until the hole is given up, then the way of a request and of a key frame.
    assert 4 <= gap <= 15
    assert indices[-1] == 119


@pytest.mark.slow
async def test_a_killed_publisher_leaves_within_its_silence(bridge, clip, helpers):
    script = (
        "import asyncio, sys; from bridge.streams import publish; "
        "asyncio.run(publish(sys.argv[1], sys.argv[2], view='phone', loop=True, copy=True))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(clip), bridge.whip_url
    )
    try:
        await helpers.until(lambda: "phone" in bridge.rooms.sources, within_s=30)
        source = bridge.rooms.sources["phone"]
        await helpers.until(lambda: source.stats().decoded > 10)
        os.kill(process.pid, signal.SIGKILL)
        killed = time.monotonic()
        await helpers.until(lambda: ("remove", "phone") in bridge.rooms.log, within_s=5)
        assert 1.5 < time.monotonic() - killed < 3.0
        await helpers.until(lambda: not bridge.endpoint.sessions)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_the_publisher_hears_that_the_bridge_ended_it(bridge, clip, helpers):
    running = asyncio.create_task(publish(clip, bridge.whip_url, view="phone", loop=True))
    await helpers.until(lambda: bridge.rooms.sources.get("phone"))
    source = bridge.rooms.sources["phone"]
    await helpers.until(lambda: source.stats().decoded > 3)
    await bridge.endpoint.close()
    with pytest.raises(ConnectionFailedError, match="ended the connection"):
        await running


async def test_a_bridge_that_falls_silent_is_given_up(bridge, clip, helpers, monkeypatch):
    monkeypatch.setattr("bridge.streams.publisher._SILENCE_S", 2.0)
    running = asyncio.create_task(publish(clip, bridge.whip_url, view="phone", loop=True))
    await helpers.until(lambda: bridge.endpoint.sessions)
    (session,) = bridge.endpoint.sessions
    await helpers.until(lambda: session.source.stats().decoded > 3)

    async def nowhere(_data: bytes) -> None:
        return

    (transceiver,) = session._connection.getTransceivers()
    transceiver.receiver.transport.transport._send = nowhere
    with pytest.raises(ConnectionFailedError, match="not been heard"):
        await running


async def test_nobody_listens(clip):
    with pytest.raises(ConnectionFailedError, match=r"cannot reach http://127\.0\.0\.1:9"):
        await publish(clip, "http://127.0.0.1:9/whip/lesson", view="phone")


async def test_a_refusal_is_passed_on(bridge, clip):
    bridge.rooms.refuse = FullError("the room is full of eels")
    with pytest.raises(ConnectionFailedError, match="503 the room is full of eels"):
        await publish(clip, bridge.whip_url, view="phone", token="secret")
    assert bridge.rooms.tokens == ["secret"]


async def test_an_address_that_is_no_whip_endpoint(bridge, clip):
    with pytest.raises(ConnectionFailedError, match="404"):
        await publish(clip, bridge.url + "/elsewhere", view="phone")


@pytest.mark.parametrize("url", ["", "127.0.0.1:80/whip/a", "ftp://a/whip/b", "http://"])
async def test_an_address_that_is_none(clip, url: str):
    with pytest.raises(InputError):
        await publish(clip, url, view="phone")


async def test_a_bad_view_name(clip):
    with pytest.raises(InputError, match="name"):
        await publish(clip, "http://127.0.0.1:9/whip/lesson", view="My Phone")


async def test_sources_that_cannot_be_published(bridge, helpers, tmp_path: Path):
    with pytest.raises(VideoError, match="no file"):
        await publish(tmp_path / "absent.mp4", bridge.whip_url, view="phone")
    mpeg4 = helpers.write_clip(tmp_path / "old.mp4", 5, codec="mpeg4")
    with pytest.raises(VideoError, match=r"mpeg4, not H\.264"):
        await publish(mpeg4, bridge.whip_url, view="phone", copy=True)
    rotated = helpers.write_clip(tmp_path / "rotated.mp4", 5, rotation=90)
    with pytest.raises(VideoError, match="rotated"):
        await publish(rotated, bridge.whip_url, view="phone", copy=True)
    options = {"bf": "2", "preset": "medium"}
    reordered = helpers.write_clip(tmp_path / "b.mp4", 30, options=options)
    with pytest.raises(VideoError, match="B-frames"):
        await publish(reordered, bridge.whip_url, view="phone", copy=True)
    with pytest.raises(VideoError, match="cannot be opened"):
        await publish("/dev/video99", bridge.whip_url, view="phone")
    assert bridge.rooms.log == []


def test_copied_packets_carry_their_parameter_sets(clip):
    packets = [bytes(timed.media) for timed in CopySource(clip).timed()]
    assert len(packets) == 120
    assert packets[0].startswith(b"\x00\x00\x00\x01")
    decoder = av.CodecContext.create("h264", "r")
    decoded = [f for p in packets for f in decoder.decode(av.Packet(p))] + decoder.decode(None)
    assert len(decoded) == 120


def test_names_of_cameras(monkeypatch):
    opened = []

    def refuse(name, **options):
        opened.append((name, options["format"]))
        raise OSError(19, "No such device")

    monkeypatch.setattr("bridge.streams.sources.av.open", refuse)
    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr("bridge.streams.sources.sys.platform", platform)
        for source in (1, "0", "camera:Desk Cam"):
            with pytest.raises(VideoError, match=r"cannot be opened: .*No such device|have names"):
                open_source(source)
    assert opened == [
        ("/dev/video1", "v4l2"),
        ("/dev/video0", "v4l2"),
        ("Desk Cam", "v4l2"),
        ("1:none", "avfoundation"),
        ("0:none", "avfoundation"),
        ("Desk Cam:none", "avfoundation"),
        ("video=Desk Cam", "dshow"),
    ]


async def test_tls_with_a_certificate_of_our_own(make_bridge, certificate, clip, tmp_path: Path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    bridge = await make_bridge(ssl_context=context)
    with pytest.raises(ConnectionFailedError, match="not trusted"):
        await publish(clip, bridge.whip_url, view="phone")
    stop = asyncio.Event()
    stop.set()
    for trust in ({"insecure": True}, {"ca_file": certificate[0]}):
        await publish(clip, bridge.whip_url, view="phone", stop=stop, **trust)
    assert bridge.rooms.log.count(("add", "phone")) == 2
    nonsense = tmp_path / "nonsense.pem"
    nonsense.write_text("not a certificate")
    for path in (nonsense, tmp_path / "absent.pem"):
        with pytest.raises(InputError, match="PEM"):
            await publish(clip, bridge.whip_url, view="phone", ca_file=path)


@pytest.mark.slow
async def test_twenty_publishers_leave_nothing_behind(make_bridge, helpers, tmp_path: Path):
    bridge = await make_bridge(WhipSettings())
    short = helpers.write_clip(tmp_path / "short.mp4", 6)
    process = psutil.Process()

    async def cycle() -> None:
        await publish(short, bridge.whip_url, view="phone", copy=True)
        await helpers.until(lambda: not bridge.endpoint.sessions)

    for _ in range(3):  # whatever is made once
        await cycle()
    gc.collect()
    tasks = len(asyncio.all_tasks())
    files = process.num_fds()
    threads = {t.name for t in threading.enumerate() if "decoder" in t.name}
    for _ in range(20):
        await cycle()
    gc.collect()
    assert len(asyncio.all_tasks()) <= tasks
    # The server keeps a finished client's TCP connection for a moment.
    await helpers.until(lambda: process.num_fds() <= files + 1)
    assert threads == set()
    assert not [t for t in threading.enumerate() if "decoder" in t.name]
    assert bridge.rooms.log.count(("remove", "phone")) == 23
