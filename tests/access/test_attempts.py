from __future__ import annotations

import pytest

from bridge.access.attempts import Attempts, Bucket, network_of


class Clock:
    """Stands until it is moved."""

    def __init__(self) -> None:
        self.now_ns = 5_000_000_000

    def __call__(self) -> int:
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(10.0, 20.0, clock_ns=clock)
    assert sum(bucket.take() for _ in range(100)) == 20
    assert bucket.wait_s == pytest.approx(0.1)
    taken = 0
    for _ in range(1000):
        clock.pass_s(0.01)
        taken += bucket.take()
    assert taken == pytest.approx(100, abs=1)
    clock.pass_s(3600)
    assert sum(bucket.take() for _ in range(100)) == 20


def test_an_address_that_tries_too_often_waits_and_others_do_not() -> None:
    clock = Clock()
    attempts = Attempts(6, 1000, clock_ns=clock)
    assert [attempts.wait_s("10.0.0.1") for _ in range(7)] == [0] * 6 + [10]
    assert attempts.wait_s("10.0.0.2") == 0
    clock.pass_s(9.5)
    assert attempts.wait_s("10.0.0.1") == 1
    clock.pass_s(0.5)
    assert attempts.wait_s("10.0.0.1") == 0
    assert attempts.wait_s("10.0.0.1") == 10


def test_all_together_have_a_limit() -> None:
    clock = Clock()
    attempts = Attempts(10, 30, clock_ns=clock)
    waits = [attempts.wait_s(f"10.0.{k}.1") for k in range(31)]
    assert waits == [0] * 30 + [2]


def test_refused_attempts_do_not_lengthen_the_wait() -> None:
    clock = Clock()
    attempts = Attempts(6, 1000, clock_ns=clock)
    for _ in range(500):
        attempts.wait_s("10.0.0.1")
    clock.pass_s(10)
    assert attempts.wait_s("10.0.0.1") == 0


def test_memory_is_bounded() -> None:
    attempts = Attempts(6, 1e9, clock_ns=Clock())
    for k in range(20_000):
        attempts.wait_s(f"10.{k >> 16}.{k >> 8 & 255}.{k & 255}")
    assert len(attempts._addresses) == 4096


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.168.1.5", "192.168.1.5"),
        ("::ffff:192.168.1.5", "192.168.1.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        (None, "unknown"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_whom_an_address_counts_for(address: str | None, network: str) -> None:
    assert network_of(address) == network
