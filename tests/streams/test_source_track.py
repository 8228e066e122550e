"""Pacing and encoding of what is published."""

from __future__ import annotations

import itertools
import threading
import time
from fractions import Fraction

import av
import pytest
from aiortc.mediastreams import MediaStreamError

from bridge.streams import Timed
from bridge.streams.source_track import H264Encoder, SourceTrack

MS = 1_000_000


class Source:
    """Pictures with given times; each but the first is held back until it is released."""

    encoded = False
    total = None

    def __init__(self, times_s, *, live: bool = False, delay_s: float = 0.0) -> None:
        self.times_s = times_s
        self.live = live
        self.delay_s = delay_s

    def timed(self):
        for time_s in self.times_s:
            threading.Event().wait(self.delay_s)
            yield Timed(time_s, av.VideoFrame(64, 64, "yuv420p"))


async def drain(track: SourceTrack, *, work_s: float = 0.0):
    """Takes all pictures, as a sender that needs ``work_s`` for each would."""
    taken = []
    while True:
        try:
            taken.append(await track.recv())
        except MediaStreamError:
            return taken
        if work_s:
            time.sleep(work_s)  # noqa: ASYNC251 - the event loop of a busy machine


async def test_pictures_leave_when_they_are_due():
    captured = []
    times = [5.0, 5.02, 5.1, 5.11]
    track = SourceTrack(Source(times), on_capture=lambda i, t: captured.append((i, t)))
    taken = await drain(track)
    assert track.finished
    assert [p.pts for p in taken] == [0, 1800, 9000, 9900]
    assert [i for i, _ in captured] == [0, 1, 2, 3]
    assert [t - track.start_ns for _, t in captured] == [0, 20 * MS, 100 * MS, 110 * MS]
    assert time.monotonic_ns() - track.start_ns >= 110 * MS
    await track.close()
    await track.close()


async def test_a_live_source_gives_the_times_itself():
    now = time.monotonic()
    track = SourceTrack(Source([now, now + 0.01], live=True), codec="vp8")
    await drain(track)
    assert track.start_ns == pytest.approx(now * 1e9, abs=1000)
    await track.close()


async def test_a_busy_sender_makes_late_pictures_be_left_out():
    track = SourceTrack(Source([i / 100 for i in range(100)]), codec="vp8")
    taken = await drain(track, work_s=0.03)
    assert track.dropped > 40
    assert len(taken) == track.sent == 100 - track.dropped
    assert len(taken) > 15
    await track.close()


async def test_a_slow_source_is_sent_whole_and_its_times_are_moved(caplog):
    track = SourceTrack(Source([i / 100 for i in range(60)], delay_s=0.025), codec="vp8")
    taken = await drain(track)
    assert len(taken) >= 55
    assert "slower than its own times" in caplog.text
    assert all(a.pts < b.pts for a, b in itertools.pairwise(taken))
    assert taken[-1].pts / 90_000 > 1.0
    await track.close()


def test_the_encoder_makes_one_packet_a_picture_and_key_frames_on_request():
    encoder = H264Encoder(keyframe_interval=100)
    keyframes = []
    for index in range(20):
        picture = av.VideoFrame(320 if index < 15 else 160, 240, "yuv420p")
        picture.pts, picture.time_base = index * 3000, Fraction(1, 90_000)
        packet = encoder.encode(picture, keyframe=index == 7)
        assert packet.pts == index * 3000
        if packet.is_keyframe:
            keyframes.append(index)
            assert bytes(packet).startswith(b"\x00\x00\x00\x01\x67")
    assert keyframes == [0, 7, 15]


def test_the_encoder_takes_odd_sizes_and_other_formats():
    picture = av.VideoFrame(321, 241, "rgb24")
    picture.pts, picture.time_base = 0, Fraction(1, 90_000)
    decoder = av.CodecContext.create("h264", "r")
    (decoded, *_) = decoder.decode(H264Encoder().encode(picture)) + decoder.decode(None)
    assert (decoded.width, decoded.height) == (320, 240)


async def test_whatever_a_source_raises_is_kept():
    class Broken(Source):
        def timed(self):
            yield from super().timed()
            raise ZeroDivisionError("a bug in somebody's camera")

    track = SourceTrack(Broken([0.0]), codec="vp8")
    assert len(await drain(track)) == 1
    assert track.finished
    assert isinstance(track.error, ZeroDivisionError)
    await track.close()
