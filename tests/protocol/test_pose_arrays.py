"""Decoding and encoding many poses at once does what decoding and encoding each does."""

from __future__ import annotations

import json
import random
from pathlib import Path

import msgpack
import numpy as np
import pytest

from bridge.errors import ProtocolError
from bridge.protocol import Ack, PosePacket, decode, encode
from bridge.protocol.pose_arrays import PoseArrays, decode_poses, encode_poses

GOLDEN = Path(__file__).resolve().parents[2] / "bridge" / "protocol" / "golden"


def golden_poses(name: str) -> list[bytes]:
    vectors = json.loads((GOLDEN / name).read_text())["vectors"]
    data = [bytes.fromhex(v["hex"]) for v in vectors if "hex" in v]
    return [d for d in data if b"\xa4type\xa4pose" in d]


def one_by_one(messages):
    """The arrays by way of ``decode``."""
    packets = [decode(data) for data in messages]
    if not all(isinstance(packet, PosePacket) for packet in packets):
        raise ProtocolError("no pose")
    count = len(packets)
    wrist = np.full((count, 2, 3), np.nan, np.float32)
    pose = np.full((count, 2, 16, 4), np.nan, np.float32)
    confidence = np.full((count, 2, 5), np.nan, np.float32)
    for t, packet in enumerate(packets):
        for hand in packet.hands:
            wrist[t, hand.side] = hand.wrist_m
            pose[t, hand.side] = hand.pose_quat
            confidence[t, hand.side] = hand.finger_confidence
    return np.array([p.time_ns for p in packets], np.int64), wrist, pose, confidence


def check_same(messages):
    arrays = decode_poses(messages)
    expected = one_by_one(messages)
    got = (arrays.time_ns, arrays.wrist_m, arrays.pose_quat, arrays.finger_confidence)
    for one, other in zip(got, expected, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_golden_poses():
    messages = golden_poses("messages.json")
    assert len(messages) >= 6
    check_same(messages)
    for data in messages:
        check_same([data])


@pytest.mark.parametrize("messages", [[], [encode(PosePacket(0, 3, ()))] * 3])
def test_no_poses_and_no_hands(messages):
    arrays = decode_poses(messages)
    assert arrays.pose_quat.shape == (len(messages), 2, 16, 4)
    assert np.isnan(arrays.wrist_m).all()


@pytest.mark.parametrize("position", [0, 1, 2])
def test_refuses_what_decode_refuses_wherever_it_is(position):
    good = golden_poses("messages.json")[:2]
    refused = golden_poses("rejected.json")
    assert len(refused) >= 14
    for bad in refused:
        messages = [*good[:position], bad, *good[position:]]
        with pytest.raises(ProtocolError) as caught:
            decode_poses(messages)
        with pytest.raises(ProtocolError) as expected:
            decode(bad)
        assert str(caught.value) == str(expected.value)


def test_refuses_another_message():
    with pytest.raises(ProtocolError, match="ack"):
        decode_poses([encode(Ack(1))])


def outcome(function, data):
    try:
        function([data])
    except ProtocolError:
        return "refused"
    return "taken"


def test_agrees_with_decode_on_mutated_poses():
    numbers = random.Random(3)
    seen = set()
    for data in golden_poses("messages.json"):
        for _ in range(300):
            mutated = bytearray(data)
            mutated[numbers.randrange(len(mutated))] ^= 1 << numbers.randrange(8)
            result = outcome(decode_poses, bytes(mutated))
            expected = outcome(one_by_one, bytes(mutated))
            assert result == expected
            seen.add(result)
    assert seen == {"taken", "refused"}


def test_agrees_with_decode_on_changed_types():
    document = msgpack.unpackb(golden_poses("messages.json")[-1])
    for key in ("seq", "time_ns", "hands"):
        for value in (True, None, 1.0, "1", b"1", -1, 2**63, [1], {}):
            data = msgpack.packb(document | {key: value})
            assert outcome(decode_poses, data) == outcome(one_by_one, data)


def test_poses_encoded_together_are_those_encoded_one_by_one():
    packets = [decode(data) for data in golden_poses("messages.json")]
    packets = [
        PosePacket(k, packet.time_ns, packet.hands)
        for k, packet in enumerate(packets)
        if isinstance(packet, PosePacket)
    ]
    arrays = decode_poses([encode(packet, precision="full") for packet in packets])
    encoded = list(encode_poses(arrays))
    assert [pose.data for pose in encoded] == [encode(p, precision="full") for p in packets]
    assert [pose.seq for pose in encoded] == list(range(len(packets)))
    assert [pose.time_ns for pose in encoded] == [packet.time_ns for packet in packets]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("time_ns", -1, "time_ns"),
        ("wrist_m", 1e6, "wrist_m"),
        ("pose_quat", 0.7, "length 1"),
        ("pose_quat", np.nan, "length 1"),
        ("finger_confidence", 1.5, "finger_confidence"),
    ],
)
def test_poses_that_cannot_be_sent_are_not_encoded(name, value, words):
    quat = np.zeros((2, 2, 16, 4), np.float32)
    quat[..., 3] = 1
    arrays = {
        "time_ns": np.array([5, 6]),
        "wrist_m": np.zeros((2, 2, 3), np.float32),
        "pose_quat": quat,
        "finger_confidence": np.ones((2, 2, 5), np.float32),
    }
    assert len(list(encode_poses(PoseArrays(**arrays)))) == 2
    arrays[name][1] = value
    with pytest.raises(ProtocolError, match=words):
        list(encode_poses(PoseArrays(**arrays)))
