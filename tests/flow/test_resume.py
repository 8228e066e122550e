"""Resuming, without sockets: the store and its sessions on a clock that is set by hand."""

from __future__ import annotations

import itertools

import pytest

from bridge.protocol import ClientSession, Hello, Subscribe, Welcome, encode
from bridge.resume import ResumeStore, ResumingSession


class Bridge:
    def __init__(self, *, grace_s: float = 30.0, most: int = 1000) -> None:
        self.now_ns = 10_000_000_000
        numbers = itertools.count()
        self.store = ResumeStore(
            clock_ns=self.clock_ns,
            grace_s=grace_s,
            most=most,
            make_secret=lambda: f"secret-{next(numbers)}",
        )
        self.replaced: list[str] = []

    def clock_ns(self) -> int:
        return self.now_ns

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)

    def subscribed(self) -> ResumingSession:
        """A new watcher that has subscribed."""
        session, _, _ = self.connect()
        session.receive(encode(Subscribe()))
        return session

    def connect(
        self, *, resume: str | None = None, role: str = "watch", room: str = "lesson"
    ) -> tuple[ResumingSession, Welcome, tuple[object, ...]]:
        """A client's connection: the bridge's end, its welcome, and what the shell gets."""
        client = ClientSession(role=role, client="test", clock_ns=self.clock_ns, resume=resume)
        session = ResumingSession(
            self.store,
            room=room,
            server="test",
            clock_ns=self.clock_ns,
            ack_window=3,
            on_replaced=lambda: self.replaced.append(session.client_state.secret),
        )
        (hello,) = client.outgoing()
        messages = session.receive(hello)
        (welcome,) = client.receive(session.outgoing()[0])
        return session, welcome, messages


def test_who_was_lost_goes_on_with_its_subscription() -> None:
    bridge = Bridge()
    first, welcome, messages = bridge.connect()
    assert [type(m) for m in messages] == [Hello]
    assert (welcome.session, welcome.resumed) == ("secret-0", False)
    wish = Subscribe(max_rate_hz=15.0, precision="full")
    first.receive(encode(wish))
    first.lost()
    bridge.wait(29.9)

    second, welcome, messages = bridge.connect(resume="secret-0")
    assert (welcome.session, welcome.resumed) == ("secret-0", True)
    assert [type(m) for m in messages] == [Hello, Subscribe]
    assert messages[1] == wish
    assert second.subscribed
    assert second.precision == "full"
    assert second.resumed
    second.offer(0, b"a")
    second.offer(1, b"b")
    assert second.outgoing() == [b"a"]  # The rate limit holds.


def test_the_window_starts_afresh_and_counts_go_on() -> None:
    bridge = Bridge()
    session = bridge.subscribed()
    for seq in range(10):
        session.offer(seq, b"pose")
    assert session.window.in_flight == 3
    assert session.window.dropped == 6
    session.lost()
    session, _, _ = bridge.connect(resume="secret-0")
    assert session.window.in_flight == 0
    assert session.client_state is not None
    assert session.client_state.dropped == 6
    assert session.client_state.connections == 2


@pytest.mark.parametrize("grace_s", [30.0, 0.0])
def test_after_the_grace_time_it_is_a_new_client(grace_s: float) -> None:
    bridge = Bridge(grace_s=grace_s)
    bridge.subscribed().lost()
    bridge.wait(grace_s)
    _, welcome, messages = bridge.connect(resume="secret-0")
    assert (welcome.session, welcome.resumed) == ("secret-1", False)
    assert [type(m) for m in messages] == [Hello]


@pytest.mark.parametrize(
    "attempt",
    [
        {"resume": "secret-00"},
        {"resume": ""},
        {"resume": "secret-0", "room": "studio"},
        {"resume": "secret-0", "role": "play"},
    ],
)
def test_a_wrong_secret_room_or_role_is_a_new_client(attempt: dict[str, str]) -> None:
    bridge = Bridge()
    bridge.subscribed().lost()
    _, welcome, _ = bridge.connect(**attempt)
    assert not welcome.resumed
    assert welcome.session == "secret-1"
    assert bridge.connect(resume="secret-0")[1].resumed  # It costs the right one nothing.


@pytest.mark.parametrize("how", ["bye", "refuse", "client"])
def test_a_deliberate_end_is_final(how: str) -> None:
    bridge = Bridge()
    session = bridge.subscribed()
    if how == "bye":
        session.bye("the bridge is closing")
    elif how == "refuse":
        session.refuse("too_slow", "too slow")
    else:
        client = ClientSession(role="watch", client="test", clock_ns=bridge.clock_ns)
        client.outgoing()
        client.bye("done")
        session.receive(client.outgoing()[0])
    session.lost()
    assert len(bridge.store) == 0
    assert not bridge.connect(resume="secret-0")[1].resumed


def test_who_comes_back_before_its_end_was_noticed_replaces_itself() -> None:
    bridge = Bridge()
    old, _, _ = bridge.connect(role="play")
    new, welcome, _ = bridge.connect(role="play", resume="secret-0")
    assert welcome.resumed
    assert bridge.replaced == ["secret-0"]
    assert old.close is not None
    old.lost()  # What it says now concerns nobody.
    assert len(bridge.store) == 1
    new.lost()
    bridge.wait(29)
    assert bridge.connect(role="play", resume="secret-0")[1].resumed


def test_who_vanishes_in_a_loop_costs_a_bounded_number_of_places() -> None:
    bridge = Bridge(most=50)
    for _ in range(500):
        bridge.subscribed().lost()
    assert len(bridge.store) == 50
    assert not bridge.connect(resume="secret-0")[1].resumed
    assert bridge.connect(resume="secret-499")[1].resumed
    bridge.wait(30)
    assert len(bridge.store) == 2  # Those two are connected.


def test_who_had_not_subscribed_is_told_to_begin_anew_under_the_same_secret() -> None:
    bridge = Bridge()
    bridge.connect()[0].lost()
    _, welcome, messages = bridge.connect(resume="secret-0")
    assert (welcome.session, welcome.resumed) == ("secret-0", False)
    assert [type(m) for m in messages] == [Hello]


def test_secrets_are_long_and_differ() -> None:
    store = ResumeStore(clock_ns=lambda: 0)
    session = ResumingSession(
        store, room="lesson", server="test", clock_ns=lambda: 0, ack_window=10
    )
    made = {store.open("lesson", "watch", session).secret for _ in range(100)}
    assert len(made) == 100
    assert all(32 <= len(secret.encode()) <= 64 for secret in made)
