"""Frame sets from simulated cameras: phases, delays, jitter, loss, stalls, comings and goings."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.streams.frame import Frame, FrameSet
from bridge.streams.synchroniser import Synchroniser

MS = 1_000_000
SECOND = 1_000 * MS


@dataclass
class Camera:
    """A free-running camera behind a network."""

    view: str
    rate_hz: float = 30.0
    phase_ns: int = 0
    delay_ns: int = 30 * MS
    jitter_ns: int = 2 * MS
    loss: float = 0.0
    start_ns: int = 0
    end_ns: int = 10 * SECOND

    def arrivals(self, rng: random.Random):
        """(arrival, frame), in order of arrival."""
        count = int((self.end_ns - self.start_ns) / SECOND * self.rate_hz)
        arrival = 0
        for index in range(count):
            time_ns = self.start_ns + self.phase_ns + round(index * SECOND / self.rate_hz)
            arrival = max(
                arrival + 1, time_ns + self.delay_ns + round(rng.random() * self.jitter_ns)
            )
            if rng.random() >= self.loss:
                yield arrival, Frame(self.view, time_ns, index, None)


def simulate(cameras, *, synchroniser=None, consumer_ns=0, seed=1, events=()):
    """Runs an event loop in simulated time; returns [(given at, set)] and the synchroniser."""
    rng = random.Random(seed)
    sync = synchroniser or Synchroniser()
    queue = [
        (arrival, 1, order, number, frame)
        for order, camera in enumerate(cameras)
        for number, (arrival, frame) in enumerate(camera.arrivals(rng))
    ]
    queue += [(at, 0, order, 0, action) for order, (at, action) in enumerate(events)]
    for camera in cameras:
        if camera.start_ns == 0:
            sync.join(camera.view)
    heapq.heapify(queue)
    given_out: list[tuple[int, FrameSet]] = []
    now = free_at = 0
    timer = None
    while queue or timer is not None:
        at = queue[0][0] if queue else None
        if timer is not None and (at is None or timer <= at):
            now, timer = timer, None
        else:
            now, kind, *_, item = heapq.heappop(queue)
            item(sync) if kind == 0 else sync.push(item, now)
        if now < free_at:
            timer = free_at
            continue
        if (frames := sync.poll(now)) is not None:
            given_out.append((now, frames))
            free_at = now + consumer_ns
            timer = free_at if consumer_ns else now
        elif sync.next_poll_ns is not None:
            assert sync.next_poll_ns > now
            timer = sync.next_poll_ns
    return given_out, sync


def check_invariants(given_out, sync):
    assert all(a.time_ns < b.time_ns for (_, a), (_, b) in pairwise(given_out))
    seen = set()
    for _, frames in given_out:
        names = [f.view for f in frames.frames]
        assert len(set(names)) == len(names) >= 1
        keys = {(f.view, f.sequence) for f in frames.frames}
        assert not keys & seen
        seen |= keys
    for view in sync.views:
        count = sync.count(view)
        waiting = count.received - count.used - sum(count.dropped.values())
        assert 0 <= waiting <= 8


def sizes(given_out, *, after_ns=SECOND, before_ns=10**18):
    return [len(s.frames) for at, s in given_out if after_ns <= at < before_ns]


@pytest.mark.parametrize("phase_ms", [0, 5, 10, 16, 17, 22, 30])
@pytest.mark.parametrize("delay_ms", [10, 30, 90])
def test_equal_rates_pair_at_any_phase_and_delay(phase_ms: int, delay_ms: int):
    cameras = [Camera("phone"), Camera("tablet", phase_ns=phase_ms * MS, delay_ns=delay_ms * MS)]
    given_out, sync = simulate(cameras)
    check_invariants(given_out, sync)
    pairs = sizes(given_out, before_ns=10 * SECOND)
    assert len(pairs) == pytest.approx(270, abs=4)
    assert pairs.count(2) >= 0.97 * len(pairs)
    for _, frames in given_out:
        if len(frames.frames) == 2:
            first, second = frames.frames
            assert abs(first.time_ns - second.time_ns) <= 0.56 * SECOND / 30


def test_frames_of_a_set_come_in_the_order_of_joining():
    given_out, _ = simulate([Camera("b"), Camera("a", delay_ns=5 * MS)])
    assert {tuple(f.view for f in s.frames) for _, s in given_out if len(s.frames) == 2} == {
        ("b", "a")
    }


def test_a_single_view_waits_for_nobody():
    given_out, _ = simulate([Camera("phone", jitter_ns=0)])
    assert len(given_out) == 300
    assert all(at - s.time_ns == 30 * MS for at, s in given_out)


def test_the_fastest_view_sets_the_pace_and_does_not_wait_for_what_is_not_due():
    cameras = [Camera("slow", rate_hz=15), Camera("fast", rate_hz=30, jitter_ns=0)]
    given_out, sync = simulate(cameras)
    check_invariants(given_out, sync)
    late = sizes(given_out)
    assert len(late) == pytest.approx(270, abs=3)
    assert late.count(2) == pytest.approx(135, abs=4)
    waits = [at - s.time_ns - 30 * MS for at, s in given_out if at > SECOND]
    assert sorted(waits)[len(waits) // 2] <= 2 * MS
    assert max(waits) < 12 * MS


def test_a_late_view_is_waited_for_as_long_as_it_usually_takes_and_no_longer():
    cameras = [Camera("phone", jitter_ns=0), Camera("tablet", delay_ns=80 * MS, loss=0.2)]
    given_out, sync = simulate(cameras)
    check_invariants(given_out, sync)
    assert max(at - s.time_ns for at, s in given_out) <= (80 + 2 + 19 + 5 + 1) * MS
    assert sizes(given_out).count(2) == pytest.approx(0.8 * 270, abs=20)


def test_a_view_later_than_the_bound_does_not_hold_up_the_others():
    cameras = [Camera("phone", jitter_ns=0), Camera("tablet", delay_ns=400 * MS)]
    given_out, _ = simulate(cameras)
    live = [(at, s) for at, s in given_out if at < 10 * SECOND]
    ages = [at - s.time_ns for at, s in live if s.frames[0].view == "phone"]
    assert len(ages) > 285
    assert max(ages) <= 180 * MS


def test_a_view_that_falls_silent_leaves_smaller_sets_at_once():
    cameras = [Camera("phone", jitter_ns=0), Camera("tablet", end_ns=5 * SECOND)]
    given_out, sync = simulate(cameras)
    check_invariants(given_out, sync)
    after = [at - s.time_ns for at, s in given_out if at > 5_300 * MS]
    assert after
    assert set(after) == {30 * MS}
    gaps = [b - a for (a, _), (b, _) in pairwise(given_out)]
    assert max(gaps) < 70 * MS


def test_when_the_fastest_view_falls_silent_another_sets_the_pace():
    cameras = [Camera("fast", rate_hz=60, end_ns=5 * SECOND), Camera("slow", rate_hz=20)]
    given_out, sync = simulate(cameras)
    check_invariants(given_out, sync)
    late = [s for at, s in given_out if at > 5_500 * MS]
    assert len(late) == pytest.approx(20 * 4.5, abs=2)
    gaps = [b - a for (a, _), (b, _) in pairwise(given_out)]
    assert max(gaps) < 200 * MS


def test_views_join_and_leave():
    cameras = [
        Camera("phone"),
        Camera("tablet", start_ns=2 * SECOND, end_ns=6 * SECOND),
    ]
    events = [(2 * SECOND, lambda s: s.join("tablet")), (6 * SECOND, lambda s: s.leave("tablet"))]
    given_out, sync = simulate(cameras, events=events)
    check_invariants(given_out, sync)
    assert set(sizes(given_out, before_ns=2 * SECOND)) == {1}
    assert sizes(given_out, after_ns=2500 * MS, before_ns=5900 * MS).count(2) >= 98
    assert set(sizes(given_out, after_ns=6100 * MS)) == {1}
    assert len(given_out) == pytest.approx(300, abs=4)


def test_a_slow_consumer_gets_the_newest_set_and_the_rest_is_counted():
    cameras = [Camera("phone"), Camera("tablet", phase_ns=7 * MS)]
    given_out, sync = simulate(cameras, consumer_ns=150 * MS)
    check_invariants(given_out, sync)
    ages = [at - s.time_ns for at, s in given_out if SECOND < at < 10 * SECOND]
    assert max(ages) < 110 * MS
    count = sync.count("phone")
    assert count.dropped["overtaken"] > 200
    assert sum(count.dropped.values()) + count.used == pytest.approx(count.received, abs=8)


def test_nobody_asking_costs_no_memory():
    sync = Synchroniser(capacity=8)
    sync.join("phone")
    for index in range(1000):
        sync.push(Frame("phone", index * 33 * MS, index, None), index * 33 * MS)
    assert sync.count("phone").dropped["overflow"] == 992


def test_frames_of_unknown_views_are_ignored_and_rejoining_starts_afresh():
    sync = Synchroniser()
    sync.push(Frame("ghost", 0, 0, None), 0)
    assert sync.poll(0) is None
    sync.join("phone")
    sync.push(Frame("phone", 5 * MS, 0, None), 5 * MS)
    assert sync.leave("phone").dropped["left"] == 1
    assert sync.leave("phone") is None
    sync.join("phone")
    assert sync.count("phone").received == 0
    assert sync.poll(6 * MS) is None


camera_strategy = st.builds(
    Camera,
    view=st.sampled_from(["a", "b", "c"]),
    rate_hz=st.sampled_from([5.0, 15.0, 24.0, 29.97, 30.0, 60.0]),
    phase_ns=st.integers(0, 40 * MS),
    delay_ns=st.integers(0, 200 * MS),
    jitter_ns=st.integers(0, 40 * MS),
    loss=st.floats(0, 0.5),
    end_ns=st.integers(SECOND // 2, 3 * SECOND),
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(camera_strategy, min_size=1, max_size=3, unique_by=lambda c: c.view),
    st.integers(0, 80 * MS),
    st.integers(0, 1000),
)
def test_whatever_the_cameras_do(cameras, consumer_ns, seed):
    given_out, sync = simulate(cameras, consumer_ns=consumer_ns, seed=seed)
    check_invariants(given_out, sync)
    worst = max((c.delay_ns + c.jitter_ns for c in cameras), default=0)
    for at, frames in given_out:
        assert at - frames.time_ns <= worst + 150 * MS + 2 * consumer_ns + 250 * MS
