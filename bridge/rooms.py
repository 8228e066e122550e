"""All rooms of a bridge: opened by the settings or by the first device that publishes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from bridge.access import AccessError, Gate, UnauthorisedError
from bridge.access.gate import Pass
from bridge.config import Settings
from bridge.model.anchor import load_anchor
from bridge.model.fusion import make_fuser
from bridge.model.nets import HandNets
from bridge.model.reconstruct import Reconstructor
from bridge.observe import Metrics
from bridge.room import Room
from bridge.streams import ForbiddenError, FullError, TokenError, ViewSource, WhipError

if TYPE_CHECKING:
    from bridge.cluster import Cluster

__all__ = ["Rooms", "TakenError"]

_LOG = logging.getLogger(__name__)

_UNUSED_S = 30

_HOLDER: ContextVar[Pass | None] = ContextVar("holder", default=None)
"""Who was let in by the request that is being handled: it adds its view later."""


class TakenError(WhipError):
    """A recording is being played into the room."""

    status = 409


class Rooms:
    """The rooms by name; the ``WhipHost`` of the endpoint that devices publish to.

    Args:
        settings: The bridge's settings.
        nets: The hand nets, shared by all rooms.
        metrics: Where the rooms' measurements go; None for nowhere.
        gate: Who may publish; None lets everyone.
        cluster: The other bridges; None where this one is alone.

    Raises:
        InputError: The settings' anchor cannot be read, or not be used by their fuser.
    """

    def __init__(
        self,
        settings: Settings,
        nets: HandNets,
        *,
        metrics: Metrics | None = None,
        gate: Gate | None = None,
        cluster: Cluster | None = None,
    ) -> None:
        self._settings = settings
        self._cluster = cluster
        self._nets = nets
        self._metrics = metrics or Metrics()
        self._gate = gate
        self._publishers: dict[tuple[str, str], Pass | None] = {}
        self._metrics.show_rooms(lambda: (room.state() for room in self))
        self._anchor = None if settings.anchor is None else load_anchor(settings.anchor)
        make_fuser(settings.fuser, anchor=self._anchor)  # wrong settings are told now
        self._rooms: dict[str, Room] = {}
        self._visited: dict[str, int] = {}
        self._closing = False

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    @property
    def closing(self) -> bool:
        """The bridge is shutting down."""
        return self._closing

    def get(self, name: str) -> Room | None:
        """The room of that name if it is open."""
        return self._rooms.get(name)

    def find(self, name: str) -> Room | None:
        """The room of that name; one that another bridge feeds is opened here, too, if it fits."""
        found = self._rooms.get(name)
        if found is None and self._cluster is not None and self._cluster.knows(name):
            with contextlib.suppress(FullError):
                found = self._open(name)
                self._visited[name] = 0
        return found

    async def close_unused(self) -> None:
        """Closes rooms that ``find`` opened and nobody is in; call it once a second."""
        for name in tuple(self._visited):
            room = self._rooms.get(name)
            if room is None or room.feeding:
                del self._visited[name]
            elif room.connections:
                self._visited[name] = 0
            elif (unused_s := self._visited[name] + 1) <= _UNUSED_S:
                self._visited[name] = unused_s
            else:
                del self._visited[name], self._rooms[name]
                await room.close()

    def open(self) -> None:
        """Opens the rooms that the settings name, on the running event loop."""
        for name in self._settings.rooms:
            self._open(name)

    async def close(self) -> None:
        """Closes all rooms, all at a time; nobody joins any more."""
        self._closing = True
        rooms, self._rooms = self._rooms, {}
        await asyncio.gather(*(room.close() for room in rooms.values()))

    def authorise(self, room: str, view: str, token: str | None) -> None:  # noqa: ARG002
        """See ``WhipHost``.

        Raises:
            TokenError: The token is missing or not valid.
            ForbiddenError: It is for another room, or not to publish.
        """
        if self._gate is None:
            return
        try:
            _HOLDER.set(self._gate.enter(room, token, ("publish",)))
        except UnauthorisedError as error:
            raise TokenError(str(error)) from error
        except AccessError as error:
            raise ForbiddenError(str(error)) from error

    def publisher(self, room: str, view: str) -> Pass | None:
        """Who publishes a view; None where everybody may, or nobody does."""
        return self._publishers.get((room, view))

    def add_view(self, room: str, source: ViewSource) -> None:
        """See ``WhipHost``: the first device opens the room.

        Raises:
            FullError: There is no place for another room, or another device in this one.
            TakenError: A recording is being played into the room.
        """
        if self._closing:
            raise FullError("the bridge is shutting down")
        found = self._rooms.get(room) or self._open(room)
        if found.playing:
            raise TakenError(f"a recording is being played into room {room}")
        if len(found.views) >= self._settings.max_views:
            self._metrics.counters.add("limited", limit="max_views")
            raise FullError(f"room {room} has {len(found.views)} devices already")
        found.add_view(source)
        self._publishers[room, source.view] = _HOLDER.get()

    def remove_view(self, room: str, source: ViewSource) -> None:
        """See ``WhipHost``."""
        self._publishers.pop((room, source.view), None)
        if (found := self._rooms.get(room)) is not None:
            found.remove_view(source)

    def _open(self, name: str) -> Room:
        if len(self._rooms) >= max(self._settings.max_rooms, len(self._settings.rooms)):
            self._metrics.counters.add("limited", limit="max_rooms")
            raise FullError(f"the bridge has {len(self._rooms)} rooms already")
        fuser = make_fuser(self._settings.fuser, anchor=self._anchor)
        room = Room(
            name,
            self._settings,
            lambda: Reconstructor(self._nets, fuser=fuser),
            anchor=self._anchor,
            fan_out=None if self._cluster is None else self._cluster.fan_out(name),
            on_changed=(lambda: None) if self._cluster is None else self._cluster.changed,
            metrics=self._metrics,
        )
        room.open()
        self._rooms[name] = room
        _LOG.info("room %s is open", name, extra={"room": name})
        return room
