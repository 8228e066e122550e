"""The messages of protocol v1 (SPEC.md): frozen, validated when made, with units in their names.

Making a message with a field out of its limits raises ``ProtocolError``, so code that holds a
message never checks it again. Arrays are read-only little-endian float32 copies.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from bridge.errors import ProtocolError
from bridge.protocol.fields import (
    MAX_COUNT,
    Float32Array,
    check_array,
    check_flag,
    check_int,
    check_items,
    check_quaternions,
    check_real,
    check_room_name,
    check_side,
    check_text,
    check_time,
)
from bridge.protocol.joints import FINGERS, N_BETAS, N_JOINTS, N_KEYPOINTS, Side

__all__ = [
    "DEFAULT_ACK_WINDOW",
    "MAX_MESSAGE_BYTES",
    "MESSAGE_TYPES",
    "PROTOCOL_VERSION",
    "ROLES",
    "SUBPROTOCOL",
    "Ack",
    "Bye",
    "ErrorMessage",
    "HandPacket",
    "Hello",
    "Message",
    "Ping",
    "Pong",
    "PosePacket",
    "ShapePacket",
    "Status",
    "Subscribe",
    "ViewStatus",
    "Welcome",
]

PROTOCOL_VERSION = 1
SUBPROTOCOL = "ghosthands.v1"
"""Name asked for and granted in the WebSocket handshake (RFC 6455, section 1.9)."""

MAX_MESSAGE_BYTES = 1 << 20
"""A larger message is refused before it is read."""

DEFAULT_ACK_WINDOW = 10
ROLES = ("watch", "play")

_MAX_VERSIONS = 16
_MAX_VIEWS = 16
_MAX_NAME_BYTES = 64
_MAX_REASON_BYTES = 1024
_MAX_POSITION_M = 1000.0
_MAX_REST_M = 1.0
_MAX_BETA = 100.0
_MAX_RATE_HZ = 1000.0
_MAX_LATENCY_MS = 1e9
_WRIST_AT_ORIGIN_M = 1e-4


class _Message:
    """What all messages share: each field may be replaced once, by its checked value."""

    __slots__ = ()

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)


class _WithArrays(_Message):
    """Equality by value for messages with arrays, whose own ``==`` is elementwise."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)  # type: ignore[arg-type]  # every subclass is a dataclass
        )

    __hash__ = None  # type: ignore[assignment]  # two hands are compared, never looked up


@dataclass(frozen=True, slots=True)
class Hello(_Message):
    """First message of a client.

    Attributes:
        versions: Protocol versions it speaks, at least one.
        role: ``"watch"`` to receive poses, ``"play"`` to send them.
        client: Name and version of the program, for logs.
    """

    TYPE: ClassVar = "hello"
    versions: tuple[int, ...]
    role: str
    client: str

    def __post_init__(self) -> None:
        versions = check_items("versions", self.versions, high=_MAX_VERSIONS)
        if not versions:
            raise ProtocolError("versions must name at least one version")
        checked = tuple(check_int("versions", v, low=0, high=65535) for v in versions)
        self._set("versions", checked)
        role = check_text("role", self.role, max_bytes=_MAX_NAME_BYTES)
        if role not in ROLES:
            raise ProtocolError(f"role must be one of {', '.join(ROLES)}, not {role!r}")
        check_text("client", self.client, max_bytes=_MAX_NAME_BYTES)


@dataclass(frozen=True, slots=True)
class Welcome(_Message):
    """The bridge's answer to ``Hello``.

    Attributes:
        version: The version both speak from here on.
        room: The room's name.
        server: Name and version of the bridge, for logs.
        time_ns: The bridge's clock when it answered.
        ack_window: Poses that may be unacknowledged at once.
    """

    TYPE: ClassVar = "welcome"
    version: int
    room: str
    server: str
    time_ns: int
    ack_window: int = DEFAULT_ACK_WINDOW

    def __post_init__(self) -> None:
        check_int("version", self.version, low=0, high=65535)
        check_room_name("room", self.room)
        check_text("server", self.server, max_bytes=_MAX_NAME_BYTES)
        check_time("time_ns", self.time_ns)
        check_int("ack_window", self.ack_window, low=1, high=1000)


