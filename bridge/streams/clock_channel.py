"""The clock data channel between a publisher and the bridge: JSON text, one object a message.

The bridge pings, the publisher answers with its wall clock; a publisher that knows when it
captured a frame says so with the frame's RTP timestamp. See the protocol's SPEC.md.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiortc import RTCDataChannel

from bridge.errors import StreamError
from bridge.streams.clock import CaptureClock

__all__ = ["LABEL", "Capture", "ClockPinger", "Ping", "Pong", "decode", "encode"]

_log = logging.getLogger(__name__)

LABEL = "clock"

_MAX_CHARACTERS = 512
_MAX_TIME_NS = 2**63
_FAST_PINGS = 10
_FAST_INTERVAL_S = 0.1
_INTERVAL_S = 1.0
_MAX_OUTSTANDING = 16


@dataclass(frozen=True, slots=True)
class Ping:
    """Bridge -> publisher: ``t0_ns`` on the bridge's clock."""

    t0_ns: int


@dataclass(frozen=True, slots=True)
class Pong:
    """Publisher -> bridge: the ping's ``t0_ns`` and the publisher's wall clock."""

    t0_ns: int
    t1_ns: int


@dataclass(frozen=True, slots=True)
class Capture:
    """Publisher -> bridge: wall clock at the capture of the frame with this RTP timestamp."""

    rtp: int
    time_ns: int


Message = Ping | Pong | Capture

_FIELDS: dict[str, tuple[type[Message], tuple[str, ...]]] = {
    "ping": (Ping, ("t0_ns",)),
    "pong": (Pong, ("t0_ns", "t1_ns")),
    "capture": (Capture, ("rtp", "time_ns")),
}


def encode(message: Message) -> str:
    """The message as sent."""
    name = type(message).__name__.lower()
    return json.dumps(
        {"type": name} | {field: getattr(message, field) for field in _FIELDS[name][1]}
    )


def decode(text: str | bytes) -> Message:
    """The message that was sent; unknown extra fields are skipped.

    Raises:
        StreamError: It is none of the three, or a field is missing, no integer or out of range.
    """
    if not isinstance(text, str) or len(text) > _MAX_CHARACTERS:
        raise StreamError("a clock message is a short text")
    try:
        fields = json.loads(text)
        kind, names = _FIELDS[fields["type"]]
        values = [fields[name] for name in names]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise StreamError(f"not a clock message: {text[:60]!r}") from error
    for name, value in zip(names, values, strict=True):
        limit = 2**32 if name == "rtp" else _MAX_TIME_NS
        if type(value) is not int or not 0 <= value < limit:
            raise StreamError(f"{name} of a clock message is out of range")
    return kind(*values)


class ClockPinger:
    """The bridge's end: pings while the channel is open and feeds a view's capture clock.

    Ten pings in the first second find a good round trip at once; then one a second follows
    the drift of the two clocks.

    Args:
        channel: The open data channel.
        clock: Takes what comes.
        now_ns: The bridge's clock.
    """

    def __init__(
        self, channel: RTCDataChannel, clock: CaptureClock, *, now_ns: Callable[[], int]
    ) -> None:
        self._channel = channel
        self._clock = clock
        self._now_ns = now_ns
        self._outstanding: list[int] = []
        channel.on("message", self._receive)
        self._task = asyncio.create_task(self._ping(), name="clock pings")

    async def stop(self) -> None:
        """Stops to ping; idempotent."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _ping(self) -> None:
        count = 0
        while self._channel.readyState == "open":
            t0_ns = self._now_ns()
            self._outstanding = [*self._outstanding[1 - _MAX_OUTSTANDING :], t0_ns]
            self._channel.send(encode(Ping(t0_ns)))
            count += 1
            await asyncio.sleep(_FAST_INTERVAL_S if count < _FAST_PINGS else _INTERVAL_S)

    def _receive(self, text: str | bytes) -> None:
        t3_ns = self._now_ns()
        try:
            message = decode(text)
        except StreamError as error:
            _log.debug("clock channel: %s", error)
            return
        if isinstance(message, Capture):
            self._clock.add_capture(message.rtp, message.time_ns)
        elif isinstance(message, Pong) and message.t0_ns in self._outstanding:
            self._outstanding.remove(message.t0_ns)
            self._clock.add_ping(message.t0_ns, message.t1_ns, message.t1_ns, t3_ns)
