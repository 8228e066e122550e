"""The messages of protocol v1 (SPEC.md): frozen, validated when made, with units in their names.

Making a message with a field out of its limits raises ``ProtocolError``, so code that holds a
message never checks it again. Pose and shape are in ``packets.py``, those of a
lesson in ``lesson.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bridge.errors import ProtocolError
from bridge.protocol.fields import (
    MAX_COUNT,
    check_flag,
    check_int,
    check_items,
    check_real,
    check_room_name,
    check_text,
    check_time,
)
from bridge.protocol.lesson import (
    Anchor,
    LearnerHands,
    PlaybackControl,
    PlaybackState,
    Score,
)
from bridge.protocol.packets import MessageBase, PosePacket, ShapePacket

__all__ = [
    "DEFAULT_ACK_WINDOW",
    "MAX_MESSAGE_BYTES",
    "MESSAGE_TYPES",
    "PRECISIONS",
    "PROTOCOL_VERSION",
    "ROLES",
    "SUBPROTOCOL",
    "Ack",
    "Bye",
    "ErrorMessage",
    "Hello",
    "Message",
    "Ping",
    "Pong",
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
ROLES = ("watch", "learn", "play")
PRECISIONS = ("compact", "full")

_MAX_VERSIONS = 16
_MAX_VIEWS = 16
_MAX_NAME_BYTES = 64
_MAX_TOKEN_BYTES = 512
_MAX_CAPABILITIES = 16
_MAX_REASON_BYTES = 1024
_MAX_RATE_HZ = 1000.0
_MAX_LATENCY_MS = 1e9


@dataclass(frozen=True, slots=True)
class Hello(MessageBase):
    """First message of a client.

    Attributes:
        versions: Protocol versions it speaks, at least one.
        role: ``"watch"`` to receive poses, ``"learn"`` to send own hands besides, ``"play"`` to
            send poses.
        client: Name and version of the program, for logs.
        token: What lets it in; for clients that cannot set headers, as browsers cannot.
        resume: The ``session`` of its last connection, to go on as the same client.
        capabilities: What it can do beyond this version's messages.
    """

    TYPE: ClassVar = "hello"
    OPTIONAL: ClassVar = frozenset({"token", "resume", "capabilities"})
    versions: tuple[int, ...]
    role: str
    client: str
    token: str | None = None
    resume: str | None = None
    capabilities: tuple[str, ...] = ()

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
        if self.token is not None:
            check_text("token", self.token, max_bytes=_MAX_TOKEN_BYTES)
        if self.resume is not None:
            check_text("resume", self.resume, max_bytes=_MAX_NAME_BYTES)
        self._set("capabilities", _check_capabilities(self.capabilities))


@dataclass(frozen=True, slots=True)
class Welcome(MessageBase):
    """The bridge's answer to ``Hello``.

    Attributes:
        version: The version both speak from here on.
        room: The room's name.
        server: Name and version of the bridge, for logs.
        time_ns: The bridge's clock when it answered.
        ack_window: Poses that may be unacknowledged at once.
        session: A secret with which this client may resume after its connection is lost.
        resumed: It goes on where its last connection ended.
        capabilities: What the bridge can do beyond this version's messages.
    """

    TYPE: ClassVar = "welcome"
    OPTIONAL: ClassVar = frozenset({"session", "resumed", "capabilities"})
    version: int
    room: str
    server: str
    time_ns: int
    ack_window: int = DEFAULT_ACK_WINDOW
    session: str | None = None
    resumed: bool = False
    capabilities: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_int("version", self.version, low=0, high=65535)
        check_room_name("room", self.room)
        check_text("server", self.server, max_bytes=_MAX_NAME_BYTES)
        check_time("time_ns", self.time_ns)
        check_int("ack_window", self.ack_window, low=1, high=1000)
        if self.session is not None:
            check_text("session", self.session, max_bytes=_MAX_NAME_BYTES)
        check_flag("resumed", self.resumed)
        self._set("capabilities", _check_capabilities(self.capabilities))


@dataclass(frozen=True, slots=True)
class Subscribe(MessageBase):
    """A watcher asks for poses, or changes how often.

    Attributes:
        max_rate_hz: At most this many poses a second; None for all of them.
        precision: ``"compact"``, or ``"full"`` for float32.
    """

    TYPE: ClassVar = "subscribe"
    OPTIONAL: ClassVar = frozenset({"precision"})
    max_rate_hz: float | None = None
    precision: str = "compact"

    def __post_init__(self) -> None:
        if self.max_rate_hz is not None:
            rate = check_real("max_rate_hz", self.max_rate_hz, low=0.01, high=_MAX_RATE_HZ)
            self._set("max_rate_hz", rate)
        precision = check_text("precision", self.precision, max_bytes=_MAX_NAME_BYTES)
        if precision not in PRECISIONS:
            raise ProtocolError(
                f"precision must be one of {', '.join(PRECISIONS)}, not {precision!r}"
            )


@dataclass(frozen=True, slots=True)
class Ack(MessageBase):
    """A watcher has taken this pose and all that were sent before it."""

    TYPE: ClassVar = "ack"
    seq: int

    def __post_init__(self) -> None:
        check_int("seq", self.seq, low=0, high=MAX_COUNT)


@dataclass(frozen=True, slots=True)
class ViewStatus(MessageBase):
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
class Status(MessageBase):
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
class Ping(MessageBase):
    """Asks for a ``Pong``; ``t0_ns`` is the asker's clock when it sent this."""

    TYPE: ClassVar = "ping"
    t0_ns: int

    def __post_init__(self) -> None:
        check_time("t0_ns", self.t0_ns)


@dataclass(frozen=True, slots=True)
class Pong(MessageBase):
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
class ErrorMessage(MessageBase):
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
class Bye(MessageBase):
    """A deliberate end; ``reason`` is for people."""

    TYPE: ClassVar = "bye"
    reason: str

    def __post_init__(self) -> None:
        check_text("reason", self.reason, max_bytes=_MAX_REASON_BYTES)


def _check_capabilities(value: object) -> tuple[str, ...]:
    names = check_items("capabilities", value, high=_MAX_CAPABILITIES)
    return tuple(check_text("capabilities", name, max_bytes=_MAX_NAME_BYTES) for name in names)


Message = (
    Hello
    | Welcome
    | Subscribe
    | ShapePacket
    | PosePacket
    | Ack
    | Anchor
    | LearnerHands
    | Score
    | PlaybackControl
    | PlaybackState
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
        Anchor,
        LearnerHands,
        Score,
        PlaybackControl,
        PlaybackState,
        Status,
        Ping,
        Pong,
        ErrorMessage,
        Bye,
    )
}
"""Message class by its ``type`` on the wire."""
