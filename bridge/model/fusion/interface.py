"""What every fuser does, and how one is chosen by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from bridge.errors import InputError
from bridge.model.pose import Hands, ViewHands

__all__ = ["FUSERS", "Fuser", "make_fuser"]


class Fuser(Protocol):
    """Turns what the views of one room see at one instant into hands in the stage.

    One instance serves one room and is called from one thread, in the order of time. It may keep
    what it learns (relative camera poses, shapes) between calls.
    """

    def fuse(self, time_ns: int, views: Sequence[ViewHands]) -> Hands:
        """Fuses one frame set.

        Args:
            time_ns: Capture time on the bridge's clock.
            views: What each live view sees, in the order in which the views joined. Any number
                of them, none included.

        Returns:
            Both hands in the stage; None for a hand that no usable view sees.
        """
        ...

    def forget(self, view: str) -> None:
        """Drops what is known of a view whose device left: it may come back elsewhere."""
        ...


FUSERS: dict[str, Callable[[], Fuser]] = {}
"""Fusers by the name that ``--fuser`` takes; each module of this package adds its own."""


def make_fuser(name: str) -> Fuser:
    """Makes a fuser by name.

    Raises:
        InputError: There is none of that name; the message lists those there are.
    """
    if name not in FUSERS:
        raise InputError(f"unknown fuser {name!r}; choose one of: {', '.join(sorted(FUSERS))}")
    return FUSERS[name]()
