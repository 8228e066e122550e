"""The rooms of one bridge, where they are other bridges' rooms, too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bridge.cluster.fanout import ClusterFanOut
from bridge.cluster.following import Following
from bridge.cluster.link import Answer, NatsLink
from bridge.cluster.peers import Peer, Peers, rank
from bridge.cluster.wire import Beat, Note, bridge_subject, room_subject
from bridge.errors import ProtocolError
from bridge.protocol import LearnerHands, PlaybackControl, PlaybackState, decode, encode
from bridge.room import Room
from bridge.rooms import Rooms

__all__ = ["Relay"]

_LOG = logging.getLogger(__name__)

GiveUp = Callable[[str], Awaitable[None]]
"""Ends the sessions of a room's devices."""


class Relay:
    """Carries what is said in a room from the bridge that feeds it to those that watch it.

    Args:
        own: This bridge's id.
        link: The connection to NATS.
        peers: The other bridges.
    """

    def __init__(self, own: str, link: NatsLink, peers: Peers) -> None:
        self._own = own
        self._link = link
        self._peers = peers
        self._rooms: Rooms | None = None
        self._give_up: GiveUp | None = None
        self._following: dict[str, Following] = {}
        self._fan_outs: dict[str, ClusterFanOut] = {}
        self._giving_up: dict[str, asyncio.Future[None]] = {}

    def attach(self, rooms: Rooms, give_up: GiveUp) -> None:
        """See ``Cluster.attach``."""
        self._rooms, self._give_up = rooms, give_up

    @property
    def rooms(self) -> tuple[Room, ...]:
        """The rooms that are open on this bridge."""
        return () if self._rooms is None else tuple(self._rooms)

    def feeds(self, room: str) -> bool:
        """Whether this bridge feeds a room."""
        return (found := self._room(room)) is not None and found.feeding

    def fan_out(self, room: str) -> ClusterFanOut:
        """The fan-out of a room that this bridge opens."""
        subject = room_subject(room, self._own)
        self._fan_outs[room] = ClusterFanOut(
            lambda data: self._link.publish(subject, data),
            lambda: self.feeds(room),
            lambda: self._peers.watching(room),
        )
        return self._fan_outs[room]

    def settle(self) -> None:
        """Makes every room here what the other bridges say it is."""
        for room in self.rooms:
            self._settle(room)
        for name in self._following.keys() - {room.name for room in self.rooms}:
            del self._following[name]  # closed since
            self._link.unsubscribe(room_subject(name, "*"))

    def say_standing(self) -> None:
        """Repeats for the other bridges what stays true: one that has missed it has it then."""
        for room in self.rooms:
            self._say_standing(room)

    async def close_unused(self) -> None:
        """Closes rooms here that are other bridges' and that nobody here watches any more."""
        if self._rooms is not None:
            await self._rooms.close_unused()

    def heard(self, beat: Beat, before: Beat | None) -> None:
        """Another bridge has begun to watch rooms: it gets first what is needed first."""
        for name in set(beat.watches) - set(() if before is None else before.watches):
            if (room := self._room(name)) is not None:
                self._say_standing(room)

    def take_control(self, data: bytes) -> None:
        """A watcher on another bridge sent a playback command.

        Raises:
            ProtocolError: None did.
        """
        note = Note.unpack(data)
        command, room = decode(note.data), self._room(note.room)
        if not isinstance(command, PlaybackControl) or room is None:
            raise ProtocolError("no command for a room here", code="unexpected")

        def reply(state: PlaybackState) -> None:
            answer = Note(note.room, self._own, note.client, encode(state))
            self._link.publish(bridge_subject(note.bridge, "problem"), answer.pack())

        room.controls.take_here(note.scope, command, reply)

    def take_problem(self, data: bytes) -> None:
        """Another bridge tells a watcher here why its command could not be done.

        Raises:
            ProtocolError: It does not.
        """
        note = Note.unpack(data)
        state, room = decode(note.data), self._room(note.room)
        if not isinstance(state, PlaybackState) or room is None:
            raise ProtocolError("no answer for anybody here", code="unexpected")
        time_ns = self._peer(note.bridge).here_ns(state.time_ns)
        encoded = encode(replace(state, time_ns=time_ns))
        for connection in room.connections:
            if connection.learner == note.client:
                connection.send_encoded(encoded)

    def _settle(self, room: Room) -> None:
        name, peer = room.name, self._peers.feeding(room.name)
        if room.connections:
            self._link.subscribe(room_subject(name, "*"), self._take)
        else:
            self._link.unsubscribe(room_subject(name, "*"))
        if room.feeding and peer is not None:
            # Two bridges took the room, unheard by each other: the lower in rank yields.
            if rank(name, peer.beat.id) > rank(name, self._own):
                self._yield(room, peer)
                return
            peer = None
        following = self._following.get(name)
        if following is not None and peer is not None and following.bridge == peer.beat.id:
            if not room.connections:
                following.forget()
        elif peer is not None:
            self._follow(room, peer)
        elif following is not None:
            del self._following[name]
            room.feed_from(None)

    def _yield(self, room: Room, peer: Peer) -> None:
        following, leaving = self._following.get(room.name), self._giving_up.get(room.name)
        if following is None or following.bridge != peer.beat.id:
            _LOG.warning("room %s is fed by %s, too: its devices move", room.name, peer.beat.url)
            self._follow(room, peer)
        if self._give_up is not None and (leaving is None or leaving.done()):
            self._giving_up[room.name] = asyncio.ensure_future(self._give_up(room.name))

    def _follow(self, room: Room, peer: Peer) -> None:
        def pass_on(client: str, scope: str | None, command: PlaybackControl) -> None:
            note = Note(room.name, self._own, client, encode(command), scope)
            self._link.publish(bridge_subject(peer.beat.id, "control"), note.pack())

        following = Following(room, peer, pass_on)
        self._following[room.name] = following
        room.feed_from(following)

    def _say_standing(self, room: Room) -> None:
        if room.feeding:
            for message in (*room.shapes, room.anchor, room.playback_state):
                if message is not None:
                    self._fan_outs[room.name].send_away(message)

    def _take(self, subject: str, data: bytes, _answer: Answer) -> None:
        *_, name, bridge = subject.split(".")
        peer, room, message = self._peer(bridge), self._room(name), decode(data)
        if room is None:
            raise ProtocolError("of a room that is not open", code="unexpected")
        if isinstance(message, LearnerHands):
            here = replace(message, time_ns=peer.here_ns(message.time_ns))
            self._fan_outs[name].deliver_beside(here)
            return
        following = self._following.get(name)
        if following is None or following.bridge != bridge or room.feeding:
            raise ProtocolError("from a bridge that does not feed the room", code="unexpected")
        following.take(message)

    def _peer(self, bridge: str) -> Peer:
        if (peer := self._peers.get(bridge)) is None:
            raise ProtocolError("from a bridge that nobody knows", code="unknown_bridge")
        return peer

    def _room(self, name: str) -> Room | None:
        return None if self._rooms is None else self._rooms.get(name)
