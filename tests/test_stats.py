from __future__ import annotations

from bridge.stats import Window

SECOND = 1_000_000_000


def test_only_the_last_second_counts() -> None:
    window = Window()
    for k in range(60):
        window.add(k * SECOND // 30, value=k)
    assert window.rate_hz(2 * SECOND - 1) == 30
    assert window.median(2 * SECOND - 1) == 44.5
    assert window.rate_hz(5 * SECOND) == 0
    assert window.median(5 * SECOND) is None


def test_it_stays_bounded_when_nobody_asks() -> None:
    window = Window(most=10)
    for k in range(100):
        window.add(k)
    assert window.rate_hz(100) == 10
