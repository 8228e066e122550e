"""The messages of a lesson: where the instrument lies, the learner's hands, the score, playback.

Validated when made, as those of ``messages.py``; arrays are as those of ``packets.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bridge.errors import ProtocolError
from bridge.protocol.fields import (
    MAX_COUNT,
    Float32Array,
    check_array,
    check_flag,
    check_int,
    check_items,
    check_quaternion,
    check_quaternions,
    check_real,
    check_side,
    check_text,
    check_time,
)
from bridge.protocol.joints import FINGERS, Side
from bridge.protocol.packets import MAX_POSITION_M, HandPacket, MessageBase, WithArrays, one_of_each

__all__ = [
    "COMMANDS",
    "N_OPENXR_JOINTS",
    "Anchor",
    "HandScore",
    "LearnerHands",
    "OpenXRHand",
    "PlaybackControl",
    "PlaybackState",
    "Score",
]

N_OPENXR_JOINTS = 26
"""Joints of XR_EXT_hand_tracking: palm, wrist, thumb 4, index to little 5 each."""

COMMANDS = ("load", "unload", "play", "pause", "seek", "rate", "loop")
"""What a player of recordings can be told."""

MIN_RATE, MAX_RATE = 0.25, 2.0
_MAX_NAME_BYTES = 64
_MAX_PROBLEM_BYTES = 1024
_MAX_SIZE_M = 100.0
_MAX_SECONDS = 1e6
_MAX_RECORDINGS = 64


@dataclass(frozen=True, slots=True, eq=False)
class Anchor(WithArrays):
    """Where the teacher's instrument lies in the stage.

    Attributes:
        instrument: What it is: ``piano-88``, ``rectangle``, ...
        size_m: ``(2,)`` width along the front edge and depth, metres.
        position_m: ``(3,)`` its front left corner in the stage, metres.
        rotation_quat: ``(4,)`` xyzw, w >= 0; turns its axes (x along the front edge, y up) into
            the stage's.
    """

    TYPE: ClassVar = "anchor"
    instrument: str
    size_m: Float32Array
    position_m: Float32Array
    rotation_quat: Float32Array

    def __post_init__(self) -> None:
        check_text("instrument", self.instrument, max_bytes=_MAX_NAME_BYTES)
        self._set("size_m", check_array("size_m", self.size_m, (2,), low=0.0, high=_MAX_SIZE_M))
        limit = MAX_POSITION_M
        position = check_array("position_m", self.position_m, (3,), low=-limit, high=limit)
        self._set("position_m", position)
        self._set("rotation_quat", check_quaternion("rotation_quat", self.rotation_quat))


@dataclass(frozen=True, slots=True, eq=False)
class OpenXRHand(WithArrays):
    """One hand as a headset tracks it.

    Attributes:
        side: Which hand, as on the person.
        joints_m: ``(26, 3)`` joints of XR_EXT_hand_tracking in the stage, metres.
        joint_quat: ``(26, 4)`` their orientations in the stage, xyzw, w >= 0.
    """

    side: Side
    joints_m: Float32Array
    joint_quat: Float32Array

    def __post_init__(self) -> None:
        self._set("side", check_side("side", self.side))
        limit, shape = MAX_POSITION_M, (N_OPENXR_JOINTS, 3)
        joints = check_array("joints_m", self.joints_m, shape, low=-limit, high=limit)
        self._set("joints_m", joints)
        quaternions = check_quaternions("joint_quat", self.joint_quat, N_OPENXR_JOINTS)
        self._set("joint_quat", quaternions)


@dataclass(frozen=True, slots=True)
class LearnerHands(MessageBase):
    """A learner's own hands, as poses or as a headset's joints, in the stage.

    Attributes:
        seq: Rises with each message of one learner.
        time_ns: Capture time on the bridge's clock.
        learner: Who, as the bridge names its learners; empty on the way to the bridge.
        hands: As in a pose, none to two, left first.
        openxr: The same as joints of a headset; at most one of both lists has hands.
    """

    TYPE: ClassVar = "learner_hands"
    OPTIONAL: ClassVar = frozenset({"learner", "hands", "openxr"})
    seq: int
    time_ns: int
    learner: str = ""
    hands: tuple[HandPacket, ...] = ()
    openxr: tuple[OpenXRHand, ...] = ()

    def __post_init__(self) -> None:
        check_int("seq", self.seq, low=0, high=MAX_COUNT)
        check_time("time_ns", self.time_ns)
        check_text("learner", self.learner, max_bytes=_MAX_NAME_BYTES)
        self._set("hands", one_of_each("hands", self.hands, HandPacket))
        self._set("openxr", one_of_each("openxr", self.openxr, OpenXRHand))
        if self.hands and self.openxr:
            raise ProtocolError("hands and openxr must not both have hands")


@dataclass(frozen=True, slots=True, eq=False)
class HandScore(WithArrays):
    """How far one hand is from the teacher's, finger by finger.

    Attributes:
        side: Which hand.
        error_m: ``(5,)`` distance of the fingertips, thumb to little, metres.
        error_rad: ``(5,)`` difference of the fingers' joint angles, root mean square, radians.
        confidence: ``(5,)`` 0 to 1; 0 where there is nothing to compare.
    """

    side: Side
    error_m: Float32Array
    error_rad: Float32Array
    confidence: Float32Array

    def __post_init__(self) -> None:
        self._set("side", check_side("side", self.side))
        count = (len(FINGERS),)
        error = check_array("error_m", self.error_m, count, low=0.0, high=MAX_POSITION_M)
        self._set("error_m", error)
        turn = check_array("error_rad", self.error_rad, count, low=0.0, high=7.0)
        self._set("error_rad", turn)
        trust = check_array("confidence", self.confidence, count, low=0.0, high=1.0)
        self._set("confidence", trust)


@dataclass(frozen=True, slots=True)
class Score(MessageBase):
    """The live score of one learner.

    Attributes:
        time_ns: The moment scored, on the bridge's clock.
        learner: Who.
        score: 0 to 100; None where there is no reference that would give it a meaning.
        hands: None to two, left first.
        position_s: Where in the lesson they are, seconds since its first pose; None while that is
            not known.
    """

    TYPE: ClassVar = "score"
    OPTIONAL: ClassVar = frozenset({"position_s"})
    time_ns: int
    learner: str
    score: float | None
    hands: tuple[HandScore, ...]
    position_s: float | None = None

    def __post_init__(self) -> None:
        check_time("time_ns", self.time_ns)
        check_text("learner", self.learner, max_bytes=_MAX_NAME_BYTES)
        if self.score is not None:
            self._set("score", check_real("score", self.score, low=0.0, high=100.0))
        self._set("hands", one_of_each("hands", self.hands, HandScore))
        if self.position_s is not None:
            self._set("position_s", check_seconds("position_s", self.position_s))


@dataclass(frozen=True, slots=True)
class PlaybackControl(MessageBase):
    """Tells the room's player of recordings what to do; answered by a ``PlaybackState``.

    Attributes:
        command: One of ``COMMANDS``.
        recording: What to load; only with ``load``.
        position_s: Where to; only with ``seek``.
        rate: 0.25 to 2; only with ``rate``.
        loop_s: Begin and end; only with ``loop``, None ends the loop.
    """

    TYPE: ClassVar = "playback_control"
    OPTIONAL: ClassVar = frozenset({"recording", "position_s", "rate", "loop_s"})
    command: str
    recording: str | None = None
    position_s: float | None = None
    rate: float | None = None
    loop_s: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        check_text("command", self.command, max_bytes=_MAX_NAME_BYTES)
        if self.command not in COMMANDS:
            raise ProtocolError(
                f"command must be one of {', '.join(COMMANDS)}, not {self.command!r}"
            )
        if self.recording is not None:
            check_text("recording", self.recording, max_bytes=_MAX_NAME_BYTES)
        if self.position_s is not None:
            self._set("position_s", check_seconds("position_s", self.position_s))
        if self.rate is not None:
            self._set("rate", check_real("rate", self.rate, low=MIN_RATE, high=MAX_RATE))
        self._set("loop_s", check_loop(self.loop_s))
        for command, name in (("load", "recording"), ("seek", "position_s"), ("rate", "rate")):
            if self.command == command and getattr(self, name) is None:
                raise ProtocolError(f"{command} needs {name}")


@dataclass(frozen=True, slots=True)
class PlaybackState(MessageBase):
    """What the room's player of recordings does: at every change, and once a second.

    Attributes:
        time_ns: When ``position_s`` held, on the bridge's clock.
        recording: What is loaded, None if nothing is.
        duration_s: How long that is.
        position_s: Where it is.
        playing: Whether the position moves.
        rate: How fast it moves when it does.
        loop_s: Begin and end of the loop, None without.
        recordings: What can be loaded.
        problem: Why the last command could not be done, for people; None if it was.
    """

    TYPE: ClassVar = "playback_state"
    OPTIONAL: ClassVar = frozenset({"loop_s", "recordings", "problem"})
    time_ns: int
    recording: str | None
    duration_s: float
    position_s: float
    playing: bool
    rate: float
    loop_s: tuple[float, float] | None = None
    recordings: tuple[str, ...] = ()
    problem: str | None = None

    def __post_init__(self) -> None:
        check_time("time_ns", self.time_ns)
        if self.recording is not None:
            check_text("recording", self.recording, max_bytes=_MAX_NAME_BYTES)
        for name in ("duration_s", "position_s"):
            self._set(name, check_seconds(name, getattr(self, name)))
        check_flag("playing", self.playing)
        self._set("rate", check_real("rate", self.rate, low=MIN_RATE, high=MAX_RATE))
        self._set("loop_s", check_loop(self.loop_s))
        names = check_items("recordings", self.recordings, high=_MAX_RECORDINGS)
        for name in names:
            check_text("recordings", name, max_bytes=_MAX_NAME_BYTES)
        self._set("recordings", names)
        if self.problem is not None:
            check_text("problem", self.problem, max_bytes=_MAX_PROBLEM_BYTES)


def check_seconds(name: str, value: object) -> float:
    """A position in a recording, 0 to a million seconds."""
    return check_real(name, value, low=0.0, high=_MAX_SECONDS)


def check_loop(value: object) -> tuple[float, float] | None:
    """Begin and end of a loop, seconds, the end later; None for none."""
    if value is None:
        return None
    ends = check_items("loop_s", value, high=2)
    if len(ends) != 2:
        raise ProtocolError("loop_s must have a begin and an end")
    begin, end = (check_seconds("loop_s", end) for end in ends)
    if not begin < end:
        raise ProtocolError("loop_s must end after it begins")
    return begin, end
