"""Watching a live room, and taking part in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from numpy.typing import ArrayLike

from bridge.errors import InputError, ProtocolError
from bridge.protocol.lesson import Anchor, LearnerHands, OpenXRHand, PlaybackState, Score
from bridge.protocol.messages import Message, Status, Subscribe
from bridge.protocol.names import learner_name
from bridge.protocol.packets import HandPacket, PosePacket, ShapePacket
from bridge.protocol.session import State
from sdk_python._connection import Connection, LostError
from sdk_python._pose_queue import PoseQueue, Waiting
from sdk_python._reconnect import come_back
from sdk_python.control import PlaybackRemote
from sdk_python.learner import LearnerPose, LiveScore, learner_pose, live_score
from sdk_python.mailbox import Mailbox
from sdk_python.own_hands import openxr_hands, posed_hands
from sdk_python.pose import Pose, Shapes, pose_from_packet

__all__ = ["PoseStream"]

_MOST_WAITING = 64
"""Learners' poses and scores that wait to be taken: a second of one learner's hands."""


class PoseStream:
    """The poses of a room, as an asynchronous iterator; made by ``connect``.

    Poses that are not taken wait here, at most as many as the bridge's acknowledgement window.
    A pose is acknowledged when it is taken from the iterator, so for a program that stalls the
    bridge keeps only the newest. A program that has asked for none for 5 s finds the newest.

    The iterator ends when the bridge ends the room, and raises ``ConnectionFailedError`` when the
    connection is lost and does not come back in the time that ``connect`` was given for it. All
    that is below goes on when it does come back.

    Attributes:
        room: The room's name.
        server: Name and version of the bridge.
        status: How the room does, once a second; None before the first.
        anchor: Where the teacher's instrument lies; None if the bridge does not know.
        control: Plays the bridge's recordings in the room.
        learner_hands: Other learners' hands, as they come; the newest 64 wait to be taken.
        scores: Learners' scores, as they come; the newest 64 wait to be taken.
        reconnected: How often the connection was lost and has come back.
        hands_dropped: Own hands that were not sent, because the connection was lost just then.
    """

    def __init__(
        self,
        connection: Connection,
        subscription: Subscribe,
        reopen: Callable[[str | None], Awaitable[Connection]],
        reconnect_s: float,
    ) -> None:
        welcome = connection.session.welcome
        if welcome is None:
            raise RuntimeError("a stream needs an open connection")
        self.room = welcome.room
        self.server = welcome.server
        self.status: Status | None = None
        self.anchor: Anchor | None = None
        self.control = PlaybackRemote(self._send, self._bridge_ns)
        self.learner_hands: Mailbox[LearnerPose] = Mailbox(_MOST_WAITING)
        self.scores: Mailbox[LiveScore] = Mailbox(_MOST_WAITING)
        self.reconnected = 0
        self.hands_dropped = 0
        self._connection = connection
        self._subscription = subscription
        self._reopen = reopen
        self._reconnect_s = reconnect_s
        self._poses = PoseQueue(welcome.ack_window)
        self._shapes: Shapes = (None, None)
        self._own_seq = 0

    @property
    def missed(self) -> int:
        """Poses that the bridge made and this stream did not hand out."""
        return self._poses.missed

    @property
    def clock_offset_ns(self) -> int:
        """The bridge's clock minus this program's ``time.monotonic_ns``."""
        return self._connection.session.clock.offset_ns

    @property
    def round_trip_s(self) -> float:
        """The fastest recent round trip to the bridge: twice the clock's greatest error."""
        rtt_ns = self._connection.session.clock.rtt_ns
        return float("nan") if rtt_ns is None else rtt_ns * 1e-9

    @property
    def playback(self) -> PlaybackState | None:
        """What of its recordings the room plays, as the bridge last said; None if nothing can."""
        return self.control.state

    @property
    def learner(self) -> str:
        """What the bridge calls this program in the hands and scores of learners."""
        welcome = self._connection.session.welcome
        return learner_name((welcome and welcome.session) or "")

    def __aiter__(self) -> AsyncIterator[Pose]:
        return self

    async def __anext__(self) -> Pose:
        session, packet, shapes = await self._poses.take()
        await self._connection.flush()
        return pose_from_packet(
            packet,
            shapes,
            local_time_ns=session.clock.to_local_ns(packet.time_ns),
            now_ns=time.monotonic_ns(),
        )

    async def ready(self) -> None:
        """Waits until a pose can be taken, or none will come; takes nothing."""
        await self._poses.ready()

    async def send_hands(
        self,
        pose_quat: ArrayLike,
        wrist_m: ArrayLike,
        finger_confidence: ArrayLike | None = None,
        *,
        time_ns: int | None = None,
    ) -> None:
        """Sends one's own hands to the room, as a learner; everyone else there sees them.

        Drop policy: while the connection is lost they are dropped, and counted in
        ``hands_dropped``; old hands are of no use to anybody.

        Args:
            pose_quat: ``(2, 16, 4)`` xyzw, MANO joint order, left hand first, NaN for an absent
                hand: as a ``Pose`` and a ``Recording`` have them.
            wrist_m: ``(2, 3)`` metres, in the room's stage.
            finger_confidence: ``(2, 5)`` 0 to 1; None: 1.
            time_ns: When they were captured, on this program's ``time.monotonic_ns``; None: now.

        Raises:
            InputError: This stream is no learner's, or these are no hands.
        """
        await self._send_own(time_ns, hands=posed_hands(pose_quat, wrist_m, finger_confidence))

    async def send_openxr_hands(
        self, joints_m: ArrayLike, joint_quat: ArrayLike, *, time_ns: int | None = None
    ) -> None:
        """Sends one's own hands as a headset tracks them; otherwise as ``send_hands``.

        Args:
            joints_m: ``(2, 26, 3)`` joints of XR_EXT_hand_tracking (OpenXR 1.0, XrHandJointEXT) in
                the room's stage, metres; NaN for an absent hand.
            joint_quat: ``(2, 26, 4)`` their orientations in the stage, xyzw.
            time_ns: When they were captured, on this program's ``time.monotonic_ns``; None: now.

        Raises:
            InputError: This stream is no learner's, or these are no hands.
        """
        await self._send_own(time_ns, openxr=openxr_hands(joints_m, joint_quat))

    async def run(self) -> None:
        """Reads from the bridge until it ends the connection; ``connect`` runs it."""
        error: Exception | None = None
        try:
            while True:
                try:
                    await self._read()
                    return
                except LostError as lost:
                    await self._come_back(lost)
        except Exception as failed:  # whoever waits for a pose is told
            error = failed
        finally:
            for part in (self._poses, self.learner_hands, self.scores, self.control):
                part.end(error)

    async def close(self) -> None:
        """Says bye."""
        await self._connection.close("done")

    async def _read(self) -> None:
        clock = asyncio.create_task(self._connection.keep_clock())
        try:
            while (messages := await self._connection.receive()) is not None:
                for message in messages:
                    self._take(message)
                # Poses may have been acknowledged that nobody asked for.
                await self._connection.flush()
        finally:
            clock.cancel()
            await asyncio.gather(clock, return_exceptions=True)

    async def _come_back(self, lost: LostError) -> None:
        welcome = self._connection.session.welcome
        secret = None if welcome is None else welcome.session
        self._connection = await come_back(lost, lambda: self._reopen(secret), self._reconnect_s)
        self.reconnected += 1
        welcome = self._connection.session.welcome
        resumed = welcome is not None and welcome.resumed
        if not resumed:  # Perhaps another bridge: its numbers and its instrument are its own.
            self._poses.begin_again()
            self.anchor = None
            self._connection.session.send(self._subscription)
            await self._connection.flush()
        await self.control.resume(same_bridge=resumed)

    async def _send(self, message: Message) -> None:
        self._connection.session.send(message)
        await self._connection.flush()

    async def _send_own(
        self,
        time_ns: int | None,
        *,
        hands: tuple[HandPacket, ...] = (),
        openxr: tuple[OpenXRHand, ...] = (),
    ) -> None:
        session = self._connection.session
        if session.role != "learn":
            raise InputError('only a learner sends hands: connect with role="learn"')
        if session.state is not State.OPEN:
            self.hands_dropped += 1
            return
        captured_ns = time.monotonic_ns() if time_ns is None else time_ns
        try:
            message = LearnerHands(
                self._own_seq, session.clock.to_remote_ns(captured_ns), hands=hands, openxr=openxr
            )
        except ProtocolError as error:
            raise InputError(str(error)) from None
        self._own_seq += 1
        await self._send(message)

    def _bridge_ns(self) -> int:
        return self._connection.session.clock.to_remote_ns(time.monotonic_ns())

    def _take(self, message: Message) -> None:
        clock = self._connection.session.clock
        match message:
            case ShapePacket():
                left, right = self._shapes
                self._shapes = (left, message) if message.side else (message, right)
            case PosePacket():
                self._poses.put(Waiting(self._connection.session, message, self._shapes))
            case Status():  # once a second
                self.status = message
                self._poses.tidy()
            case Anchor():
                # One without a name says that it is not known any more.
                self.anchor = message if message.instrument else None
            case PlaybackState():
                self.control.take(message)
            case Score():
                at_ns = clock.to_local_ns(message.time_ns)
                self.scores.put(live_score(message, local_time_ns=at_ns))
            case LearnerHands():
                at_ns, now_ns = clock.to_local_ns(message.time_ns), time.monotonic_ns()
                self.learner_hands.put(
                    learner_pose(message, self._shapes, local_time_ns=at_ns, now_ns=now_ns)
                )
