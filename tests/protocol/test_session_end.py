"""How a session ends: by goodbye, by garbage, by a lost connection."""

from __future__ import annotations

import pytest

from bridge.protocol import (
    Bye,
    Close,
    Ping,
    State,
)
from tests.protocol.sessions import (
    exchange,
    opened,
    said,
    server,
)


def test_bye():
    s, c = opened()
    s.bye("the lesson is over")
    assert exchange(c, s)[0] == [Bye("the lesson is over")]
    assert s.close == Close(1000, "the lesson is over")
    assert s.state is c.state is State.CLOSED
    assert c.error is None


def test_close_reasons_fit_a_close_frame():
    s = server()
    s.bye("ö" * 100)
    assert s.close.reason == "ö" * 61


def test_nothing_moves_once_closed():
    s, _ = opened()
    s.bye("done")
    s.outgoing()
    close = s.close
    assert s.receive(b"\xc1") == ()
    s.send(Ping(1))
    s.ping()
    s.offer(1, b"pose")
    s.poll()
    s.bye("again")
    s.refuse("internal", "again")
    s.lost()
    assert s.outgoing() == []
    assert s.close == close
    assert s.state is State.CLOSED
    assert s.error is None


def test_lost_drops_what_cannot_be_sent():
    s, _ = opened()
    s.ping()
    s.lost()
    assert s.state is State.CLOSED
    assert s.outgoing() == []
    assert s.close is None


def test_no_way_back():
    s, _ = opened()
    with pytest.raises(RuntimeError, match="no way"):
        s._move(State.EXPECT_HELLO)


@pytest.mark.parametrize(
    ("data", "code", "close"),
    [
        ("text", "malformed", 4400),
        (b"", "malformed", 4400),
        (b"\xc1", "malformed", 4400),
        (bytes(10_000_000), "too_large", 1009),
        (b"\x81\xa4type\xa7haptics", "unknown_type", 4400),
    ],
)
def test_garbage_ends_the_connection_and_nothing_else(data, code, close):
    s, _ = opened()
    assert s.receive(data) == ()
    assert said(s)[0].code == code
    assert s.close.code == close
