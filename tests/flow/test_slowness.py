from __future__ import annotations

import pytest

from bridge.protocol import AckWindow
from bridge.slowness import Slowness


class Watcher:
    """A watcher with a clock that is set by hand."""

    def __init__(self, size: int = 3, limit_s: float = 15.0) -> None:
        self.now_ns = 1_000_000_000
        self.window: AckWindow[int] = AckWindow(size, clock_ns=lambda: self.now_ns)
        self.slowness = Slowness(self.window, clock_ns=lambda: self.now_ns, limit_s=limit_s)
        self.seq = 0

    def offer(self, poses: int = 1) -> None:
        for _ in range(poses):
            self.window.offer(self.seq, self.seq)
            self.slowness.note()
            self.seq += 1

    def take(self, seq: int) -> None:
        self.window.acknowledge(seq)
        self.slowness.note()

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def test_age_of_the_oldest_pose() -> None:
    watcher = Watcher()
    assert watcher.slowness.oldest_s == 0
    watcher.offer()
    watcher.wait(0.5)
    watcher.offer()
    watcher.wait(0.25)
    assert watcher.slowness.oldest_s == pytest.approx(0.75)
    watcher.take(0)
    assert watcher.slowness.oldest_s == pytest.approx(0.25)
    watcher.take(1)
    assert watcher.slowness.oldest_s == 0


def test_time_with_a_full_window_adds_up() -> None:
    watcher = Watcher()
    watcher.offer(2)
    watcher.wait(9)
    assert watcher.slowness.full_s == 0
    watcher.offer()
    watcher.wait(2)
    assert watcher.slowness.full_s == pytest.approx(2)
    watcher.take(0)
    watcher.wait(5)
    assert watcher.slowness.full_s == pytest.approx(2)
    watcher.offer()
    watcher.wait(1)
    assert watcher.slowness.full_s == pytest.approx(3)


def test_who_takes_nothing_is_too_slow_once_poses_have_waited_so_long() -> None:
    watcher = Watcher()
    watcher.offer(3)  # The window is full; nothing waits.
    watcher.wait(100)
    assert not watcher.slowness.too_slow
    watcher.offer()
    assert watcher.slowness.too_slow


@pytest.mark.parametrize(("waited_s", "too_slow"), [(14.9, False), (15.0, True)])
def test_the_limit(waited_s: float, too_slow: bool) -> None:
    watcher = Watcher()
    watcher.offer(4)
    watcher.wait(waited_s)
    assert watcher.slowness.too_slow is too_slow


def test_one_acknowledgement_is_a_sign_of_life() -> None:
    watcher = Watcher()
    watcher.offer(4)
    for seq in range(20):
        watcher.wait(14)
        assert not watcher.slowness.too_slow
        watcher.take(seq)  # The one that waited is sent: the window is full again.
        watcher.offer()
    assert watcher.slowness.full_s == pytest.approx(20 * 14)
    watcher.wait(15)
    assert watcher.slowness.too_slow


def test_a_rate_limit_is_no_slowness() -> None:
    watcher = Watcher()
    watcher.window.limit_rate(0.01)
    watcher.offer(2)
    watcher.wait(60)
    assert watcher.window.waiting
    assert not watcher.slowness.too_slow
    assert watcher.slowness.full_s == 0


def test_one_acknowledgement_may_stand_for_several_poses() -> None:
    watcher = Watcher()
    for _ in range(3):
        watcher.offer()
        watcher.wait(1)
    watcher.take(1)
    assert watcher.window.in_flight == 1
    assert watcher.slowness.oldest_s == pytest.approx(1)
    watcher.take(2)
    assert watcher.slowness.oldest_s == 0
