"""Writes the golden vectors of protocol v1: bytes and what they mean, for every implementation.

``python scripts/make_golden.py`` writes bridge/protocol/golden/*.json; with ``--check`` it writes
nothing and fails when the committed files differ from what it would write.

messages.json   bytes <-> meaning, poses in full; where not ``canonical``, only bytes -> meaning.
compact.json    bytes of compact poses -> meaning, to 1e-6.
rejected.json   bytes that a receiver must refuse, and the error code it must give.
geometry.json   joint orders, changes of coordinate frames, keypoints of posed hands.

In a meaning, names ending in ``_ns`` hold decimal strings (a JavaScript number cannot hold them)
and arrays are nested lists of the exact float32 values.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import struct
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from bridge import protocol
from bridge.protocol import N_KEYPOINTS, Side, coordinates

GOLDEN = Path(__file__).resolve().parent.parent / "bridge" / "protocol" / "golden"

IDENTITY = np.tile(np.array([0, 0, 0, 1], np.float32), (16, 1))
TIME_NS = 1_234_567_890_123_456_789  # needs all 64 bits: a double would round it


def meaning(value: Any) -> Any:
    """A message as JSON."""
    if isinstance(value, np.ndarray):
        return value.astype(float).tolist()
    if isinstance(value, tuple):
        return [meaning(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        head = {"type": value.TYPE} if hasattr(value, "TYPE") else {}
        return head | {
            f.name: str(getattr(value, f.name))
            if f.name.endswith("_ns")
            else meaning(getattr(value, f.name))
            for f in fields(value)
        }
    return int(value) if isinstance(value, Side) else value


def turned_pose(seed: int) -> np.ndarray:
    """``(16, 4)`` unit quaternions xyzw with w >= 0, the same on every machine and version."""
    numbers = random.Random(seed)
    pose = []
    for _ in range(16):
        *xyz, w = (2.0 * numbers.random() - 1.0 for _ in range(4))
        length = math.sqrt(math.fsum(v * v for v in (*xyz, w)))
        sign = -1.0 if w < 0 else 1.0
        pose.append([sign * v / length for v in (*xyz, w)])
    return np.array(pose, np.float32)


def rest_joints(side: Side) -> np.ndarray:
    """``(21, 3)`` a plain hand in metres: right fingers along -X, left along +X."""
    rest = np.zeros((N_KEYPOINTS, 3), np.float32)
    for finger in range(5):
        for k in range(4):
            x = -(0.03 + 0.02 * k) if finger == 0 else -(0.09 + 0.03 * k)
            rest[1 + 4 * finger + k] = (x, 0.0, 0.04 - 0.02 * finger)
    if side is Side.LEFT:
        rest[:, 0] = -rest[:, 0]
    return rest


def openxr_hand(side: Side, seed: int) -> protocol.OpenXRHand:
    quaternions = np.concatenate([turned_pose(seed), turned_pose(seed + 1)])
    joints = np.arange(3 * protocol.N_OPENXR_JOINTS).reshape(-1, 3) / 64 - 0.5
    return protocol.OpenXRHand(side, joints, quaternions[: protocol.N_OPENXR_JOINTS])


def full(message: protocol.Message) -> bytes:
    return protocol.encode(message, precision="full")


def hand(side: Side, seed: int) -> protocol.HandPacket:
    sign = -1.0 if side is Side.LEFT else 1.0
    return protocol.HandPacket(
        side=side,
        wrist_m=np.array([0.15 * sign, 0.1, -0.4]),
        pose_quat=turned_pose(seed),
        finger_confidence=np.array([1.0, 0.75, 0.5, 0.25, 0.0]),
    )


def good_messages() -> dict[str, protocol.Message]:
    """Every message, and the edges of every field."""
    left, right = hand(Side.LEFT, 1), hand(Side.RIGHT, 2)
    rest = protocol.HandPacket(Side.RIGHT, np.zeros(3), IDENTITY, np.ones(5))
    half_turn = IDENTITY.copy()
    half_turn[0] = (1, 0, 0, 0)  # w = 0, the edge of w >= 0
    phone = protocol.ViewStatus("phone", True, 29.97, 1280, 720, 12, 3)
    tablet = protocol.ViewStatus("tablet-2", False, 0.0, 0, 0, 0, 0)
    longest = protocol.ViewStatus("a" * 32, True, 1000.0, 65535, 65535, 2**53 - 1, 2)
    return {
        "hello watch": protocol.Hello((1,), "watch", "ghosthands-python 0.1.0"),
        "hello play, several versions": protocol.Hello((1, 2, 65535), "play", ""),
        "hello, client of 64 bytes in 32 characters": protocol.Hello((1,), "watch", "é" * 32),
        "welcome": protocol.Welcome(1, "lesson", "ghosthands 0.1.0", TIME_NS, 10),
        "welcome, edges": protocol.Welcome(1, "0" * 32, "", 2**63 - 1, 1),
        "subscribe to everything": protocol.Subscribe(None),
        "subscribe, limited": protocol.Subscribe(30.0),
        "shape left": protocol.ShapePacket(
            Side.LEFT, np.linspace(-2, 2, 10), rest_joints(Side.LEFT)
        ),
        "shape right": protocol.ShapePacket(Side.RIGHT, np.zeros(10), rest_joints(Side.RIGHT)),
        "pose, no hand": protocol.PosePacket(0, 0, ()),
        "pose, left hand": protocol.PosePacket(41, TIME_NS, (left,)),
        "pose, right hand at rest": protocol.PosePacket(42, TIME_NS, (rest,)),
        "pose, both hands": protocol.PosePacket(43, TIME_NS, (left, right)),
        "pose, largest numbers": protocol.PosePacket(2**53 - 1, 2**63 - 1, (right,)),
        "pose, w of zero": protocol.PosePacket(
            1, 1, (protocol.HandPacket(Side.RIGHT, np.zeros(3), half_turn, np.zeros(5)),)
        ),
        "hello learn, with all there is": protocol.Hello(
            (1,), "learn", "x", "token.é", "session-1", ("hand-mesh", "haptics")
        ),
        "hello, longest token": protocol.Hello((1,), "watch", "x", "t" * 512, "s" * 64),
        "welcome, resumed": protocol.Welcome(
            1, "lesson", "x", TIME_NS, 10, "session-2", True, ("score",)
        ),
        "subscribe in full": protocol.Subscribe(None, "full"),
        "anchor": protocol.Anchor(
            "piano-88", [1.225, 0.15], [-0.5, -0.25, -0.75], turned_pose(6)[0]
        ),
        "learner hands, a pose": protocol.LearnerHands(1, TIME_NS, "", (left, right)),
        "learner hands, a headset's joints": protocol.LearnerHands(
            2, TIME_NS, "learner-1", (), (openxr_hand(Side.RIGHT, 7),)
        ),
        "learner hands, none seen": protocol.LearnerHands(3, TIME_NS),
        "score": protocol.Score(
            TIME_NS,
            "learner-1",
            87.5,
            (
                protocol.HandScore(
                    Side.LEFT,
                    [0.0, 0.01, 0.02, 0.5, 1000.0],
                    [0.0, 0.125, 0.25, 3.0, 7.0],
                    [0.0, 0.25, 0.5, 0.75, 1.0],
                ),
            ),
        ),
        "score without a reference": protocol.Score(TIME_NS, "", None, ()),
        "playback: load": protocol.PlaybackControl("load", recording="lesson-1"),
        "playback: unload": protocol.PlaybackControl("unload"),
        "playback: play": protocol.PlaybackControl("play"),
        "playback: pause": protocol.PlaybackControl("pause"),
        "playback: seek": protocol.PlaybackControl("seek", position_s=0.0),
        "playback: slowest": protocol.PlaybackControl("rate", rate=0.25),
        "playback: fastest": protocol.PlaybackControl("rate", rate=2.0),
        "playback: loop": protocol.PlaybackControl("loop", loop_s=(1.5, 2.0)),
        "playback: end of the loop": protocol.PlaybackControl("loop"),
        "playback state": protocol.PlaybackState(
            TIME_NS, "lesson-1", 3600.0, 12.5, True, 0.5, (12.0, 16.0), ("lesson-1", "lesson-2")
        ),
        "playback state, nothing loaded": protocol.PlaybackState(
            TIME_NS, None, 0.0, 0.0, False, 1.0, problem="there is no recording lesson-9"
        ),
        "ack": protocol.Ack(43),
        "ack, largest": protocol.Ack(2**53 - 1),
        "status": protocol.Status((phone, tablet), 29.5, 84.25, False),
        "status, no views": protocol.Status((), 0.0, None, True),
        "status, edges": protocol.Status((longest,) * 16, 1000.0, -0.125, True),
        "ping": protocol.Ping(TIME_NS),
        "pong": protocol.Pong(TIME_NS, TIME_NS + 1_000_000, TIME_NS + 1_050_000),
        "error": protocol.ErrorMessage("malformed", "pose: seq is missing"),
        "error of a code that v1 does not know": protocol.ErrorMessage("new_code", ""),
        "bye": protocol.Bye("the lesson is over – bis bald"),
    }


def compact_poses() -> dict[str, protocol.PosePacket]:
    """Poses whose compact bytes have edges."""
    good = good_messages()
    names = [name for name in good if name.startswith("pose, ")]
    poses = {name: good[name] for name in names}
    far = protocol.HandPacket(
        Side.LEFT, [26.2, -26.2, 0.00005], turned_pose(8), [0.07, 0.08, 0.5, 0.92, 0.93]
    )
    every = np.zeros((16, 4), np.float32)  # each component is the largest one of some joints
    every[np.arange(16), np.arange(16) % 4] = 1
    largest = protocol.HandPacket(Side.RIGHT, [0, 0, 0], every, [0, 0, 0, 0, 0])
    halves = protocol.HandPacket(Side.RIGHT, [0, 0, 0], np.full((16, 4), 0.5), [1, 1, 1, 1, 1])
    return poses | {
        "as far as it goes": protocol.PosePacket(1, 2, (far,)),
        "each component largest": protocol.PosePacket(1, 2, (largest,)),
        "all components alike": protocol.PosePacket(1, 2, (halves,)),
    }


def lenient_inputs() -> dict[str, tuple[bytes, protocol.Message]]:
    """Bytes that v1 never writes and must read."""
    pack = msgpack.packb
    pose = msgpack.unpackb(full(protocol.PosePacket(5, 6, (hand(Side.RIGHT, 3),))))
    pose["future"] = {"list": [1, None, {"deep": b"\x00"}]}
    pose["hands"][0]["future"] = -1
    status = {
        "type": "status", "views": [], "pose_rate_hz": 30, "latency_ms": 80, "recording": False,
    }  # fmt: skip
    pong = {"t2_ns": 3, "t1_ns": 2, "t0_ns": 1, "type": "pong"}
    return {
        "unknown fields are skipped": (
            pack(pose), protocol.PosePacket(5, 6, (hand(Side.RIGHT, 3),)),
        ),
        "an integer where a float is meant": (
            pack(status), protocol.Status((), 30.0, 80.0, False),
        ),
        "a float32 where a float is meant": (
            pack({"type": "subscribe", "max_rate_hz": 30.0}, use_single_float=True),
            protocol.Subscribe(30.0),
        ),
        "optional fields as nil": (
            pack({"type": "hello", "versions": [1], "role": "watch", "client": "", "token": None,
                  "resume": None, "capabilities": None}),
            protocol.Hello((1,), "watch", ""),
        ),
        "optional fields that say what they are anyway": (
            pack({"type": "subscribe", "max_rate_hz": None, "precision": "compact"}),
            protocol.Subscribe(None),
        ),
        "fields in another order": (pack(pong), protocol.Pong(1, 2, 3)),
        "integer in a wider form than needed": (
            b"\x82\xa4type\xa3ack\xa3seq\xcf" + (7).to_bytes(8, "big"), protocol.Ack(7),
        ),
        "integer in a signed form": (
            b"\x82\xa4type\xa3ack\xa3seq\xd3" + (7).to_bytes(8, "big"), protocol.Ack(7),
        ),
        "map and text in wider forms than needed": (
            b"\xdf\0\0\0\x02\xd9\x04type\xda\0\x03ack\xdb\0\0\0\x03seq\x07", protocol.Ack(7),
        ),
    }  # fmt: skip


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


def rounded(array: np.ndarray) -> list[Any]:
    """Without the last bits, in which processors may differ, and without minus zero."""
    return (np.round(np.asarray(array, np.float64), 9) + 0.0).tolist()


def geometry() -> dict[str, Any]:
    """What has no bytes of its own and must still be the same in every implementation."""
    positions = np.array([[1.0, 2.0, 3.0], [-0.25, 0.5, -0.125]])
    quaternions = np.array([[0.1, 0.2, 0.3, 0.927361849549570], [0.5, -0.5, 0.5, 0.5]])
    changes = {
        name: {
            "from": rounded(given),
            "to": rounded(getattr(coordinates, name)(given)),
        }
        for kind, given in (
            ("position", positions), ("orientation", quaternions), ("rotation", quaternions),
        )
        for name in sorted(coordinates.__all__)
        if name.endswith(f"_{kind}")
    }  # fmt: skip
    hands = []
    for side in Side:
        packet, rest = hand(side, 20 + side), rest_joints(side)
        hands.append(
            {
                "rest_joints_m": rest.astype(float).tolist(),
                "pose_quat": packet.pose_quat.astype(float).tolist(),
                "wrist_m": packet.wrist_m.astype(float).tolist(),
                "keypoints_m": rounded(
                    protocol.keypoints_from_pose(rest, packet.pose_quat, packet.wrist_m)
                ),
            }
        )
    return {
        "joints": {
            "joint_names": protocol.JOINT_NAMES,
            "joint_parents": protocol.JOINT_PARENTS,
            "keypoint_names": protocol.KEYPOINT_NAMES,
            "keypoint_of_joint": protocol.KEYPOINT_OF_JOINT,
            "keypoint_parent_joint": protocol.KEYPOINT_PARENT_JOINT,
        },
        "coordinates": changes,
        "kinematics": hands,
    }


def documents() -> dict[str, Any]:
    """Every golden file by its name."""
    good = [
        {"name": name, "hex": full(m).hex(), "canonical": True, "message": meaning(m)}
        for name, m in good_messages().items()
    ]
    lenient = [
        {"name": name, "hex": data.hex(), "canonical": False, "message": meaning(m)}
        for name, (data, m) in lenient_inputs().items()
    ]
    rejected = [
        {"name": name, "hex": data.hex(), "code": code}
        for name, (data, code) in rejected_inputs().items()
    ]
    # A run of one byte instead of a megabyte of it.
    rejected.append(
        {
            "name": "one byte over 1 MiB",
            "repeat": {"hex": "90", "count": protocol.MAX_MESSAGE_BYTES + 1},
            "code": "too_large",
        }
    )
    compact = []
    for name, pose in compact_poses().items():
        data = protocol.encode(pose)
        message = meaning(protocol.decode(data))
        compact.append({"name": name, "hex": data.hex(), "message": message})
    return {
        "compact.json": {"protocol": protocol.SUBPROTOCOL, "vectors": compact},
        "messages.json": {"protocol": protocol.SUBPROTOCOL, "vectors": good + lenient},
        "rejected.json": {"protocol": protocol.SUBPROTOCOL, "vectors": rejected},
        "geometry.json": {"protocol": protocol.SUBPROTOCOL, **geometry()},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    check = parser.parse_args().check
    stale = []
    for name, document in documents().items():
        text = json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n"
        path = GOLDEN / name
        if check:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
            print(f"{path.name}: {len(text)} characters")
    if stale:
        print(f"not what this script makes: {', '.join(stale)}", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
