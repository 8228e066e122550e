"""Watchers' playback commands: to the room's own player, or to the bridge that feeds the room."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from bridge.playback.commands import may_control
from bridge.playback.room_playback import Reply, RoomPlayback
from bridge.protocol.lesson import PlaybackControl, PlaybackState

__all__ = ["PlaybackControls", "PlaybackElsewhere"]


class PlaybackElsewhere(Protocol):
    """Another bridge that feeds the room (``bridge.elsewhere``)."""

    @property
    def playback(self) -> PlaybackState | None:
        """What it plays; None until it has told, or if it can play nothing."""
        ...

    def control(self, client: str, scope: str | None, command: PlaybackControl) -> None:
        """Passes a command on to it."""
        ...


class PlaybackControls:
    """Who may play recordings in a room, and where.

    Args:
        playback: The room's own player; None where there are no recordings.
        policy: The setting ``playback_control``.
        now_ns: The bridge's clock.

    Attributes:
        elsewhere: The bridge that feeds the room instead of this one.
    """

    def __init__(
        self,
        playback: RoomPlayback | None,
        policy: str,
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.elsewhere: PlaybackElsewhere | None = None
        self._playback = playback
        self._policy = policy
        self._now_ns = now_ns

    @property
    def state(self) -> PlaybackState | None:
        """What the room plays; None if it can play nothing."""
        if self.elsewhere is not None:
            return self.elsewhere.playback
        return None if self._playback is None else self._playback.state()

    def nothing(self, problem: str | None = None) -> PlaybackState:
        """The state of a room that can play nothing."""
        return PlaybackState(self._now_ns(), None, 0.0, 0.0, False, 1.0, problem=problem)

    def take(self, client: str, scope: str | None, command: PlaybackControl, reply: Reply) -> None:
        """A watcher here sent a command.

        Args:
            client: What others call the watcher.
            scope: What its token is for; None where none is needed.
            command: What to do.
            reply: Called with the state, whose ``problem`` says why, if it cannot be done.
        """
        if self.elsewhere is not None:
            self.elsewhere.control(client, scope, command)
        else:
            self.take_here(scope, command, reply)

    def take_here(self, scope: str | None, command: PlaybackControl, reply: Reply) -> None:
        """A watcher, here or on another bridge, sent a command for this bridge's player."""
        if self._playback is None:
            why = "this bridge has no recordings to play: start it with --lessons FOLDER"
            reply(self.nothing(why))
        elif may_control(self._policy, scope):
            self._playback.control(command, reply)
        else:
            why = "you may not play recordings in this room"
            reply(replace(self._playback.state(), problem=why))
