"""Watching a live room without asyncio: for notebooks and plain scripts."""

from __future__ import annotations

import contextlib
import ssl as tls
import weakref
from collections.abc import Iterator
from types import TracebackType

from numpy.typing import ArrayLike

from bridge.errors import InputError
from bridge.protocol.lesson import Anchor, PlaybackState
from bridge.protocol.messages import Status
from sdk_python._background import Background, Line
from sdk_python.blocking_parts import BlockingMailbox, BlockingRemote
from sdk_python.connecting import connect
from sdk_python.live import PoseStream
from sdk_python.pose import Pose

__all__ = ["BlockingPoseStream", "connect_blocking"]


def connect_blocking(
    url: str,
    room: str = "lesson",
    *,
    timeout_s: float | None = None,
    role: str = "watch",
    max_rate_hz: float | None = None,
    precision: str = "compact",
    reconnect_s: float = 0.0,
    ssl: tls.SSLContext | None = None,
    insecure: bool = False,
    token: str | None = None,
) -> BlockingPoseStream:
    """Joins a room as ``connect`` does, for programs that do not use asyncio.

    Works in a notebook, too, where an event loop runs already. Use it in a ``with`` statement, or
    call ``close`` at the end::

        with sdk.connect_blocking("https://bridge.local:8443", timeout_s=5) as poses:
            for pose in poses:
                print(pose.joints_m[1, 8])

    Args:
        url: The bridge: ``https://HOST:PORT``, or ``http://`` without TLS.
        room: The room's name.
        timeout_s: How long to wait for each pose, score or learner's hands; None: for ever.
        role: ``"watch"``, or ``"learn"`` to send one's own hands as well.
        max_rate_hz: At most this many poses a second; None for all.
        precision: ``"compact"`` or ``"full"``, as in ``connect``.
        reconnect_s: For how long to try to come back when the connection is lost, seconds.
        ssl: What to trust, when the bridge's certificate is not known to this machine.
        insecure: Trust any certificate: for a network you trust.
        token: What lets in, where the bridge asks for it: a token to watch.

    Raises:
        InputError: An argument cannot be used.
        ConnectionFailedError: There is no bridge, it is not trusted, or it refuses.
    """
    if timeout_s is not None and not timeout_s > 0:
        raise InputError(f"timeout_s must be more than 0 seconds or None, not {timeout_s}")
    background, open_now = Background(), contextlib.AsyncExitStack()
    try:
        stream = background.run(
            lambda: open_now.enter_async_context(
                connect(
                    url,
                    room,
                    role=role,
                    max_rate_hz=max_rate_hz,
                    precision=precision,
                    reconnect_s=reconnect_s,
                    ssl=ssl,
                    insecure=insecure,
                    token=token,
                )
            )
        )
    except BaseException:
        background.close()
        raise
    return BlockingPoseStream(stream, background, open_now, timeout_s)


class BlockingPoseStream:
    """The poses of a room, as a plain iterator; made by ``connect_blocking``.

    A ``PoseStream`` on a thread of its own. The iterator ends when the bridge ends the room. It
    raises ``TimedOutError`` when no pose comes in ``timeout_s``, and may then be asked again;
    ``ConnectionFailedError`` when the connection is lost for good. Ctrl-C ends a wait at once.

    Attributes:
        control: Plays the bridge's recordings in the room.
        learner_hands: Other learners' hands, as they come; the newest 64 wait to be taken.
        scores: Learners' scores, as they come; the newest 64 wait to be taken.
        timeout_s: How long to wait for each of all these, seconds; None: for ever.
    """

    def __init__(
        self,
        stream: PoseStream,
        background: Background,
        open_now: contextlib.AsyncExitStack,
        timeout_s: float | None,
    ) -> None:
        self._stream = stream
        self._line = line = Line(background, timeout_s)
        self.control = BlockingRemote(stream.control, line)
        self.learner_hands = BlockingMailbox(stream.learner_hands, line, "learner's hands")
        self.scores = BlockingMailbox(stream.scores, line, "score")
        # Whoever forgets to close it leaves no thread behind either, once nothing refers to it.
        self._close = weakref.finalize(self, line.close, open_now)
        self._close.atexit = False  # the thread is a daemon

    @property
    def timeout_s(self) -> float | None:
        """How long to wait, seconds; None: for ever."""
        return self._line.timeout_s

    @timeout_s.setter
    def timeout_s(self, seconds: float | None) -> None:
        self._line.timeout_s = seconds

    @property
    def room(self) -> str:
        """The room's name."""
        return self._stream.room

    @property
    def server(self) -> str:
        """Name and version of the bridge."""
        return self._stream.server

    @property
    def learner(self) -> str:
        """What the bridge calls this program in the hands and scores of learners."""
        return self._stream.learner

    @property
    def status(self) -> Status | None:
        """How the room does, once a second; None before the first."""
        return self._stream.status

    @property
    def anchor(self) -> Anchor | None:
        """Where the teacher's instrument lies; None if the bridge does not know."""
        return self._stream.anchor

    @property
    def playback(self) -> PlaybackState | None:
        """What of its recordings the room plays, as the bridge last said; None if nothing can."""
        return self._stream.playback

    @property
    def missed(self) -> int:
        """Poses that the bridge made and this stream did not get."""
        return self._stream.missed

    @property
    def reconnected(self) -> int:
        """How often the connection was lost and has come back."""
        return self._stream.reconnected

    @property
    def hands_dropped(self) -> int:
        """Own hands that were not sent, because the connection was lost just then."""
        return self._stream.hands_dropped

    @property
    def clock_offset_ns(self) -> int:
        """The bridge's clock minus this program's ``time.monotonic_ns``."""
        return self._stream.clock_offset_ns

    @property
    def round_trip_s(self) -> float:
        """The fastest recent round trip to the bridge: twice the clock's greatest error."""
        return self._stream.round_trip_s

    def send_hands(
        self,
        pose_quat: ArrayLike,
        wrist_m: ArrayLike,
        finger_confidence: ArrayLike | None = None,
        *,
        time_ns: int | None = None,
    ) -> None:
        """Sends one's own hands, as ``PoseStream.send_hands`` does."""
        self._line.run(
            lambda: self._stream.send_hands(pose_quat, wrist_m, finger_confidence, time_ns=time_ns)
        )

    def send_openxr_hands(
        self, joints_m: ArrayLike, joint_quat: ArrayLike, *, time_ns: int | None = None
    ) -> None:
        """Sends one's own hands, as ``PoseStream.send_openxr_hands`` does."""
        self._line.run(
            lambda: self._stream.send_openxr_hands(joints_m, joint_quat, time_ns=time_ns)
        )

    def close(self) -> None:
        """Says bye and ends the thread; may be called again."""
        self._close()

    def __iter__(self) -> Iterator[Pose]:
        return self

    def __next__(self) -> Pose:
        stream = self._stream
        return self._line.next(stream.ready, stream.__anext__, "pose")

    def __enter__(self) -> BlockingPoseStream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
