"""Sight messages: what is sent, what is refused, and when none is sent."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import StreamError
from bridge.streams.sight_channel import (
    MAX_BYTES,
    MAX_RATE_HZ,
    Cameras,
    SeenHand,
    Sight,
    SightOutlet,
    decode,
    encode,
)

HAND = SeenHand(np.linspace(-0.2, 1.1, 42).reshape(21, 2), 0.8)
FULL = Sight(
    seq=7,
    size_px=(1280, 720),
    rate_hz=29.9,
    latency_ms=81.25,
    clock=True,
    others=2,
    together=1,
    spread_ms=4.0,
    cameras=Cameras.KNOWN,
    nearest_deg=47.6,
    instrument=True,
    tapped=True,
    hands=(HAND, HAND),
)
EMPTY = Sight(seq=0, size_px=(0, 0), rate_hz=0.0, latency_ms=None, clock=False)
ANY = st.binary(max_size=MAX_BYTES + 8)
NO_HAND = st.binary(min_size=20, max_size=20).map(lambda rest: b"\1\0" + rest)


def test_what_is_sent_is_read():
    read = decode(encode(FULL))
    assert len(encode(FULL)) == MAX_BYTES == 192
    assert (read.seq, read.size_px, read.clock, read.others, read.together) == (
        7, (1280, 720), True, 2, 1,
    )  # fmt: skip
    assert (read.rate_hz, read.latency_ms, read.spread_ms) == (29.9, 81.2, 4.0)
    assert (read.cameras, read.nearest_deg) == (Cameras.KNOWN, 48.0)
    assert (read.instrument, read.tapped) == (True, True)
    for hand in read.hands:
        # A tenth of a pixel of a picture of 3,000.
        np.testing.assert_allclose(hand.points, HAND.points, atol=2e-5)
        assert hand.confidence == pytest.approx(0.8, abs=1 / 255)


def test_the_bytes_are_those_that_the_pages_test_reads():
    # bridge/web/test/capture/sight.test.ts begins with the same.
    sight = replace(FULL, latency_ms=81.1)
    assert encode(sight)[:22].hex() == "011f0005d0022b012b03280000000201033007000000"


def test_nothing_seen_is_22_bytes():
    assert len(encode(EMPTY)) == 22
    assert decode(encode(EMPTY)) == EMPTY


@pytest.mark.parametrize("which", [0, 1])
def test_one_hand_keeps_its_side(which):
    hands = (HAND, None) if which == 0 else (None, HAND)
    read = decode(
        encode(Sight(seq=1, size_px=(2, 2), rate_hz=1, latency_ms=0, clock=False, hands=hands))
    )
    assert [hand is not None for hand in read.hands] == [which == 0, which == 1]


def test_what_is_out_of_range_goes_to_its_end():
    wild = SeenHand(np.full((21, 2), np.nan), 7.0)
    wild.points[3] = 1e9, -1e9
    sight = Sight(
        seq=2**40 + 3, size_px=(10**6, 9), rate_hz=1e9, latency_ms=np.inf, clock=False, others=999,
        nearest_deg=-4.0, hands=(wild, None),
    )  # fmt: skip
    read = decode(encode(sight))
    assert (read.seq, read.size_px, read.others) == (3, (65534, 9), 255)
    assert (read.rate_hz, read.latency_ms, read.nearest_deg) == (6553.4, None, 0.0)
    assert read.hands[0].points[3].tolist() == [1.5, -0.5]
    assert read.hands[0].confidence == 1.0


def changed(at: int, value: int) -> bytes:
    data = bytearray(encode(FULL))
    data[at] = value
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        "x" * 22,
        encode(FULL)[:-1],
        encode(FULL) + b"\0",
        encode(EMPTY)[:-1],
        encode(EMPTY) + b"\0" * 85,
        changed(0, 2),
        changed(1, 1),
        changed(1, 0x43),
        changed(12, 1),
        changed(16, 4),
        changed(17, 200),
    ],
)
def test_what_is_no_message(data):
    with pytest.raises(StreamError):
        decode(data)


@given(
    st.binary(max_size=MAX_BYTES + 8)
    | st.binary(min_size=22, max_size=22).map(lambda b: b"\1\0" + b[2:])
)
def test_any_bytes_are_a_message_or_refused(data):
    with contextlib.suppress(StreamError):
        read = decode(data)
        assert encode(read) == data


class Channel:
    """A data channel whose other end is the test."""

    def __init__(self) -> None:
        self.readyState = "open"
        self.bufferedAmount = 0
        self.sent: list[bytes] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data)


def offer(outlet: SightOutlet, now_ns: int) -> None:
    outlet.offer(now_ns, lambda seq: replace(EMPTY, seq=seq))


def test_no_more_than_fifteen_a_second():
    outlet, channel = SightOutlet(), Channel()
    outlet.attach(channel)
    for picture in range(300):  # ten seconds of 30 a second, unevenly
        offer(outlet, picture * 33_333_333 + (picture % 3) * 4_000_000)
    assert 140 <= len(channel.sent) <= 10 * MAX_RATE_HZ + 1
    assert [decode(data).seq for data in channel.sent] == list(range(len(channel.sent)))


def test_a_slow_channel_is_skipped_and_never_queued():
    outlet, channel = SightOutlet(), Channel()
    outlet.attach(channel)
    channel.bufferedAmount = 22
    for second in range(5):
        offer(outlet, second * 10**9)
    assert (channel.sent, outlet.skipped) == ([], 5)
    channel.bufferedAmount = 0
    offer(outlet, 6 * 10**9)
    assert (len(channel.sent), outlet.sent) == (1, 1)


def test_nothing_is_made_for_who_does_not_ask():
    outlet, channel = SightOutlet(), Channel()
    make = pytest.fail
    outlet.offer(10**9, make)
    channel.readyState = "closed"
    outlet.attach(channel)
    outlet.offer(10**9, make)
    outlet.attach(other := Channel())  # a second channel of that name changes nothing
    outlet.offer(2 * 10**9, make)
    assert other.sent == []
