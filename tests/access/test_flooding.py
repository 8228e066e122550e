"""How long those wait who were thrown out for flooding."""

from __future__ import annotations

import pytest

from bridge.access.flooding import Flooding


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> int:
        return round(self.now_s * 1e9)


def test_waits_double_from_the_second_time_on_up_to_the_longest() -> None:
    clock = Clock()
    flooding = Flooding(10.0, clock_ns=clock)
    waits = []
    for _ in range(7):
        flooding.thrown_out("192.0.2.1")
        waits.append(flooding.wait_s("192.0.2.1"))
        clock.now_s += waits[-1]
        assert flooding.wait_s("192.0.2.1") == 0  # It is over then.
    assert waits == [0, 1, 2, 4, 8, 10, 10]


def test_nobody_else_waits() -> None:
    flooding = Flooding(10.0, clock_ns=Clock())
    for _ in range(3):
        flooding.thrown_out("2001:db8::1")
    assert flooding.wait_s("2001:db8::2") == 2  # The same network.
    assert flooding.wait_s("2001:db8:0:1::1") == 0
    assert flooding.wait_s("192.0.2.1") == 0


@pytest.mark.parametrize(("quiet_s", "waits_s"), [(11.9, 4), (12.1, 0)])
def test_it_is_forgotten_after_a_quiet_time(quiet_s: float, waits_s: int) -> None:
    clock = Clock()
    flooding = Flooding(10.0, clock_ns=clock)
    for _ in range(3):
        flooding.thrown_out("192.0.2.1")
    clock.now_s += quiet_s
    flooding.thrown_out("192.0.2.1")
    assert flooding.wait_s("192.0.2.1") == waits_s


def test_zero_is_no_wait_at_all() -> None:
    flooding = Flooding(0.0, clock_ns=Clock())
    for _ in range(5):
        flooding.thrown_out("192.0.2.1")
    assert flooding.wait_s("192.0.2.1") == 0


def test_so_many_addresses_are_remembered_and_no_more() -> None:
    flooding = Flooding(10.0, clock_ns=Clock())
    for k in range(4098):
        for _ in range(2):
            flooding.thrown_out(f"10.0.{k // 256}.{k % 256}")
    assert flooding.wait_s("10.0.0.0") == flooding.wait_s("10.0.0.1") == 0
    assert flooding.wait_s("10.0.0.2") == 1
    assert len(flooding._flooders) == 4096
