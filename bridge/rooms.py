"""All rooms of a bridge: opened by the settings or by the first device that publishes."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from bridge.config import Settings
from bridge.model.anchor import load_anchor
from bridge.model.fusion import make_fuser
from bridge.model.nets import HandNets
from bridge.model.reconstruct import Reconstructor
from bridge.room import Room
from bridge.streams import FullError, ViewSource, WhipError

__all__ = ["Rooms", "TakenError"]

_LOG = logging.getLogger(__name__)


class TakenError(WhipError):
    """A recording is being played into the room."""

    status = 409


class Rooms:
    """The rooms by name; the ``WhipHost`` of the endpoint that devices publish to.

    Args:
        settings: The bridge's settings.
        nets: The hand nets, shared by all rooms.

    Raises:
        InputError: The settings' anchor cannot be read, or not be used by their fuser.
    """

    def __init__(self, settings: Settings, nets: HandNets) -> None:
        self._settings = settings
        self._nets = nets
        self._anchor = None if settings.anchor is None else load_anchor(settings.anchor)
        make_fuser(settings.fuser, anchor=self._anchor)  # wrong settings are told now
        self._rooms: dict[str, Room] = {}

    def __iter__(self) -> Iterator[Room]:
        return iter(self._rooms.values())

    def get(self, name: str) -> Room | None:
        """The room of that name if it is open."""
        return self._rooms.get(name)

    def open(self) -> None:
        """Opens the rooms that the settings name, on the running event loop."""
        for name in self._settings.rooms:
            self._open(name)

    async def close(self) -> None:
        """Closes all rooms."""
        while self._rooms:
            _, room = self._rooms.popitem()
            await room.close()

    def authorise(self, room: str, view: str, token: str | None) -> None:
        """See ``WhipHost``: rooms have no access control yet."""

    def add_view(self, room: str, source: ViewSource) -> None:
        """See ``WhipHost``: the first device opens the room.

        Raises:
            FullError: There is no place for another room, or another device in this one.
            TakenError: A recording is being played into the room.
        """
        found = self._rooms.get(room) or self._open(room)
        if found.playing:
            raise TakenError(f"a recording is being played into room {room}")
        if len(found.views) >= self._settings.max_views:
            raise FullError(f"room {room} has {len(found.views)} devices already")
        found.add_view(source)

    def remove_view(self, room: str, source: ViewSource) -> None:
        """See ``WhipHost``."""
        if (found := self._rooms.get(room)) is not None:
            found.remove_view(source)

    def _open(self, name: str) -> Room:
        if len(self._rooms) >= max(self._settings.max_rooms, len(self._settings.rooms)):
            raise FullError(f"the bridge has {len(self._rooms)} rooms already")
        fuser = make_fuser(self._settings.fuser, anchor=self._anchor)
        room = Room(name, self._settings, lambda: Reconstructor(self._nets, fuser=fuser))
        room.open()
        self._rooms[name] = room
        _LOG.info("room %s is open", name)
        return room
