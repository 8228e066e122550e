"""The acknowledgement window: latest wins, whatever the watcher does."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import ProtocolError
from bridge.protocol import AckWindow

SECOND = 1_000_000_000


class Clock:
    def __init__(self):
        self.now = 0

    def __call__(self) -> int:
        return self.now


def test_the_worked_example_of_the_specification():
    """60 poses a second, a watcher that stalls for 5 s: at most window + 1 stale poses."""
    clock = Clock()
    window = AckWindow(10, clock_ns=clock)
    delivered = []
    for seq in range(300):
        clock.now = seq * SECOND // 60
        sent = window.offer(seq, seq)
        if sent is not None:
            delivered.append(sent)
    assert delivered == list(range(10))
    assert window.in_flight == 10
    assert window.waiting
    assert window.dropped == 289

    # The watcher comes back and acknowledges what it finds: each ack may let one through.
    assert window.acknowledge(0) == 299
    assert [window.acknowledge(seq) for seq in range(1, 10)] == [None] * 9
    assert window.in_flight == 1
    assert window.offer(300, 300) == 300


def test_counts_unacknowledged_poses_and_not_sequence_numbers():
    """After many drops the numbers are far apart; the window still opens."""
    window = AckWindow(2, clock_ns=Clock())
    assert window.offer(0, "a") == "a"
    assert window.offer(1, "b") == "b"
    for seq in range(2, 1000):
        assert window.offer(seq, str(seq)) is None
    assert window.acknowledge(0) == "999"
    assert window.offer(5000, "c") is None
    assert window.acknowledge(1) == "c"


def test_an_ack_tells_of_all_before_it():
    window = AckWindow(4, clock_ns=Clock())
    for seq in (3, 5, 8, 13, 21):
        window.offer(seq, seq)
    assert window.acknowledge(8) == 21
    assert window.in_flight == 2
    with pytest.raises(ProtocolError):
        window.acknowledge(5)


def test_the_oldest_waits_for_nobody():
    window = AckWindow(1, clock_ns=Clock())
    window.offer(0, "old")
    assert window.offer(1, "newer") is None
    assert window.offer(2, "newest") is None
    assert window.acknowledge(0) == "newest"
    assert window.dropped == 1


@pytest.mark.parametrize("seq", [7, 1])
def test_an_ack_of_what_is_not_in_flight_is_unexpected(seq):
    window = AckWindow(clock_ns=Clock())
    window.offer(1, "a")
    window.acknowledge(1)
    with pytest.raises(ProtocolError) as caught:
        window.acknowledge(seq)
    assert caught.value.code == "unexpected"


def deliver(window, clock, times_ns):
    """Offers a pose at each time, acknowledging at once; returns when poses went out."""
    sent = []
    for seq, at in enumerate(times_ns):
        while (wait := window.wait_ns()) is not None and clock.now + wait < at:
            clock.now += wait
            item = window.poll()
            assert item is not None, "wait_ns promised a pose"
            sent.append(clock.now)
            window.acknowledge(item)
        clock.now = at
        item = window.offer(seq, seq)
        if item is not None:
            sent.append(clock.now)
            window.acknowledge(item)
    return sent


def test_rate_limit():
    clock = Clock()
    window = AckWindow(clock_ns=clock, max_rate_hz=15)
    sent = deliver(window, clock, [k * SECOND // 60 for k in range(600)])
    assert len(sent) == pytest.approx(150, abs=1)
    assert window.sent + window.dropped + window.waiting == 600


def test_a_limit_at_the_rate_itself_drops_nothing_for_jitter():
    clock = Clock()
    window = AckWindow(clock_ns=clock, max_rate_hz=30)
    times = [k * SECOND // 30 + (-1) ** k * 3_000_000 for k in range(1, 301)]
    assert len(deliver(window, clock, times)) == 300
    assert window.dropped == 0


def test_no_burst_makes_up_for_a_pause():
    clock = Clock()
    window = AckWindow(clock_ns=clock, max_rate_hz=10)
    times = [0] + [10 * SECOND + k * SECOND // 100 for k in range(100)]
    sent = deliver(window, clock, times)
    assert len(sent) <= 12


@given(
    st.lists(st.integers(0, 50_000_000), min_size=1, max_size=200),
    st.floats(1, 100),
)
def test_mean_rate_never_exceeds_the_limit(steps, rate):
    clock = Clock()
    window = AckWindow(clock_ns=clock, max_rate_hz=rate)
    times, now = [], 0
    for step in steps:
        now += step
        times.append(now)
    sent = deliver(window, clock, times)
    spans = (times[-1] - times[0]) / SECOND * rate
    # The first pose is free, one may be early, and one may catch up with the grid.
    assert len(sent) <= spans + 3


def test_changing_and_lifting_the_limit():
    clock = Clock()
    window = AckWindow(clock_ns=clock, max_rate_hz=1)
    assert window.offer(0, "a") == "a"
    assert window.offer(1, "b") is None
    assert window.wait_ns() == 750_000_000  # a quarter of an interval may be early
    window.limit_rate(None)
    assert window.wait_ns() == 0
    assert window.poll() == "b"
    assert window.wait_ns() is None


@pytest.mark.parametrize("bad", [{"size": 0}, {"max_rate_hz": 0.0}, {"max_rate_hz": float("nan")}])
def test_refuses_senseless_settings(bad):
    with pytest.raises(ValueError):
        AckWindow(clock_ns=Clock(), **bad)


@given(st.integers(1, 5), st.lists(st.sampled_from(["offer", "ack"]), max_size=200))
def test_invariants_under_any_traffic(size, steps):
    """Bounded, in order, nothing lost without a count, and the newest always gets through."""
    window = AckWindow(size, clock_ns=Clock())
    in_flight: deque[int] = deque()
    delivered = []
    offered = 0
    for step in steps:
        if step == "offer":
            item = window.offer(offered, offered)
            offered += 1
        elif in_flight:
            item = window.acknowledge(in_flight.popleft())
        else:
            continue
        if item is not None:
            delivered.append(item)
            in_flight.append(item)
        assert window.in_flight == len(in_flight) <= size
        assert window.sent + window.dropped + window.waiting == offered
    while in_flight:
        item = window.acknowledge(in_flight.popleft())
        if item is not None:
            delivered.append(item)
            in_flight.append(item)
    assert delivered == sorted(delivered)
    assert not offered or delivered[-1] == offered - 1
