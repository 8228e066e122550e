"""Who is in the cluster: heartbeats out and in, and the clocks of the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from bridge.cluster.link import Answer, NatsLink
from bridge.cluster.peers import Peer, Peers
from bridge.cluster.wire import Beat, beat_subject, bridge_subject
from bridge.errors import ConnectionFailedError, ProtocolError
from bridge.protocol import Ping, Pong, decode, encode

__all__ = ["BEAT_S", "Membership"]

_LOG = logging.getLogger(__name__)

BEAT_S = 0.3
_CLOCK_S = 1.0
_ANSWER_S = 0.02  # all who ask within it are answered at once


class Membership:
    """Tells the others of this bridge, and keeps what they tell.

    Args:
        link: The connection to NATS.
        peers: Where the others are kept.
        own: Makes this bridge's heartbeat; its argument is ``asks``.
        on_beat: Called after a heartbeat that says something new: with it, and with the one before
            or None.
        now_ns: The bridge's clock.
    """

    def __init__(
        self,
        link: NatsLink,
        peers: Peers,
        own: Callable[[bool], Beat],
        on_beat: Callable[[Beat, Beat | None], None],
        now_ns: Callable[[], int],
    ) -> None:
        self._link = link
        self._peers = peers
        self._own = own
        self._on_beat = on_beat
        self._now_ns = now_ns
        self._said = b""
        self._said_ns = 0
        self._clocks_ns = 0
        self._answering: asyncio.TimerHandle | None = None
        self._reading: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Listens to the others from now on."""
        self._link.subscribe(beat_subject(), self._take)

    async def close(self, last: Beat) -> None:
        """Says a last heartbeat."""
        if self._answering is not None:
            self._answering.cancel()
        for task in tuple(self._reading):
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        self._link.publish(beat_subject(), last.pack())

    def tell(self, *, asks: bool = False) -> None:
        """Says this bridge's heartbeat now."""
        self._said, self._said_ns = self._own(asks).pack(), self._now_ns()
        self._link.publish(beat_subject(), self._said)

    def step(self) -> None:
        """Says it if it is news, or due; forgets who is silent. Call it at each change, and often.

        A bridge that was long busy with itself first takes in what has come meanwhile: else its own
        pause would seem to be the others'.
        """
        now_ns = self._now_ns()
        late = now_ns - self._said_ns
        if late >= 0.9e9 * BEAT_S or self._own(False).pack() != self._said:
            self.tell()
        if late < 3e9 * BEAT_S:
            for peer in self._peers.forget_lost():
                _LOG.warning("the bridge at %s is not heard any more", peer.beat.url)
        if now_ns - self._clocks_ns >= 1e9 * _CLOCK_S:
            self._clocks_ns = now_ns
            for peer in self._peers:
                self._read_soon(peer)

    def answer_ping(self, data: bytes, answer: Answer) -> None:
        """Another bridge reads this one's clock.

        Raises:
            ProtocolError: It does not.
        """
        now_ns = self._now_ns()
        if not isinstance(ping := decode(data), Ping):
            raise ProtocolError("that is no ping", code="unexpected")
        answer(encode(Pong(ping.t0_ns, now_ns, self._now_ns())))

    def _take(self, _subject: str, data: bytes, _answer: Answer) -> None:
        beat = Beat.unpack(data)
        known = self._peers.get(beat.id)
        before = None if known is None else known.beat
        try:
            self._peers.take(beat)
        except (OverflowError, ValueError) as error:
            raise ProtocolError(str(error), code="unexpected") from None
        if known is None and (peer := self._peers.get(beat.id)) is not None:
            _LOG.info("the bridge at %s is there", beat.url)
            self._read_soon(peer)
        elif beat.leaves and known is not None:
            _LOG.info("the bridge at %s has left", beat.url)
        if beat.asks and self._answering is None:
            loop = asyncio.get_running_loop()
            self._answering = loop.call_later(_ANSWER_S, self._answer)
        if before is None or (before.feeds, before.watches) != (beat.feeds, beat.watches):
            self._on_beat(beat, before)

    def _answer(self) -> None:
        self._answering = None
        self.tell()

    def _read_soon(self, peer: Peer) -> None:
        task = asyncio.create_task(self._read(peer), name="cluster: clock")
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _read(self, peer: Peer) -> None:
        subject, began_ns = bridge_subject(peer.beat.id, "clock"), self._now_ns()
        try:
            answer = await self._link.request(subject, encode(Ping(began_ns)), timeout_s=_CLOCK_S)
            ended_ns, pong = self._now_ns(), decode(answer)
            if isinstance(pong, Pong) and pong.t0_ns == began_ns:
                peer.clock.add(pong.t0_ns, pong.t1_ns, pong.t2_ns, ended_ns)
        except (ConnectionFailedError, ProtocolError, ValueError) as error:
            _LOG.debug("the clock of %s: %s", peer.beat.url, error)
