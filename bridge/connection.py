"""One WebSocket of a room: the socket around a sans-I/O ``ServerSession``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable

from aiohttp import WebSocketError, WSMsgType, web

import bridge
from bridge.access.admission import Admission
from bridge.access.door import listen_first
from bridge.access.errors import AccessError, RateError
from bridge.connection_host import ConnectionHost
from bridge.heartbeat import Heartbeat
from bridge.outcome import outcome_of
from bridge.protocol import (
    SUBPROTOCOL,
    Hello,
    LearnerHands,
    PlaybackControl,
    PosePacket,
    ShapePacket,
    Subscribe,
    encode,
)
from bridge.protocol.codec import ACK_BEGINS
from bridge.protocol.names import learner_name
from bridge.resume import ResumeStore, ResumingSession
from bridge.slowness import Slowness
from bridge.websocket_frames import PING, ShortMessages, binary_frame

__all__ = ["Connection"]

_LOG = logging.getLogger(__name__)

_HELLO_S = 10.0
_CLOSE_TIMEOUT_S = 2.0
_MOST_UNSENT_BYTES = 256 * 1024
"""Answers that a client leaves in its socket before it is let go: seconds of any lesson."""

_UNMASKED = 1002


class Connection:
    """Serves one client. ``offer`` and ``send_encoded`` never wait: latest wins, as agreed.

    Args:
        room: Name of the room.
        host: The room; None refuses the client, who asked for a room that is not open.
        ack_window: Poses that may be unacknowledged.
        max_message_bytes: A larger message closes the connection (code 1009).
        store: The clients that may come back after a lost connection.
        admission: Looks at each message first, and may refuse the client; None lets everyone in.
        slow_after_s: A watcher that acknowledges nothing for so long while poses wait is let go.
        ping_s: Interval of WebSocket pings; a peer that leaves one unanswered for half of it is
            gone.
        on_ended: Called once with how the connection ended (``outcome``).

    Attributes:
        session: The protocol's state.
        admission: As given.
        sent_bytes: Bytes of messages sent.
    """

    def __init__(
        self,
        room: str,
        host: ConnectionHost | None,
        *,
        ack_window: int,
        max_message_bytes: int,
        store: ResumeStore,
        admission: Admission | None = None,
        slow_after_s: float = 15.0,
        ping_s: float = 10.0,
        on_ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.session = ResumingSession(
            store,
            room=room,
            server=f"ghosthands {bridge.__version__}",
            clock_ns=time.monotonic_ns,
            ack_window=ack_window,
            on_replaced=self._replaced,
        )
        self.sent_bytes = 0
        self._slowness = Slowness(
            self.session.window, clock_ns=time.monotonic_ns, limit_s=slow_after_s
        )
        self.admission = admission
        self._room = room
        self._host = host
        self._on_ended = on_ended
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._error_code: int | None = None
        self._transport: asyncio.Transport | None = None
        self._abort: asyncio.TimerHandle | None = None
        self._heartbeat = Heartbeat(ping_s, ping=self._ping, gone=self._cut_off)
        self._incoming = ShortMessages()
        self._deaf = False
        self._socket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,),
            max_msg_size=max_message_bytes,
            compress=False,
            autoping=False,
            timeout=_CLOSE_TIMEOUT_S,
        )

    def offer(self, seq: int, data: bytes) -> None:
        """Offers an encoded pose; the acknowledgement window decides."""
        window = self.session.window
        if self.session.offer(seq, data):
            self._flush()
            if window.full:
                self._slowness.note()
        elif window.waiting and not window.full:  # for its time: the watcher has a rate limit
            self._wake.set()

    def send_encoded(self, data: bytes) -> None:
        """Queues an encoded message other than a pose for a client that has subscribed."""
        if self.session.subscribed:
            self.session.send_encoded(data)
            self._push()

    def offer_beside(self, data: bytes) -> None:
        """Sends an encoded message of which some may be lost: not to a watcher that lags behind."""
        if not self.session.window.full:
            self.send_encoded(data)

    def refuse(self, code: str, message: str) -> None:
        """Ends the connection with an error of the protocol."""
        self.session.refuse(code, message)
        self._end_soon()

    def bye(self, reason: str) -> None:
        """Ends the connection because the room closes."""
        self.session.bye(reason)
        self._end_soon()

    def refuse_if_slow(self) -> None:
        """Lets a watcher go that does not keep up; call it now and then."""
        if self._slowness.too_slow:
            self.refuse(
                "too_slow",
                f"no pose was acknowledged for {self._slowness.limit_s:g} s while newer ones "
                "waited: connect again once poses can be taken, or subscribe with a lower "
                "max_rate_hz",
            )

    async def ended(self) -> None:
        """Returns once the connection has ended."""
        await self._ended.wait()

    @property
    def client(self) -> str:
        """The client's name and version, by its own word; empty before its hello."""
        return self.session.hello.client if self.session.hello else ""

    @property
    def learner(self) -> str:
        """What others in the room call this client; the same when it resumes."""
        state = self.session.client_state
        secret = "" if state is None else state.secret
        return learner_name(secret)

    @property
    def dropped(self) -> int:
        """Poses that the acknowledgement window dropped on this connection."""
        return self.session.window.dropped

    @property
    def full_s(self) -> float:
        """How long the acknowledgement window was full, seconds."""
        return self._slowness.full_s

    @property
    def oldest_s(self) -> float:
        """Age of the oldest pose that has not been acknowledged, seconds."""
        return self._slowness.oldest_s

    @property
    def outcome(self) -> str:
        """How the connection ended, in one word: see ``outcome_of``."""
        code = self._error_code or self._socket.close_code
        return outcome_of(self.session, code, no_pong=self._heartbeat.gone)

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Handles the WebSocket until it ends.

        Raises:
            web.HTTPBadRequest: The client does not ask for the protocol.
        """
        asked = request.headers.get("Sec-WebSocket-Protocol", "").split(",")
        if SUBPROTOCOL not in (name.strip() for name in asked):
            raise web.HTTPBadRequest(text=f"ask for the WebSocket subprotocol {SUBPROTOCOL}\n")
        await self._socket.prepare(request)
        self._transport = request.transport
        self._heartbeat.start()
        listen_first(request, self._listen)
        writer = asyncio.create_task(self._write())
        # Whoever says nothing shall not hold a place for ever.
        deadline = asyncio.get_running_loop().call_later(_HELLO_S, self._require_hello)
        try:
            async for message in self._socket:
                self._heartbeat.heard()
                if message.type in (WSMsgType.BINARY, WSMsgType.TEXT):
                    self._receive(message.data)
                elif message.type is WSMsgType.PING:
                    await self._socket.pong(message.data)
                elif isinstance(message.data, WebSocketError):  # RFC 6455 broken, or too large
                    self._error_code = message.data.code
                if self.session.close is not None:
                    break
            # The writer sends what is left (an error, a bye) and closes the socket.
            self._wake.set()
            if self.session.close is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.shield(writer), _CLOSE_TIMEOUT_S)
        finally:
            deadline.cancel()
            self._heartbeat.stop()
            if self._abort is not None:
                self._abort.cancel()
            if self._socket.exception() is not None:
                self._cut_off()
            self.session.lost()
            if self._host is not None:
                self._host.leave(self)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            self._ended.set()
            self._log_end()
            self._on_ended(self.outcome)
        return self._socket

    def _listen(self, data: bytes) -> bool:
        """Handles an acknowledgement as its bytes come; True for what aiohttp need not see.

        aiohttp would wake a task for each, which costs more than the pose that it stands for.
        Whoever sends too much is not listened to from there on: frames are counted here, for there
        are some of which aiohttp never tells.
        """
        if self._deaf:
            return True
        self._heartbeat.heard()
        message = self._incoming.find(data)
        if self._incoming.unmasked:
            self._error_code, self._deaf = _UNMASKED, True
            self._cut_off()
            return True
        if not self._admits_rate(len(data)):
            self._deaf = True
            return True
        if message is None or not message.startswith(ACK_BEGINS):
            return False
        self._receive(message)
        return True

    def _receive(self, data: bytes | str) -> None:
        if self._admits(data):
            self._take(data)
        self._push()

    def _ping(self) -> None:
        if self._transport is not None and self.session.close is None:
            self._transport.write(PING)

    def _cut_off(self) -> None:
        """Ends the connection to a peer that is gone: it will not take what is buffered."""
        if self._transport is not None:
            self._transport.abort()

    def _log_end(self) -> None:
        error = self.session.error
        _LOG.log(
            logging.DEBUG if error is None else logging.INFO,
            "room %s: %s %r ended: %s%s",
            self._room,
            self.session.role or "client",
            self.client,
            self.outcome,
            "" if error is None else f" ({error.message})",
            extra={"room": self._room, "client": self.client},
        )

    def _end_soon(self) -> None:
        """Sends what is left and closes; a peer that takes nothing any more is cut off."""
        self._wake.set()
        if self._abort is None:
            loop = asyncio.get_running_loop()
            self._abort = loop.call_later(_CLOSE_TIMEOUT_S, self._cut_off)

    def _replaced(self) -> None:
        """The client has come back on another connection: its place is free for that one."""
        if self._host is not None:
            self._host.leave(self)
        self._end_soon()

    def _require_hello(self) -> None:
        if self.session.hello is None:
            self.refuse("unexpected", f"no hello came within {_HELLO_S:g} s")

    def _admits_rate(self, size: int) -> bool:
        if self.admission is not None and self.session.close is None:
            try:
                self.admission.check_rate(self._incoming.frames, size)
            except RateError as error:
                self.refuse(error.code, str(error))
                self._push()
                return False
        return True

    def _admits(self, data: bytes | str) -> bool:
        if self.admission is not None and self.session.close is None:
            try:
                self.admission.check(data)
            except AccessError as error:
                self.refuse(error.code, str(error))
                return False
        return True

    def _take(self, data: bytes | str) -> None:
        for message in self.session.receive(data):
            if isinstance(message, Hello):
                if self._host is None:
                    self.refuse(
                        "unknown_room",
                        f"there is no room {self._room!r}: a device that publishes to it opens it",
                    )
                else:
                    self._host.join(self)
            elif isinstance(message, Subscribe) and self._host is not None:
                for shape in self._host.shapes:
                    self.session.send_encoded(encode(shape))
                for known in (self._host.anchor, self._host.playback_state):
                    if known is not None:
                        self.session.send_encoded(encode(known))
            elif isinstance(message, PlaybackControl) and self._host is not None:
                self._host.control_playback(self, message)
            elif isinstance(message, LearnerHands) and self._host is not None:
                self._host.learner_moved(self, message)
            elif isinstance(message, ShapePacket | PosePacket) and self._host is not None:
                self._host.played(self, message)

    def _push(self) -> None:
        """Sends what may go now; wakes the writer for what has to wait, and for the end."""
        self._flush()
        self._slowness.note()
        if self.session.close is not None or self.session.window.wait_ns() is not None:
            self._wake.set()

    def _flush(self) -> None:
        """Sends what the session has queued, straight to the transport.

        No task has to have its turn for each watcher and pose. The window bounds the poses on their
        way; whoever asks for other things and does not read the answers is let go.
        """
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > _MOST_UNSENT_BYTES:
            self.session.refuse("too_slow", "answers were not read: read them, or ask for less")
            self._cut_off()
            return
        for data in self.session.outgoing():
            transport.write(binary_frame(data))
            self.sent_bytes += len(data)

    async def _write(self) -> None:
        """Sends poses that a rate limit lets wait, and closes the socket when the session says."""
        while True:
            wait_ns = self.session.window.wait_ns()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(
                    self._wake.wait(), None if wait_ns is None else wait_ns / 1e9
                )
            self._wake.clear()
            self.session.poll()
            self._flush()
            self._slowness.note()
            if (close := self.session.close) is not None:
                with contextlib.suppress(ConnectionError):
                    await self._socket.close(code=close.code, message=close.reason.encode())
                return
