"""One bridge of a cluster: joins, tells, follows, and says where devices publish."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable

from bridge.cluster.fanout import ClusterFanOut
from bridge.cluster.link import Answer, NatsLink
from bridge.cluster.membership import BEAT_S, Membership
from bridge.cluster.peers import Peers, Placements
from bridge.cluster.relay import GiveUp, Relay
from bridge.cluster.wire import Beat, bridge_subject, check_id
from bridge.counters import Counters
from bridge.errors import ConnectionFailedError, InputError, ProtocolError
from bridge.protocol.names import check_name
from bridge.rooms import Rooms

__all__ = ["Cluster"]

_LOG = logging.getLogger(__name__)

_REPEAT_S = 1.0
_ASK_S = 1.0


class Cluster:
    """This bridge among others; see the package. All calls belong on the event loop.

    Args:
        url: The NATS server, see ``NatsLink``.
        counters: Gets ``cluster_messages`` and ``cluster_dropped``.
        key: Tells this bridge's access secret from others'; empty where it has none.
        now_ns: The bridge's clock.

    Attributes:
        id: This bridge's; drawn anew at each start.
        link: The connection to NATS.
        peers: The other bridges.

    Raises:
        InputError: That is no address of NATS.
        MissingDependencyError: The client of NATS is not installed.
    """

    def __init__(
        self,
        url: str,
        counters: Counters,
        *,
        key: str = "",
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.id = secrets.token_hex(8)
        self.link = NatsLink(url, counters, on_connected=self._connected)
        self.peers = Peers(self.id, clock_ns=now_ns)
        self._counters = counters
        self._key = key
        self._now_ns = now_ns
        self._url = ""
        self._relay = Relay(self.id, self.link, self.peers)
        self._membership = Membership(self.link, self.peers, self._own_beat, self._on_beat, now_ns)
        self._placements = Placements(clock_ns=now_ns)
        self._repeated_ns = 0
        self._change = asyncio.Event()
        self._joined = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def attach(self, rooms: Rooms, give_up: GiveUp) -> None:
        """Names what the cluster serves, before it joins.

        Args:
            rooms: This bridge's rooms.
            give_up: Ends the sessions of a room's devices, which then ask again where to publish.
        """
        self._relay.attach(rooms, give_up)

    async def join(self, url: str) -> None:
        """Connects and learns of the other bridges; without NATS it goes on trying meanwhile.

        Args:
            url: Where this bridge can be reached, ``https://HOST:PORT``.

        Raises:
            InputError: The NATS server refuses this bridge.
        """
        self._url = url
        self._membership.open()
        self.link.subscribe(bridge_subject(self.id, "*"), self._on_ask)
        try:
            await self.link.open()
            if self.link.connected:
                await asyncio.sleep(BEAT_S)  # for the others to tell of themselves
        finally:
            self._joined.set()
        self._task = asyncio.create_task(self._run(), name="cluster")

    async def leave(self) -> None:
        """Tells the others, and ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._url:
            await self._membership.close(Beat(self.id, self._url, leaves=True))
        await self.link.close()

    @property
    def problems(self) -> list[str]:
        """What is wrong with the cluster, for people; this bridge serves its own rooms even so."""
        found = [] if self.link.problem is None else [self.link.problem]
        return found + [
            f"the bridge at {peer.beat.url} has another access secret: give all bridges of a "
            "cluster the same access_folder"
            for peer in self.peers
            if peer.beat.key != self._key
        ]

    def changed(self) -> None:
        """Something has changed in a room: what follows from it is done soon."""
        self._change.set()

    def knows(self, room: str) -> bool:
        """Whether another bridge feeds a room."""
        return self.peers.feeding(room) is not None

    def fan_out(self, room: str) -> ClusterFanOut:
        """The fan-out of a room that this bridge opens."""
        return self._relay.fan_out(room)

    async def route(self, room: str) -> str | None:
        """Where a device of a room has to publish.

        Returns:
            The address of another bridge, or None for this one.
        """
        await self._joined.wait()
        url = await self._route(room)
        if url is not None:
            self._counters.add("cluster_redirects")
        return url

    async def _route(self, room: str) -> str | None:
        if self._relay.feeds(room):
            return None
        if (feeding := self.peers.feeding(room)) is not None:
            return feeding.beat.url
        registrar = self.peers.registrar
        if registrar == self.id:
            chosen = self._place(room)
        else:
            try:
                subject = bridge_subject(registrar, "place")
                answer = await self.link.request(subject, room.encode(), timeout_s=_ASK_S)
                chosen = check_id(answer.decode(errors="replace"))
            except (ConnectionFailedError, ProtocolError) as error:
                _LOG.warning("room %s is taken without asking the others: %s", room, error)
                return None
        peer = self.peers.get(chosen)
        return None if peer is None else peer.beat.url

    def _place(self, room: str) -> str:
        """The bridge that feeds a room, or that shall."""
        if self._relay.feeds(room):
            return self.id
        if (feeding := self.peers.feeding(room)) is not None:
            return feeding.beat.id
        own = self._own_beat(False)
        fed = {*own.feeds, *(name for peer in self.peers for name in peer.beat.feeds)}
        return self._placements.place(room, self.peers.views | {self.id: own.views}, fed)

    async def _run(self) -> None:
        while True:
            try:
                await self._step()
            except Exception:  # A fault here must not end the lessons.
                _LOG.exception("a step of the cluster failed")
            try:
                async with asyncio.timeout(BEAT_S):
                    await self._change.wait()
            except TimeoutError:
                pass
            self._change.clear()

    async def _step(self) -> None:
        self._membership.step()
        self._relay.settle()
        if self._now_ns() - self._repeated_ns >= 1e9 * _REPEAT_S:
            self._repeated_ns = self._now_ns()
            self._relay.say_standing()
            await self._relay.close_unused()

    def _own_beat(self, asks: bool) -> Beat:
        rooms = self._relay.rooms
        return Beat(
            self.id,
            self._url,
            self._key,
            sum(len(room.views) for room in rooms),
            tuple(room.name for room in rooms if room.feeding),
            tuple(room.name for room in rooms if room.connections),
            asks,
        )

    def _connected(self) -> None:
        self._membership.tell(asks=True)

    def _on_beat(self, beat: Beat, before: Beat | None) -> None:
        self._relay.heard(beat, before)
        self._change.set()

    def _on_ask(self, subject: str, data: bytes, answer: Answer) -> None:
        match subject.rsplit(".", 1)[1]:
            case "clock":
                self._membership.answer_ping(data, answer)
            case "place":
                try:
                    answer(self._place(check_name(data[:64].decode())).encode())
                except (UnicodeDecodeError, InputError) as error:
                    raise ProtocolError(str(error)) from None
            case "control":
                self._relay.take_control(data)
            case "problem":
                self._relay.take_problem(data)
            case _:
                raise ProtocolError("that is nothing to ask", code="unexpected")
