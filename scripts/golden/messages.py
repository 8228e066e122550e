"""Messages that every implementation must read, and write the same."""

from __future__ import annotations

import math
import random

import msgpack
import numpy as np

from bridge import protocol
from bridge.protocol import N_KEYPOINTS, Side

IDENTITY = np.tile(np.array([0, 0, 0, 1], np.float32), (16, 1))
TIME_NS = 1_234_567_890_123_456_789  # needs all 64 bits: a double would round it


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
        "score with a place": protocol.Score(TIME_NS, "learner-1", None, (), 12.25),
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
