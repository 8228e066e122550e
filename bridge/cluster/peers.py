"""The other bridges, as their heartbeats tell, and what follows from that. Sans-I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from bridge.cluster.wire import Beat
from bridge.errors import ProtocolError
from bridge.protocol import ClockSync

__all__ = ["Peer", "Peers", "Placements", "rank"]

_MOST = 64


def rank(room: str, bridge: str) -> int:
    """The weight of a bridge for a room: all bridges rank all bridges alike.

    Rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to increase hit rates",
    1998): when a bridge comes or goes, only the rooms that it ranks highest for change hands.
    """
    return int.from_bytes(hashlib.sha256(f"{room} {bridge}".encode()).digest()[:8])


@dataclass(slots=True)
class Peer:
    """Another bridge.

    Attributes:
        beat: What it told last.
        heard_ns: When.
        clock: Its clock against this bridge's.
    """

    beat: Beat
    heard_ns: int
    clock: ClockSync = field(default_factory=ClockSync)

    def here_ns(self, time_ns: int) -> int:
        """A time on its clock, on this bridge's.

        Raises:
            ProtocolError: Its clock is not known yet (``no_clock``).
        """
        if not self.clock.ready:
            raise ProtocolError("that bridge's clock is not known yet", code="no_clock")
        return self.clock.to_local_ns(time_ns)


class Peers:
    """The bridges of the cluster besides this one.

    Args:
        own: This bridge's id.
        clock_ns: A monotonic clock.
        lost_after_s: A bridge that was not heard for so long is gone.
    """

    def __init__(self, own: str, *, clock_ns: Callable[[], int], lost_after_s: float = 1.5) -> None:
        self._own = own
        self._clock_ns = clock_ns
        self._lost_after_ns = round(lost_after_s * 1e9)
        self._peers: dict[str, Peer] = {}

    def __len__(self) -> int:
        return len(self._peers)

    def __iter__(self) -> Iterator[Peer]:
        return iter(tuple(self._peers.values()))

    def get(self, bridge: str) -> Peer | None:
        """The bridge of that id, if it lives."""
        return self._peers.get(bridge)

    def take(self, beat: Beat) -> None:
        """Takes a heartbeat in.

        Raises:
            OverflowError: There are more bridges than any cluster has.
            ValueError: It bears this bridge's own id.
        """
        if beat.id == self._own:
            raise ValueError("another bridge has this one's id")
        known = self._peers.get(beat.id)
        if beat.leaves:
            self._peers.pop(beat.id, None)
        elif known is not None:
            known.beat, known.heard_ns = beat, self._clock_ns()
        elif len(self._peers) >= _MOST:
            raise OverflowError(f"there are {_MOST} bridges already")
        else:
            self._peers[beat.id] = Peer(beat, self._clock_ns())

    def forget_lost(self) -> tuple[Peer, ...]:
        """Forgets, and returns, the bridges that have not been heard for too long."""
        too_old = self._clock_ns() - self._lost_after_ns
        lost = tuple(peer for peer in self._peers.values() if peer.heard_ns < too_old)
        for peer in lost:
            del self._peers[peer.beat.id]
        return lost

    def feeding(self, room: str) -> Peer | None:
        """The bridge that feeds a room; the one that ranks highest, should there be several."""
        feeding = [peer for peer in self._peers.values() if room in peer.beat.feeds]
        return max(feeding, key=lambda peer: rank(room, peer.beat.id), default=None)

    def watching(self, room: str) -> bool:
        """Whether somebody is in a room on another bridge."""
        return any(room in peer.beat.watches for peer in self._peers.values())

    @property
    def registrar(self) -> str:
        """The bridge that decides who feeds a room next."""
        return min((self._own, *self._peers))

    @property
    def views(self) -> dict[str, int]:
        """Devices that publish to each other bridge, by id."""
        return {bridge: peer.beat.views for bridge, peer in self._peers.items()}

    @property
    def origins(self) -> tuple[str, ...]:
        """The public addresses of the other bridges."""
        return tuple(sorted({peer.beat.url for peer in self._peers.values()}))


class Placements:
    """The registrar's memory: which bridge it has sent each new room to.

    A device takes a moment to follow. Until its bridge tells that it feeds the room, all others who
    ask for it are sent to the same bridge, and that bridge counts as busier.

    Args:
        clock_ns: A monotonic clock.
        hold_s: For how long a decision stands without the bridge feeding the room.
    """

    def __init__(self, *, clock_ns: Callable[[], int], hold_s: float = 10.0) -> None:
        self._clock_ns = clock_ns
        self._hold_ns = round(hold_s * 1e9)
        self._placed: dict[str, tuple[str, int]] = {}

    def place(self, room: str, views: Mapping[str, int], fed: Collection[str] = ()) -> str:
        """The bridge that is to feed a room that nobody feeds.

        Args:
            room: The room.
            views: Devices that publish to each live bridge, by id.
            fed: Rooms that somebody feeds: those are in ``views`` already.

        Returns:
            The id of one of the bridges: the least loaded, of equal ones the highest in rank.
        """
        oldest_ns = self._clock_ns() - self._hold_ns
        self._placed = {
            name: (bridge, at_ns)
            for name, (bridge, at_ns) in self._placed.items()
            if at_ns >= oldest_ns and bridge in views and (name == room or name not in fed)
        }
        if room not in self._placed:
            expected = dict(views)
            for bridge, _ in self._placed.values():
                expected[bridge] += 1
            chosen = min(expected, key=lambda bridge: (expected[bridge], -rank(room, bridge)))
            if len(self._placed) < 1000:
                self._placed[room] = (chosen, self._clock_ns())
            return chosen
        return self._placed[room][0]