@dataclass(frozen=True, slots=True)
class Subscribe(_Message):
    """A watcher asks for poses, or changes how often.

    Attributes:
        max_rate_hz: At most this many poses a second; None for all of them.
    """

    TYPE: ClassVar = "subscribe"
    max_rate_hz: float | None = None

    def __post_init__(self) -> None:
        if self.max_rate_hz is not None:
            rate = check_real("max_rate_hz", self.max_rate_hz, low=0.01, high=_MAX_RATE_HZ)
            self._set("max_rate_hz", rate)


@dataclass(frozen=True, slots=True, eq=False)
class ShapePacket(_WithArrays):
    """The shape of one hand: all a client needs to turn a pose into 21 keypoints.

    Attributes:
        side: Which hand, as on the person.
        betas: ``(10,)`` shape values of the hand model.
        rest_joints_m: ``(21, 3)`` keypoints at rest, metres, hand rest frame, wrist at the origin.
    """

    TYPE: ClassVar = "shape"
    side: Side
    betas: Float32Array
    rest_joints_m: Float32Array

    def __post_init__(self) -> None:
        self._set("side", check_side("side", self.side))
        betas = check_array("betas", self.betas, (N_BETAS,), low=-_MAX_BETA, high=_MAX_BETA)
        self._set("betas", betas)
        rest = check_array(
            "rest_joints_m",
            self.rest_joints_m,
            (N_KEYPOINTS, 3),
            low=-_MAX_REST_M,
            high=_MAX_REST_M,
        )
        if np.abs(rest[0]).max() > _WRIST_AT_ORIGIN_M:
            raise ProtocolError("rest_joints_m must have the wrist, its first row, at the origin")
        self._set("rest_joints_m", rest)


@dataclass(frozen=True, slots=True, eq=False)
class HandPacket(_WithArrays):
    """One hand of a pose.

    Attributes:
        side: Which hand, as on the person.
        wrist_m: ``(3,)`` wrist position in the stage, metres.
        pose_quat: ``(16, 4)`` unit quaternions xyzw, w >= 0, MANO joint order: 0 turns the hand's
            rest frame into the stage, 1 to 15 are local joint rotations.
        finger_confidence: ``(5,)`` thumb to little, 0 to 1.
    """

    side: Side
    wrist_m: Float32Array
    pose_quat: Float32Array
    finger_confidence: Float32Array

    def __post_init__(self) -> None:
        self._set("side", check_side("side", self.side))
        limit = _MAX_POSITION_M
        self._set("wrist_m", check_array("wrist_m", self.wrist_m, (3,), low=-limit, high=limit))
        self._set("pose_quat", check_quaternions("pose_quat", self.pose_quat, N_JOINTS))
        confidence = check_array(
            "finger_confidence", self.finger_confidence, (len(FINGERS),), low=0.0, high=1.0
        )
        self._set("finger_confidence", confidence)


@dataclass(frozen=True, slots=True)
class PosePacket(_Message):
    """Both hands at one instant.

    Attributes:
        seq: Rises by one per pose made, so that a receiver sees what it did not get.
        time_ns: Capture time on the bridge's clock.
        hands: The hands that are seen, none to two, left first.
    """

    TYPE: ClassVar = "pose"
    seq: int
    time_ns: int
    hands: tuple[HandPacket, ...]

    def __post_init__(self) -> None:
        check_int("seq", self.seq, low=0, high=MAX_COUNT)
        check_time("time_ns", self.time_ns)
        hands = check_items("hands", self.hands, high=2)
        if not all(isinstance(hand, HandPacket) for hand in hands):
            raise ProtocolError("hands must hold hands")
        if len(hands) == 2 and hands[0].side >= hands[1].side:
            raise ProtocolError("hands must be one left and one right hand, the left one first")
        self._set("hands", hands)


@dataclass(frozen=True, slots=True)
class Ack(_Message):
    """A watcher has taken this pose. Every pose is acknowledged, each once."""

    TYPE: ClassVar = "ack"
    seq: int

    def __post_init__(self) -> None:
        check_int("seq", self.seq, low=0, high=MAX_COUNT)


