"""Both ends of a connection for tests, joined by lists instead of sockets."""

from __future__ import annotations

import numpy as np

from bridge.protocol import (
    ClientSession,
    HandPacket,
    ServerSession,
    ShapePacket,
    Side,
    State,
    Status,
    decode,
)

IDENTITY = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))
RIGHT = HandPacket(Side.RIGHT, np.zeros(3), IDENTITY, np.ones(5))
SHAPE = ShapePacket(Side.RIGHT, np.zeros(10), np.zeros((21, 3)))
STATUS = Status((), 0.0, None, False)


class Clock:
    """Moves on by a microsecond whenever it is read."""

    def __init__(self, now=0):
        self.now = now

    def __call__(self) -> int:
        self.now += 1000
        return self.now


def server(**options) -> ServerSession:
    settings = {"room": "lesson", "server": "test", "clock_ns": Clock(10**12)} | options
    return ServerSession(**settings)


def client(role="watch") -> ClientSession:
    return ClientSession(role=role, client="test", clock_ns=Clock())


def exchange(a, b) -> tuple[list, list]:
    """Carries messages both ways until both are silent; returns what a and b took."""
    taken_a, taken_b = [], []
    while True:
        to_b, to_a = a.outgoing(), b.outgoing()
        if not to_a and not to_b:
            return taken_a, taken_b
        for data in to_a:
            taken_a += a.receive(data)
        for data in to_b:
            taken_b += b.receive(data)


def opened(role="watch", **options) -> tuple[ServerSession, ClientSession]:
    s, c = server(**options), client(role)
    exchange(c, s)
    assert s.state is c.state is State.OPEN
    return s, c


def said(session) -> list:
    return [decode(data) for data in session.outgoing()]
