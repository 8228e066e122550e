from __future__ import annotations

from bridge.access.door import Door
from bridge.config import Settings
from bridge.counters import Counters


def test_the_door_counts_what_is_open_and_what_pends() -> None:
    counters = Counters()
    door = Door(Settings(max_connections=8, max_pending_per_address=2), counters)
    assert [door.admits("a") for _ in range(3)] == [True, True, False]
    assert door.admits("b")
    assert door.pending == 3
    door.settled("a")
    assert door.admits("a")  # another pends, those that are settled do not count
    assert [door.admits(f"c{k}") for k in range(6)] == [True] * 4 + [False] * 2
    door.settled("c0")
    door.left("c0")
    assert door.admits("c0")
    assert counters.snapshot() == {
        ("limited", (("limit", "max_pending_per_address"),)): 1,
        ("limited", (("limit", "max_connections"),)): 2,
    }


def test_no_address_takes_all_places() -> None:
    counters = Counters()
    door = Door(Settings(max_connections=8, max_connections_per_address=3), counters)
    for _ in range(3):
        assert door.admits("a")
        door.settled("a")
    assert not door.admits("a")
    assert door.admits("b")
    door.left("a")
    assert door.admits("a")
    assert counters.snapshot() == {
        ("limited", (("limit", "max_connections_per_address"),)): 1,
    }
