"""Heartbeats, ranks and placements: no sockets, no clocks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.cluster.peers import Peers, Placements, rank
from bridge.cluster.wire import MAX_BEAT_BYTES, Beat, Note
from bridge.errors import ProtocolError

IDS = tuple(f"{k:016x}" for k in range(1, 6))
BEAT = Beat(IDS[1], "https://b.example:8443", "key", 3, ("lesson",), ("lesson", "studio"), True)
NOTE = Note("lesson", IDS[0], "learner-01234567", b"data", "watch")


class Clock:
    now_ns = 10**9

    def __call__(self) -> int:
        return self.now_ns


def test_a_heartbeat_and_a_note_come_through() -> None:
    assert Beat.unpack(BEAT.pack()) == BEAT
    assert Note.unpack(NOTE.pack()) == NOTE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "short"),
        ("id", "*" * 16),
        ("id", None),
        ("url", "javascript:alert(1)"),
        ("url", "https://a.example;script-src *"),
        ("url", "https://*"),
        ("url", "https://a.example/path"),
        ("key", "a key"),
        ("views", -1),
        ("views", True),
        ("views", 10**9),
        ("feeds", "lesson"),
        ("feeds", ("lesson.*",)),
        ("feeds", (">",)),
        ("watches", (1,)),
        ("watches", ("a" * 33,)),
        ("watches", ("room",) * 1001),
    ],
)
def test_a_heartbeat_is_checked(field: str, value: object) -> None:
    with pytest.raises(ProtocolError):
        Beat.unpack(replace(BEAT, **{field: value}).pack())


@pytest.mark.parametrize(
    ("field", "value"),
    [("room", "../lesson"), ("bridge", "x"), ("client", "c" * 65), ("data", "text"), ("scope", 1)],
)
def test_a_note_is_checked(field: str, value: object) -> None:
    with pytest.raises(ProtocolError):
        Note.unpack(replace(NOTE, **{field: value}).pack())


def test_a_large_heartbeat_is_not_even_read() -> None:
    with pytest.raises(ProtocolError, match="more than"):
        Beat.unpack(bytes(MAX_BEAT_BYTES + 1))


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text() | st.binary(),
        lambda inner: st.lists(inner, max_size=9),
        max_leaves=20,
    ).map(msgpack.packb)
)
def test_other_bytes_are_only_refused(data: bytes) -> None:
    for kind in (Beat, Note):
        with pytest.raises(ProtocolError):
            kind.unpack(data)


def test_all_bridges_agree_on_a_registrar_and_on_the_next_one() -> None:
    clock = Clock()

    def registrars(ids: tuple[str, ...]) -> set[str]:
        seen = set()
        for own in ids:
            peers = Peers(own, clock_ns=clock)
            for other in ids:
                if other != own:
                    peers.take(replace(BEAT, id=other))
            seen.add(peers.registrar)
        return seen

    (first,) = registrars(IDS)
    (second,) = registrars(tuple(name for name in IDS if name != first))
    assert first != second


def test_a_silent_bridge_is_forgotten_and_so_is_one_that_leaves() -> None:
    clock = Clock()
    peers = Peers(IDS[0], clock_ns=clock, lost_after_s=1.5)
    peers.take(BEAT)
    peers.take(replace(BEAT, id=IDS[2], url="https://c.example"))
    assert peers.origins == ("https://b.example:8443", "https://c.example")
    clock.now_ns += 10**9
    peers.take(BEAT)
    assert peers.forget_lost() == ()
    clock.now_ns += 10**9
    assert [peer.beat.id for peer in peers.forget_lost()] == [IDS[2]]
    assert peers.feeding("lesson").beat == BEAT
    assert peers.watching("studio")
    peers.take(replace(BEAT, leaves=True))
    assert len(peers) == 0
    assert peers.feeding("lesson") is None


def test_strangers_cannot_fill_the_memory() -> None:
    peers = Peers(IDS[0], clock_ns=Clock())
    for k in range(100, 164):
        peers.take(replace(BEAT, id=f"{k:016x}"))
    with pytest.raises(OverflowError):
        peers.take(replace(BEAT, id=f"{200:016x}"))
    assert len(peers) == 64
    with pytest.raises(ValueError, match="has this one's id"):
        peers.take(replace(BEAT, id=IDS[0]))


def test_of_two_that_feed_a_room_the_higher_in_rank_is_followed() -> None:
    peers = Peers(IDS[0], clock_ns=Clock())
    for bridge in IDS[1:4]:
        peers.take(replace(BEAT, id=bridge))
    highest = max(IDS[1:4], key=lambda bridge: rank("lesson", bridge))
    assert peers.feeding("lesson").beat.id == highest


def test_a_new_room_goes_to_the_least_loaded_bridge_and_stays_there() -> None:
    clock = Clock()
    placements = Placements(clock_ns=clock, hold_s=10)
    views = {IDS[0]: 4, IDS[1]: 1, IDS[2]: 3}
    assert placements.place("lesson", views) == IDS[1]
    assert placements.place("lesson", views | {IDS[1]: 9}) == IDS[1]  # the second phone
    # Each placement weighs until it shows: the next rooms go to other bridges.
    spread = [placements.place(f"room-{k}", views) for k in range(3)]
    assert Counter(spread)[IDS[1]] < 3
    assert IDS[0] not in spread
    clock.now_ns += 11 * 10**9
    assert placements.place("lesson", views | {IDS[1]: 9}) == IDS[2]


def test_of_equal_bridges_the_rank_decides() -> None:
    for room in ("a", "b", "c", "d"):
        placements = Placements(clock_ns=Clock())
        highest = max(IDS, key=lambda bridge: rank(room, bridge))
        assert placements.place(room, dict.fromkeys(IDS, 2)) == highest


def test_a_bridge_that_is_gone_keeps_no_room() -> None:
    placements = Placements(clock_ns=Clock())
    assert placements.place("lesson", {IDS[0]: 5, IDS[1]: 0}) == IDS[1]
    assert placements.place("lesson", {IDS[0]: 5}) == IDS[0]


def test_a_placed_room_that_is_fed_weighs_no_more() -> None:
    placements = Placements(clock_ns=Clock())
    views = {IDS[0]: 1, IDS[1]: 0}
    assert placements.place("one", views) == IDS[1]
    views[IDS[1]] = 1  # its phone is there
    first = max(IDS[:2], key=lambda bridge: rank("two", bridge))
    assert placements.place("two", views, fed={"one"}) == first
