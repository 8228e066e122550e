"""Bytes that every implementation must refuse, and with which code."""

from __future__ import annotations

import struct
from typing import Any

import msgpack
import numpy as np

from bridge import protocol
from bridge.protocol import Side
from golden.messages import full, hand, openxr_hand, rest_joints, turned_pose


def changed(message: protocol.Message, **change: Any) -> bytes:
    """A message with fields replaced, or removed where the value is ``...``."""
    document = msgpack.unpackb(full(message)) | change
    return bytes(msgpack.packb({k: v for k, v in document.items() if v is not ...}))


def changed_hand(**change: Any) -> bytes:
    pose = protocol.PosePacket(1, 2, (hand(Side.RIGHT, 4),))
    document = msgpack.unpackb(full(pose))
    first = document["hands"][0] | change
    document["hands"] = [{k: v for k, v in first.items() if v is not ...}]
    return bytes(msgpack.packb(document))


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def rejected_inputs() -> dict[str, tuple[bytes, str]]:
    """Bytes that must be refused, with the code."""
    pack = msgpack.packb
    nan, inf = float("nan"), float("inf")
    ack, pong = protocol.Ack(1), protocol.Pong(1, 2, 3)
    hello = protocol.Hello((1,), "watch", "x")
    welcome = protocol.Welcome(1, "lesson", "x", 0, 10)
    shape = protocol.ShapePacket(Side.LEFT, np.zeros(10), rest_joints(Side.LEFT))
    pose = protocol.PosePacket(1, 2, ())
    status = protocol.Status((protocol.ViewStatus("a", True, 1.0, 1, 1, 0, 0),), 1.0, 1.0, True)
    two = msgpack.unpackb(
        full(protocol.PosePacket(1, 2, (hand(Side.LEFT, 1), hand(Side.RIGHT, 1))))
    )["hands"]
    anchor = protocol.Anchor("rectangle", [1, 1], [0, 0, 0], [0, 0, 0, 1])
    play = protocol.PlaybackControl("play")
    compact = msgpack.unpackb(protocol.encode(protocol.PosePacket(1, 2, (hand(Side.LEFT, 1),))))[2]
    view = msgpack.unpackb(protocol.encode(status))["views"][0]
    stretched, negative, not_a_number = (turned_pose(5) for _ in range(3))
    stretched[7] *= 1.01
    negative[3] *= -1
    not_a_number[15, 0] = nan
    off_origin = rest_joints(Side.LEFT) + np.float32(0.01)
    malformed = {
        "empty": b"",
        "random bytes": bytes.fromhex("8f3ac1d20177fe90b6e4"),
        "text instead of msgpack": b'{"type":"ack","seq":1}',
        "the byte that msgpack never uses": b"\xc1",
        "a number": b"\x07",
        "a list": pack([1, 2, 3]),
        "nil": pack(None),
        "an empty map": pack({}),
        "cut off": protocol.encode(ack)[:-1],
        "trailing byte": protocol.encode(ack) + b"\x00",
        "two messages": protocol.encode(ack) * 2,
        "the same key twice": b"\x83\xa4type\xa3ack\xa3seq\x01\xa3seq\x02",
        "type twice": b"\x83\xa4type\xa3ack\xa4type\xa3ack\xa3seq\x01",
        "integer as a key": b"\x83\xa4type\xa3ack\xa3seq\x01\x01\x01",
        "bin as a key": b"\x83\xa4type\xa3ack\xa3seq\x01\xc4\x01a\x01",
        "no type": pack({"seq": 1}),
        "type as a number": pack({"type": 1, "seq": 1}),
        "type as bin": pack({"type": b"ack", "seq": 1}),
        "text that is no UTF-8": b"\x82\xa4type\xa3bye\xa6reason\xa2\xff\xfe",
        "extension type in a field": b"\x82\xa4type\xa3ack\xa3seq\xd4\x05\x01",
        "extension type in an unknown field": changed(ack, future=msgpack.ExtType(5, b"abc")),
        "timestamp extension": changed(ack, future=msgpack.Timestamp(1, 2)),
        "map that says 4294967295 entries": b"\xdf\xff\xff\xff\xff\xa4type",
        "list that says 4294967295 items": b"\xdd\xff\xff\xff\xff\x01",
        "text that says 4294967295 bytes": b"\xdb\xff\xff\xff\xffab",
        "bin that says 4294967295 bytes": b"\xc6\xff\xff\xff\xffab",
        "nested 2000 deep": b"\x91" * 2000 + b"\xc0",
        "map with 65 entries": pack({"type": "ack", "seq": 1} | {f"k{i}": i for i in range(63)}),
        "more than 256 lists": pack({"type": "ack", "seq": 1, "x": [[[]] * 64] * 5}),
        "field missing": changed(ack, seq=...),
        "bool as an integer": changed(ack, seq=True),
        "float as an integer": changed(ack, seq=1.0),
        "text as an integer": changed(ack, seq="1"),
        "nil as an integer": changed(ack, seq=None),
        "negative sequence": changed(ack, seq=-1),
        "sequence of 2^53": changed(ack, seq=2**53),
        "time of 2^63": changed(pong, t2_ns=2**63),
        "negative time": changed(pong, t0_ns=-1),
        "pong sent before its ping came": changed(pong, t1_ns=4),
        "no versions": changed(hello, versions=[]),
        "17 versions": changed(hello, versions=list(range(17))),
        "versions as a number": changed(hello, versions=1),
        "unknown role": changed(hello, role="teach"),
        "client of 65 bytes": changed(hello, client="x" * 65),
        "client of 33 characters in 66 bytes": changed(hello, client="é" * 33),
        "client as bin": changed(hello, client=b"x"),
        "room with a slash": changed(welcome, room="a/b"),
        "room in capitals": changed(welcome, room="Lesson"),
        "room without a name": changed(welcome, room=""),
        "room of 33 characters": changed(welcome, room="a" * 33),
        "room that ends in a newline": changed(welcome, room="lesson\n"),
        "window of zero": changed(welcome, ack_window=0),
        "rate of zero": pack({"type": "subscribe", "max_rate_hz": 0.0}),
        "rate that is no number": pack({"type": "subscribe", "max_rate_hz": nan}),
        "infinite rate": pack({"type": "subscribe", "max_rate_hz": inf}),
        "rate as a bool": pack({"type": "subscribe", "max_rate_hz": True}),
        "subscribe without a rate": pack({"type": "subscribe"}),
        "side of 2": changed(shape, side=2),
        "side as a bool": changed(shape, side=True),
        "betas too short": changed(shape, betas=floats(*[0.0] * 9)),
        "betas too long": changed(shape, betas=floats(*[0.0] * 11)),
        "betas as text": changed(shape, betas="0" * 40),
        "betas as a list": changed(shape, betas=[0.0] * 10),
        "betas with NaN": changed(shape, betas=floats(*[0.0] * 9, nan)),
        "betas with infinity": changed(shape, betas=floats(*[0.0] * 9, -inf)),
        "rest joints with the wrist off the origin": changed(
            shape, rest_joints_m=off_origin.tobytes()
        ),
        "rest joints of 2 m": changed(shape, rest_joints_m=floats(*[0.0] * 62, 2.0)),
        "three hands": changed(pose, hands=[two[0], two[1], two[1]]),
        "right hand first": changed(pose, hands=[two[1], two[0]]),
        "two right hands": changed(pose, hands=[two[1], two[1]]),
        "hands as a map": changed(pose, hands=two[0]),
        "hand as nil": changed(pose, hands=[None]),
        "hand without a wrist": changed_hand(wrist_m=...),
        "wrist with NaN": changed_hand(wrist_m=floats(0, nan, 0)),
        "wrist 2 km away": changed_hand(wrist_m=floats(0, 2000, 0)),
        "quaternion of length 1.01": changed_hand(pose_quat=stretched.tobytes()),
        "quaternion with w < 0": changed_hand(pose_quat=negative.tobytes()),
        "quaternion with NaN": changed_hand(pose_quat=not_a_number.tobytes()),
        "quaternion of zeros": changed_hand(pose_quat=bytes(256)),
        "confidence above 1": changed_hand(finger_confidence=floats(0, 0, 0, 0, 1.5)),
        "confidence below 0": changed_hand(finger_confidence=floats(-0.1, 0, 0, 0, 0)),
        "17 views": changed(status, views=[view] * 17),
        "view with hands of 4": changed(status, views=[view | {"hands": 4}]),
        "view with live as a number": changed(status, views=[view | {"live": 1}]),
        "view with a negative count": changed(status, views=[view | {"dropped": -1}]),
        "recording as a number": changed(status, recording=0),
        "latency that is no number": changed(status, latency_ms=nan),
        "field that must be understood": changed(ack, **{"!scale": 2}),
        "field of a hand that must be understood": changed_hand(**{"!mirrored": True}),
        "token of 513 bytes": changed(hello, token="x" * 513),
        "token as a number": changed(hello, token=5),
        "17 capabilities": changed(hello, capabilities=["x"] * 17),
        "precision that is none": changed(protocol.Subscribe(None), precision="half"),
        "resumed as a number": changed(welcome, resumed=1),
        "anchor with a size of three": changed(anchor, size_m=floats(1, 1, 1)),
        "anchor turned by no rotation": changed(anchor, rotation_quat=floats(0, 0, 0, 2)),
        "learner hands twice": changed(
            protocol.LearnerHands(1, 2, "", (hand(Side.LEFT, 1),)),
            openxr=msgpack.unpackb(
                full(protocol.LearnerHands(1, 2, "", (), (openxr_hand(Side.LEFT, 1),)))
            )["openxr"],
        ),
        "score of 101": changed(protocol.Score(1, "", 1.0, ()), score=101.0),
        "playback: a command that is none": changed(play, command="record"),
        "playback: load what": changed(play, command="load"),
        "playback: seek where": changed(play, command="seek"),
        "playback: seek before the begin": changed(play, command="seek", position_s=-1.0),
        "playback: too fast": changed(play, command="rate", rate=2.5),
        "playback: loop that ends before it begins": changed(
            play, command="loop", loop_s=[2.0, 1.0]
        ),
        "playback: loop of one end": changed(play, command="loop", loop_s=[2.0]),
        "compact pose of two fields": pack([1, 2]),
        "compact pose of four fields": pack([1, 2, b"", 3]),
        "compact pose with text for hands": pack([1, 2, ""]),
        "compact pose with a negative time": pack([1, -2, b""]),
        "compact pose with a number that is none": pack([1.0, 2, b""]),
        "compact pose of 70 bytes": pack([1, 2, compact[:70]]),
        "compact pose of three hands": pack([1, 2, compact * 3]),
        "compact pose of the same hand twice": pack([1, 2, compact * 2]),
        "compact pose with the reserved bit": pack([1, 2, bytes([compact[0] | 2]) + compact[1:]]),
        "compact pose of ones": pack([1, 2, b"\xfd" + b"\xff" * 70]),
        "compact pose with a rotation longer than 1": pack([1, 2, b"\x01" + bytes(70)]),
        "reason of 1025 bytes": pack({"type": "bye", "reason": "x" * 1025}),
        "error without a message": pack({"type": "error", "code": "malformed"}),
    }
    unknown = {
        "type that v1 does not know": pack({"type": "haptics", "seq": 1}),
        "type with a capital": pack({"type": "Ack", "seq": 1}),
        "empty type": pack({"type": ""}),
    }
    return {name: (data, "malformed") for name, data in malformed.items()} | {
        name: (data, "unknown_type") for name, data in unknown.items()
    }
