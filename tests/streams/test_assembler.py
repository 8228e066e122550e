"""Frames from packets: golden order, deterministic loss, reordering, wrap-around."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.streams.assembler import FrameAssembler, is_keyframe

MS = 1_000_000
SPS = b"\x00\x00\x00\x01\x67\x42\xe0\x1f"
IDR = b"\x00\x00\x00\x01\x65"
SLICE = b"\x00\x00\x00\x01\x41"


def packets(frames, *, per_frame=4, first_sequence=65530, first_timestamp=2**32 - 4500, gop=10):
    """(sequence, timestamp, marker, payload) of ``frames`` H.264 frames at 30 per second."""
    sequence = first_sequence
    for index in range(frames):
        head = SPS + IDR if index % gop == 0 else SLICE
        for part in range(per_frame):
            payload = (head if part == 0 else b"") + bytes([index % 251 + 1]) * 20
            marker = part == per_frame - 1
            timestamp = (first_timestamp + 3000 * index) % 2**32
            yield sequence % 2**16, timestamp, marker, payload
            sequence += 1


def feed(assembler, sent, *, now_ns=0):
    frames, requests = [], 0
    for sequence, timestamp, marker, payload in sent:
        new, request = assembler.add(
            sequence=sequence, timestamp=timestamp, marker=marker, payload=payload, now_ns=now_ns
        )
        frames += new
        requests += request
    return frames, requests


def test_a_frame_is_released_with_its_last_packet():
    assembler = FrameAssembler()
    sent = list(packets(2))
    assert feed(assembler, sent[:3])[0] == []
    (frame,), _ = feed(assembler, sent[3:4])
    assert frame.data == b"".join(payload for *_, payload in sent[:4])


def test_wrap_around_of_both_counters():
    frames, requests = feed(FrameAssembler(), packets(10))
    assert len(frames) == 10
    assert requests == 0
    steps = {b.timestamp - a.timestamp for a, b in itertools.pairwise(frames)}
    assert steps == {3000}
    assert frames[0].timestamp == 2**32 - 4500


def test_a_sender_without_marker_bits_still_gets_through():
    sent = [(s, t, False, p) for s, t, _, p in packets(3)]
    frames, _ = feed(FrameAssembler(), sent)
    assert len(frames) == 2


def test_padding_after_the_marker_makes_no_frame():
    sent = list(packets(2, per_frame=2, first_sequence=10))
    padding = [(12, sent[1][1], False, b""), (13, sent[1][1], False, b"")]
    rest = [(s + 2, t, m, p) for s, t, m, p in sent[2:]]
    frames, _ = feed(FrameAssembler(), sent[:2] + padding + rest)
    assert [len(f.data) for f in frames] == [
        sum(len(p) for *_, p in sent[i : i + 2]) for i in (0, 2)
    ]


def test_a_repaired_hole_releases_all_that_waited():
    """One packet may complete several frames; releasing one each would leave a lasting backlog."""
    assembler = FrameAssembler()
    sent = list(packets(4, per_frame=1))
    assert len(feed(assembler, sent[:1])[0]) == 1
    assert feed(assembler, sent[2:])[0] == []
    frames, _ = feed(assembler, sent[1:2])
    assert len(frames) == 3


def test_a_stall_skips_to_the_next_key_frame_and_asks_for_it():
    assembler = FrameAssembler(stall_ns=120 * MS)
    sent = list(packets(30))
    released, requests_at = [], []
    for place, (sequence, timestamp, marker, payload) in enumerate(sent):
        if place == 13:  # frame 3 loses its second packet, for ever
            continue
        now_ns = place // 4 * 33 * MS
        frames, request = assembler.add(
            sequence=sequence, timestamp=timestamp, marker=marker, payload=payload, now_ns=now_ns
        )
        released += [(f.timestamp - (2**32 - 4500)) // 3000 for f in frames]
        if request:
            requests_at.append(now_ns // MS)
    assert released == [0, 1, 2, *range(10, 30)]
    assert requests_at == [231]  # the hole opened at 99 ms; the first packet >= 120 ms later
    assert assembler.stats.stalls == 1
    assert assembler.stats.released == 23


def test_a_sender_that_makes_no_key_frames_is_not_waited_for_long():
    assembler = FrameAssembler(stall_ns=100 * MS, keyframe_wait_ns=500 * MS)
    released = []
    for place, (sequence, timestamp, marker, payload) in enumerate(packets(40, gop=1000)):
        if place == 13:
            continue
        now_ns = place // 4 * 33 * MS
        frames, _ = assembler.add(
            sequence=sequence, timestamp=timestamp, marker=marker, payload=payload, now_ns=now_ns
        )
        released += [(now_ns - (f.timestamp - (2**32 - 4500)) // 3000 * 33 * MS) for f in frames]
    assert len(released) >= 40 - 3 - 16 - 4
    assert max(released) == 0  # once it runs again, it runs without a backlog


def test_packets_of_a_given_up_place_are_counted_late():
    assembler = FrameAssembler(stall_ns=10 * MS)
    sent = list(packets(12))
    feed(assembler, sent[:5], now_ns=0)
    feed(assembler, sent[6:9], now_ns=0)
    feed(assembler, sent[9:], now_ns=20 * MS)
    feed(assembler, sent[5:6], now_ns=21 * MS)
    assert assembler.stats.late == 1


def test_a_restarted_sequence_is_followed():
    assembler = FrameAssembler()
    feed(assembler, packets(5, first_sequence=100))
    frames, requests = feed(assembler, packets(5, first_sequence=30_000), now_ns=MS)
    assert len(frames) == 5
    assert assembler.stats.stalls == 1
    assert requests == 1


def test_joining_in_the_middle_asks_for_a_key_frame():
    sent = list(packets(12))[4:]
    frames, requests = feed(FrameAssembler(), sent)
    assert requests == 1
    assert len(frames) == 2


def test_memory_is_bounded_under_a_hole_that_never_ages():
    assembler = FrameAssembler(stall_ns=10**18, capacity=64)
    feed(assembler, [p for i, p in enumerate(packets(500)) if i != 5])
    assert len(assembler._waiting) <= 64
    assert assembler.stats.released > 400


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 6))
def test_reordered_within_reach_nothing_is_lost(rng: random.Random, reach: int):
    sent = list(packets(20))
    order = sorted(range(1, len(sent)), key=lambda i: i + rng.uniform(0, reach))
    frames, _ = feed(FrameAssembler(), [sent[i] for i in [0, *order]])
    assert b"".join(f.data for f in frames) == b"".join(p for *_, p in sent)


def test_a_packet_overtaken_at_the_very_start_is_kept():
    sent = list(packets(3))
    frames, _ = feed(FrameAssembler(), [sent[1], sent[2], sent[0], *sent[3:]])
    assert len(frames) == 3


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.floats(0, 0.3))
def test_under_any_loss_every_released_frame_is_whole_and_in_order(rng: random.Random, loss: float):
    assembler = FrameAssembler(keyframe_wait_ns=10**15)
    sent = list(packets(100))
    whole = {(sent[i][1]): b"".join(p for *_, p in sent[i : i + 4]) for i in range(0, len(sent), 4)}
    seen = []
    for place, (sequence, timestamp, marker, payload) in enumerate(sent):
        if rng.random() < loss:
            continue
        frames, _ = assembler.add(
            sequence=sequence,
            timestamp=timestamp,
            marker=marker,
            payload=payload,
            now_ns=place // 4 * 33 * MS,
        )
        seen += frames
    assert [f.timestamp for f in seen] == sorted({f.timestamp for f in seen})
    # A key frame whose last packets are lost cannot be told from a whole one when its successor
    # has no marker either; every other frame must be byte for byte what was sent.
    broken = [f for f in seen if f.data != whole[f.timestamp % 2**32]]
    assert not broken


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (SPS + b"\x00\x00\x00\x01\x68\xce" + IDR + b"\x88", True),
        (b"\x00\x00\x01\x09\x10" + b"\x00\x00\x01\x65\x88", True),
        (SLICE + b"\x9a", False),
        (b"\x10\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02", True),
        (b"\x11\x02\x00\x9d\x01\x2a\x00\x05\xd0\x02", False),
        (b"\x88" * 40, False),
        (b"\x00\x00\x01", False),
        (b"", False),
    ],
)
def test_is_keyframe(data: bytes, expected: bool):
    assert is_keyframe(data) is expected
