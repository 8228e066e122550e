"""Clock messages: what is sent, and what is refused."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import StreamError
from bridge.streams.clock import CaptureClock
from bridge.streams.clock_channel import Capture, ClockPinger, Ping, Pong, decode, encode


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (Ping(5), '{"type": "ping", "t0_ns": 5}'),
        (Pong(5, 7), '{"type": "pong", "t0_ns": 5, "t1_ns": 7}'),
        (Capture(2**32 - 1, 9), '{"type": "capture", "rtp": 4294967295, "time_ns": 9}'),
    ],
)
def test_messages_as_sent(message, text):
    assert encode(message) == text
    assert decode(text) == message


def test_unknown_fields_are_skipped():
    assert decode('{"type":"ping","t0_ns":1,"more":[1]}') == Ping(1)


@pytest.mark.parametrize(
    "text",
    [
        b'{"type":"ping","t0_ns":1}',
        "",
        "null",
        "[]",
        '{"type":"ping"}',
        '{"type":"pang","t0_ns":1}',
        '{"type":["ping"],"t0_ns":1}',
        '{"type":"ping","t0_ns":1.0}',
        '{"type":"ping","t0_ns":true}',
        '{"type":"ping","t0_ns":-1}',
        '{"type":"ping","t0_ns":9223372036854775808}',
        '{"type":"capture","rtp":4294967296,"time_ns":1}',
        '{"type":"ping","t0_ns":1,"pad":"' + "x" * 600 + '"}',
        "[" * 500,
    ],
)
def test_what_is_no_message(text):
    with pytest.raises(StreamError):
        decode(text)


@given(st.text(max_size=600) | st.binary(max_size=600))
def test_any_text_is_a_message_or_refused(text):
    with contextlib.suppress(StreamError):
        decode(text)


class Channel:
    """A data channel whose other end is the test."""

    def __init__(self) -> None:
        self.readyState = "open"
        self.sent: list[str] = []
        self.listener = None

    def on(self, _event, listener):
        self.listener = listener

    def send(self, text):
        self.sent.append(text)


async def test_the_pinger_takes_only_answers_to_its_own_pings():
    channel, clock = Channel(), CaptureClock()
    times = iter(range(1000, 100_000, 1000))
    pinger = ClockPinger(channel, clock, now_ns=lambda: next(times))
    await asyncio.sleep(0)
    assert decode(channel.sent[0]) == Ping(1000)
    channel.listener(encode(Pong(999, 50_000)))
    channel.listener("nonsense")
    assert clock.round_trip_ns is None
    channel.listener(encode(Pong(1000, 50_000)))
    assert clock.round_trip_ns == 3000
    channel.listener(encode(Pong(1000, 90_000)))
    assert clock.round_trip_ns == 3000
    await pinger.stop()
    await pinger.stop()
