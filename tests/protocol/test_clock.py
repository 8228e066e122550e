"""Clock offset from pings, against a network whose delays are known."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol import ClockSync

MS = 1_000_000
SECOND = 1_000_000_000


def exchange(sync, at_ns, *, offset_ns, out_ns, back_ns, held_ns=0):
    """One ping at local time ``at_ns``."""
    t1 = at_ns + out_ns + offset_ns
    t2 = t1 + held_ns
    sync.add(at_ns, t1, t2, t2 - offset_ns + back_ns)


def test_before_the_first_ping():
    sync = ClockSync()
    assert not sync.ready
    assert sync.offset_ns == 0
    assert sync.rtt_ns is None


@given(
    st.integers(-(10**18), 10**18),
    st.integers(0, SECOND),
    st.integers(0, SECOND),
    st.integers(0, SECOND),
)
def test_error_is_half_the_asymmetry(offset, out, back, held):
    sync = ClockSync()
    exchange(sync, 2 * 10**18, offset_ns=offset, out_ns=out, back_ns=back, held_ns=held)
    assert sync.rtt_ns == out + back
    assert abs(sync.offset_ns - offset - (out - back) / 2) <= 1
    assert abs(sync.offset_ns - offset) <= sync.rtt_ns / 2 + 1


def test_finds_the_offset_through_asymmetric_queues():
    """Wi-Fi-like: 2 ms each way, and exponential queues, the upward one six times longer."""
    numbers = random.Random(5)
    offset = 123_456_789_012
    sync = ClockSync()
    errors = []
    for k in range(60):
        exchange(
            sync,
            k * SECOND // 4,
            offset_ns=offset,
            out_ns=2 * MS + int(numbers.expovariate(1 / (12 * MS))),
            back_ns=2 * MS + int(numbers.expovariate(1 / (2 * MS))),
            held_ns=numbers.randrange(MS),
        )
        errors.append(abs(sync.offset_ns - offset))
    assert errors[-1] < 1 * MS  # the mean of all samples errs by about 5 ms
    assert abs(sync.offset_ns - offset) <= sync.rtt_ns / 2


def test_one_fast_ping_beats_many_slow_ones():
    sync = ClockSync()
    exchange(sync, 0, offset_ns=500, out_ns=10 * MS, back_ns=0)
    exchange(sync, SECOND, offset_ns=500, out_ns=1000, back_ns=1000)
    for k in range(2, 10):
        exchange(sync, k * SECOND, offset_ns=500, out_ns=10 * MS, back_ns=0)
    assert sync.offset_ns == 500


def test_forgets_by_age_so_that_it_follows_drift():
    sync = ClockSync(max_age_ns=30 * SECOND)
    exchange(sync, 0, offset_ns=0, out_ns=1000, back_ns=1000)
    for k in range(1, 60):  # drifts by 20 us a second and is never as fast again
        exchange(sync, k * SECOND, offset_ns=k * 20_000, out_ns=MS, back_ns=MS)
    assert sync.offset_ns >= 29 * 20_000
    assert sync.rtt_ns == 2 * MS


def test_forgets_by_number():
    sync = ClockSync(window=4)
    exchange(sync, 0, offset_ns=0, out_ns=0, back_ns=0)
    for k in range(1, 5):
        exchange(sync, k, offset_ns=70, out_ns=10, back_ns=10)
    assert sync.offset_ns == 70


def test_of_equal_round_trips_the_newest_counts():
    sync = ClockSync()
    exchange(sync, 0, offset_ns=10, out_ns=5, back_ns=5)
    exchange(sync, 1, offset_ns=20, out_ns=5, back_ns=5)
    assert sync.offset_ns == 20


def test_translates_both_ways():
    sync = ClockSync()
    exchange(sync, 1000, offset_ns=5_000_000, out_ns=8, back_ns=8)
    assert sync.to_remote_ns(1000) == 5_001_000
    assert sync.to_local_ns(5_001_000) == 1000


@pytest.mark.parametrize(
    "times",
    [(10, 0, 0, 9), (0, 5, 4, 9), (0, 0, 11, 10)],
    ids=["back before sent", "answered before asked", "held longer than it took"],
)
def test_refuses_times_that_contradict_each_other(times):
    sync = ClockSync()
    with pytest.raises(ValueError, match="contradict"):
        sync.add(*times)
    assert not sync.ready
