"""What messages accept when a program makes them, and what they keep."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from bridge.errors import ProtocolError
from bridge.protocol import (
    Ack,
    HandPacket,
    Hello,
    Pong,
    PosePacket,
    ShapePacket,
    Side,
    Status,
    Subscribe,
    ViewStatus,
    Welcome,
)

IDENTITY = np.tile([0.0, 0.0, 0.0, 1.0], (16, 1))


def hand(side=Side.RIGHT, **change):
    fields = {"wrist_m": np.zeros(3), "pose_quat": IDENTITY, "finger_confidence": np.ones(5)}
    return HandPacket(side, **(fields | change))


def test_arrays_are_read_only_float32_copies():
    wrist = np.array([0.1, 0.2, 0.3])
    packet = hand(wrist_m=wrist)
    wrist[0] = 9.0
    assert packet.wrist_m.dtype == np.dtype("<f4")
    np.testing.assert_array_equal(packet.wrist_m, np.float32([0.1, 0.2, 0.3]))
    with pytest.raises(ValueError, match="read-only"):
        packet.wrist_m[0] = 1.0


def test_messages_are_frozen():
    with pytest.raises(FrozenInstanceError):
        Ack(1).seq = 2


def test_equality_is_by_value_of_arrays():
    assert hand() == hand()
    assert hand() != hand(wrist_m=[0, 0, 1e-3])
    assert hand() != "hand"
    assert PosePacket(1, 2, (hand(),)) == PosePacket(1, 2, [hand()])
    assert PosePacket(1, 2, (hand(),)) != PosePacket(1, 2, ())


def test_integers_become_what_the_field_is():
    assert type(Subscribe(30).max_rate_hz) is float
    assert type(hand(side=1).side) is Side


@pytest.mark.parametrize(
    "make",
    [
        lambda: hand(wrist_m=np.zeros(4)),
        lambda: hand(wrist_m=[[0, 0, 0]]),
        lambda: hand(wrist_m=["0", "0", "0"]),
        lambda: hand(wrist_m=[0, 0, 1j]),
        lambda: hand(wrist_m=[True, False, True]),
        lambda: hand(wrist_m=[0, [0], 0]),
        lambda: hand(wrist_m=None),
        lambda: hand(wrist_m=[0, 0, 1e300]),
        lambda: hand(wrist_m=bytes(11)),
        lambda: hand(pose_quat=IDENTITY * 1.0011),
        lambda: hand(pose_quat=-IDENTITY),
        lambda: hand(pose_quat=np.full((16, 4), np.inf)),
        lambda: hand(pose_quat=IDENTITY * 1e30),
        lambda: hand(pose_quat=IDENTITY.T),
        lambda: hand(finger_confidence=np.full(5, 1.0001)),
        lambda: hand(finger_confidence=np.full(5, -1e-9)),
        lambda: hand(side=2),
        lambda: hand(side=True),
        lambda: hand(side="left"),
        lambda: PosePacket(1, 2, (hand(), hand())),
        lambda: PosePacket(1, 2, (hand(Side.RIGHT), hand(Side.LEFT))),
        lambda: PosePacket(1, 2, ("hand",)),
        lambda: PosePacket(1, 2, None),
        lambda: PosePacket(1.0, 2, ()),
        lambda: PosePacket(np.int64(1), 2, ()),
        lambda: ShapePacket(Side.LEFT, np.zeros(10), np.full((21, 3), 1e-3)),
        lambda: ShapePacket(Side.LEFT, np.full(10, 101.0), np.zeros((21, 3))),
        lambda: Hello((), "watch", ""),
        lambda: Hello("1", "watch", ""),
        lambda: Hello((1,), "watch", "\ud800"),
        lambda: Welcome(1, "Lesson", "", 0),
        lambda: Status(("view",), 0.0, 0.0, False),
        lambda: ViewStatus("phone", 1, 0.0, 0, 0, 0, 0),
        lambda: Pong(0, 2, 1),
        lambda: Ack(10**5000),
    ],
)
def test_refuses(make):
    with pytest.raises(ProtocolError) as caught:
        make()
    assert caught.value.code == "malformed"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("length", [1 - 9.9e-4, 1 + 9.9e-4])
def test_quaternions_may_be_off_by_the_tolerance(length):
    assert hand(pose_quat=IDENTITY * length).pose_quat[0, 3] == np.float32(length)


def test_a_w_of_minus_zero_is_not_negative():
    pose = IDENTITY.copy()
    pose[0] = (1.0, 0.0, 0.0, -0.0)
    hand(pose_quat=pose)
