"""A room whose poses another bridge makes, as the room sees it."""

from __future__ import annotations

from typing import Protocol

from bridge.protocol import Anchor, PlaybackControl, PlaybackState, Status

__all__ = ["Elsewhere"]


class Elsewhere(Protocol):
    """The bridge that feeds a room instead of this one (``bridge.cluster``)."""

    @property
    def url(self) -> str:
        """Its public address."""
        ...

    @property
    def status(self) -> Status | None:
        """The room's state there; None until it has told."""
        ...

    @property
    def anchor(self) -> Anchor | None:
        """Where the teacher's instrument lies."""
        ...

    @property
    def playback(self) -> PlaybackState | None:
        """What it plays; None until it has told, or if it can play nothing."""
        ...

    def control(self, client: str, scope: str | None, command: PlaybackControl) -> None:
        """Passes on a command of a watcher here.

        Args:
            client: What others call the watcher.
            scope: What its token is for; None where none is needed.
            command: What to do.
        """
        ...
