"""Both ends of a connection, joined by lists instead of sockets."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.protocol import (
    CLOSE_CODES,
    Ack,
    Anchor,
    Bye,
    ClientSession,
    Close,
    ErrorMessage,
    Hello,
    LearnerHands,
    Ping,
    PlaybackControl,
    PlaybackState,
    Pong,
    PosePacket,
    Score,
    ServerSession,
    State,
    Subscribe,
    Welcome,
    encode,
)
from tests.protocol.sessions import (
    RIGHT,
    SHAPE,
    STATUS,
    Clock,
    client,
    exchange,
    opened,
    said,
    server,
)


def test_greeting():
    s, c = server(ack_window=7), client()
    assert (s.state, c.state) == (State.EXPECT_HELLO, State.EXPECT_WELCOME)
    to_client, to_server = exchange(c, s)
    assert to_server == [Hello((1,), "watch", "test")]
    assert to_client == [Welcome(1, "lesson", "test", 10**12 + 1000, 7)]
    assert s.role == c.role == "watch"
    assert c.welcome.ack_window == s.window.size == 7


def test_the_highest_common_version_is_chosen():
    s = server()
    s.receive(encode(Hello((0, 1, 2, 900), "watch", "")))
    assert said(s)[0].version == 1


def test_no_common_version():
    s = server()
    assert s.receive(encode(Hello((2, 3), "watch", ""))) == ()
    (error,) = said(s)
    assert error.code == "unsupported_version"
    assert "2, 3" in error.message
    assert s.close == Close(4406, "unsupported_version")
    assert s.state is State.CLOSED


def test_a_version_that_was_not_offered():
    c = client()
    c.outgoing()
    c.receive(encode(Welcome(2, "lesson", "", 0)))
    assert c.close.code == 4406


@pytest.mark.parametrize("code", CLOSE_CODES)
def test_refusing(code):
    s = server()
    s.refuse(code, "why " * 1000)
    (error,) = said(s)
    assert (error.code, len(error.message.encode())) == (code, 1024)
    assert s.close == Close(CLOSE_CODES[code], code)
    assert s.error == error
    c = client()
    assert c.receive(encode(error)) == (error,)
    assert c.state is State.CLOSED
    assert c.error == error


def test_close_codes_are_the_specification_s():
    assert CLOSE_CODES == {
        "malformed": 4400,
        "unknown_type": 4400,
        "unexpected": 4400,
        "unauthorised": 4401,
        "forbidden": 4403,
        "unknown_room": 4404,
        "unsupported_version": 4406,
        "too_slow": 4408,
        "rate_limited": 4429,
        "too_large": 1009,
        "internal": 1011,
    }


NOT_FIRST = [Subscribe(), Ack(0), SHAPE, PosePacket(0, 0, ()), Ping(0), Pong(0, 0, 0), STATUS]
NOT_FIRST += [Welcome(1, "lesson", "", 0)]
LESSON = [
    Anchor("rectangle", [1, 1], [0, 0, 0], [0, 0, 0, 1]),
    LearnerHands(0, 0),
    Score(0, "", None, ()),
    PlaybackControl("play"),
    PlaybackState(0, None, 0.0, 0.0, False, 1.0),
]
NOT_FIRST += LESSON


@pytest.mark.parametrize("message", NOT_FIRST, ids=lambda m: m.TYPE)
def test_hello_comes_first(message):
    s = server()
    assert s.receive(encode(message)) == ()
    assert said(s)[0].code == "unexpected"
    assert s.close.code == 4400


ANY = {"ping", "pong", "bye", "error"}
LESSONS = {"anchor", "learner_hands", "score", "playback_state"}
ALLOWED = {
    (ServerSession, "watch"): {"subscribe", "playback_control"} | ANY,
    (ServerSession, "learn"): {"subscribe", "playback_control", "learner_hands"} | ANY,
    (ServerSession, "play"): {"shape", "pose"} | ANY,
    (ClientSession, "watch"): {"shape", "pose", "status"} | LESSONS | ANY,
    (ClientSession, "learn"): {"shape", "pose", "status"} | LESSONS | ANY,
    (ClientSession, "play"): ANY,
}
EVERY_MESSAGE = {
    m.TYPE: m
    for m in (
        *NOT_FIRST,
        Hello((1,), "watch", ""),
        ErrorMessage("internal", ""),
        Bye(""),
    )
}


@pytest.mark.parametrize("role", ["watch", "learn", "play"])
@pytest.mark.parametrize("end", [ServerSession, ClientSession])
@pytest.mark.parametrize("name", EVERY_MESSAGE)
def test_what_each_role_may_send_and_receive(end, role, name):
    pair = opened(role)
    session = next(s for s in pair if isinstance(s, end))
    session.receive(encode(EVERY_MESSAGE[name]))
    refused = session.error is not None and session.error.code == "unexpected"
    assert refused == (name not in ALLOWED[end, role])
    assert (session.state is State.CLOSED) == (refused or name in {"bye", "error"})


def test_subscribe_then_poses():
    s, c = opened(ack_window=2)
    s.offer(0, encode(PosePacket(0, 0, ())))
    assert s.outgoing() == []  # nothing before subscribe
    c.send(Subscribe(max_rate_hz=None))
    _, to_server = exchange(c, s)
    assert to_server == [Subscribe(None)]
    pose = PosePacket(1, 5, (RIGHT,))
    s.send(SHAPE)
    s.offer(1, encode(pose))
    assert exchange(c, s)[0] == [SHAPE, pose]
    assert s.window.in_flight == 1
    c.acknowledge(pose)
    exchange(c, s)
    assert s.window.in_flight == 0


def test_the_window_holds_poses_back_until_they_are_acknowledged():
    s, c = opened(ack_window=2)
    c.send(Subscribe())
    exchange(c, s)
    packets = [PosePacket(k, k, ()) for k in range(6)]
    for packet in packets:
        s.offer(packet.seq, encode(packet))
    assert exchange(c, s)[0] == packets[:2]
    c.acknowledge(packets[0])
    assert exchange(c, s)[0] == [packets[5]]
    assert s.window.dropped == 3


def test_rate_limit_of_a_subscription():
    clock = Clock()
    s, c = opened(clock_ns=clock)
    c.send(Subscribe(max_rate_hz=10))
    exchange(c, s)
    s.offer(0, b"first")
    s.offer(1, b"second")
    assert s.outgoing() == [b"first"]
    clock.now += s.window.wait_ns()
    s.poll()
    assert s.outgoing() == [b"second"]


def test_ack_of_a_pose_that_was_never_sent():
    s, c = opened()
    c.send(Ack(3))
    exchange(c, s)
    assert s.error.code == "unexpected"
    assert c.error == s.error


def test_pings_measure_the_other_clock():
    s, c = opened()
    for _ in range(3):
        c.ping()
    exchange(c, s)
    assert c.clock.ready
    assert abs(c.clock.offset_ns - (s._clock_ns.now - c._clock_ns.now)) <= c.clock.rtt_ns + 10_000
    s.ping()
    exchange(s, c)
    assert s.clock.offset_ns < 0


def test_a_pong_echoes_and_stamps():
    s, _ = opened()
    s.receive(encode(Ping(42)))
    (pong,) = said(s)
    assert pong.t0_ns == 42
    assert 10**12 < pong.t1_ns < pong.t2_ns


def test_a_pong_that_no_ping_asked_for_changes_nothing():
    s, _ = opened()
    s.receive(encode(Pong(1, 2, 3)))
    assert s.state is State.OPEN
    assert not s.clock.ready


def test_a_pong_that_contradicts_itself():
    s, _ = opened()
    s.ping()
    (ping,) = said(s)
    s.receive(encode(Pong(ping.t0_ns, 0, 10**15)))
    assert s.close.code == 4400
    assert s.error.code == "malformed"


def test_unanswered_pings_take_bounded_memory():
    s, _ = opened()
    for _ in range(1000):
        s.ping()
    assert len(s._pings) == 32


@pytest.mark.parametrize(
    ("messages", "word"),
    [
        ([PosePacket(0, 0, (RIGHT,))], "before its shape"),
        ([SHAPE, PosePacket(5, 0, ()), PosePacket(5, 1, ())], "seq must rise"),
        ([SHAPE, PosePacket(5, 0, ()), PosePacket(4, 1, ())], "seq must rise"),
    ],
)
@pytest.mark.parametrize("role", ["play", "watch"])
def test_the_order_of_shapes_and_poses(messages, word, role):
    s, c = opened(role)
    receiver = s if role == "play" else c
    for message in messages:
        receiver.receive(encode(message))
    assert receiver.error.code == "unexpected"
    assert word in receiver.error.message


def test_the_order_of_a_learners_hands():
    s, _ = opened("learn")
    assert s.receive(encode(LearnerHands(5, 0))) == (LearnerHands(5, 0),)
    s.receive(encode(LearnerHands(5, 1)))
    assert (s.error.code, s.close.code) == ("unexpected", 4400)
    assert "seq must rise" in s.error.message


def test_precision_is_the_subscribers_choice():
    s, _ = opened()
    assert s.precision == "compact"
    s.receive(encode(Subscribe(None, "full")))
    assert s.precision == "full"
    s.receive(encode(Subscribe()))
    assert s.precision == "compact"


def test_a_watcher_acknowledges_half_a_window_at_once():
    s, c = opened(ack_window=5)
    s.receive(encode(Subscribe()))
    in_flight = []
    for seq in range(8):
        pose = PosePacket(seq, 0, ())
        s.offer(seq, encode(pose))
        exchange(c, s)
        c.acknowledge(pose)
        exchange(c, s)
        in_flight.append(s.window.in_flight)
    assert in_flight == [1, 2, 0, 1, 2, 0, 1, 2]


def test_a_token_and_a_session_to_resume_go_into_the_hello():
    c = ClientSession(role="watch", client="x", clock_ns=Clock(), token="secret", resume="s1")
    assert said(c) == [Hello((1,), "watch", "x", "secret", "s1")]


@given(st.lists(st.binary(max_size=40), max_size=5), st.integers(0, 2**32))
def test_never_raises_whatever_comes(chunks, seed):
    numbers = random.Random(seed)
    pool = [encode(m) for m in EVERY_MESSAGE.values()] + chunks
    for session in (server(), client(), *opened("watch"), *opened("play")):
        for _ in range(10):
            session.receive(numbers.choice(pool))
            session.outgoing()
        assert (session.state is State.CLOSED) or session.close is None