@dataclass(frozen=True, slots=True)
class ViewStatus(_Message):
    """One camera of the room.

    Attributes:
        view: The view's name.
        live: Frames are arriving.
        rate_hz: Frames a second over the last second.
        width: Picture width, pixels, 0 before the first frame.
        height: Picture height, pixels, 0 before the first frame.
        dropped: Frames dropped since the view joined.
        hands: Hands seen in its last frame: bit 0 left, bit 1 right.
    """

    view: str
    live: bool
    rate_hz: float
    width: int
    height: int
    dropped: int
    hands: int

    def __post_init__(self) -> None:
        check_room_name("view", self.view)
        check_flag("live", self.live)
        self._set("rate_hz", check_real("rate_hz", self.rate_hz, low=0.0, high=_MAX_RATE_HZ))
        check_int("width", self.width, low=0, high=65535)
        check_int("height", self.height, low=0, high=65535)
        check_int("dropped", self.dropped, low=0, high=MAX_COUNT)
        check_int("hands", self.hands, low=0, high=3)


@dataclass(frozen=True, slots=True)
class Status(_Message):
    """How the room does, once a second.

    Attributes:
        views: Its cameras, in the order in which they joined.
        pose_rate_hz: Poses made a second over the last second.
        latency_ms: Capture to pose made, median of the last second; None without poses.
        recording: The room is being recorded.
    """

    TYPE: ClassVar = "status"
    views: tuple[ViewStatus, ...]
    pose_rate_hz: float
    latency_ms: float | None
    recording: bool

    def __post_init__(self) -> None:
        views = check_items("views", self.views, high=_MAX_VIEWS)
        if not all(isinstance(view, ViewStatus) for view in views):
            raise ProtocolError("views must hold views")
        self._set("views", views)
        rate = check_real("pose_rate_hz", self.pose_rate_hz, low=0.0, high=_MAX_RATE_HZ)
        self._set("pose_rate_hz", rate)
        if self.latency_ms is not None:
            limit = _MAX_LATENCY_MS  # below zero only by the error of a clock
            self._set(
                "latency_ms", check_real("latency_ms", self.latency_ms, low=-limit, high=limit)
            )
        check_flag("recording", self.recording)


@dataclass(frozen=True, slots=True)
class Ping(_Message):
    """Asks for a ``Pong``; ``t0_ns`` is the asker's clock when it sent this."""

    TYPE: ClassVar = "ping"
    t0_ns: int

    def __post_init__(self) -> None:
        check_time("t0_ns", self.t0_ns)


@dataclass(frozen=True, slots=True)
class Pong(_Message):
    """Answers a ``Ping``.

    Attributes:
        t0_ns: Echo of the ping's.
        t1_ns: The answerer's clock when the ping came.
        t2_ns: The answerer's clock when this was sent.
    """

    TYPE: ClassVar = "pong"
    t0_ns: int
    t1_ns: int
    t2_ns: int

    def __post_init__(self) -> None:
        check_time("t0_ns", self.t0_ns)
        check_time("t1_ns", self.t1_ns)
        check_time("t2_ns", self.t2_ns)
        if self.t2_ns < self.t1_ns:
            raise ProtocolError("t2_ns must not be before t1_ns")


@dataclass(frozen=True, slots=True)
class ErrorMessage(_Message):
    """What the peer did wrong; the sender closes after it.

    Attributes:
        code: One of the codes in SPEC.md; a receiver takes codes it does not know, too.
        message: For people.
    """

    TYPE: ClassVar = "error"
    code: str
    message: str

    def __post_init__(self) -> None:
        check_text("code", self.code, max_bytes=_MAX_NAME_BYTES)
        check_text("message", self.message, max_bytes=_MAX_REASON_BYTES)


@dataclass(frozen=True, slots=True)
class Bye(_Message):
    """A deliberate end; ``reason`` is for people."""

    TYPE: ClassVar = "bye"
    reason: str

    def __post_init__(self) -> None:
        check_text("reason", self.reason, max_bytes=_MAX_REASON_BYTES)


Message = (
    Hello
    | Welcome
    | Subscribe
    | ShapePacket
    | PosePacket
    | Ack
    | Status
    | Ping
    | Pong
    | ErrorMessage
    | Bye
)

MESSAGE_TYPES: dict[str, type[Message]] = {
    cls.TYPE: cls
    for cls in (
        Hello,
        Welcome,
        Subscribe,
        ShapePacket,
        PosePacket,
        Ack,
        Status,
        Ping,
        Pong,
        ErrorMessage,
        Bye,
    )
}
"""Message class by its ``type`` on the wire."""
