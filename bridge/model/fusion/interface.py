"""What every fuser does, and how one is chosen by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from bridge.errors import InputError, ModelError
from bridge.model.anchor import Anchor
from bridge.model.pose import FloatArray, Hands, ViewHands

__all__ = ["ANCHORED", "FUSERS", "NETWORKS", "ExpectingFuser", "Fuser", "LensFuser", "make_fuser"]


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


@runtime_checkable
class ExpectingFuser(Protocol):
    """A fuser that knows the cameras well enough to say where a hand must be in a view."""

    def expected_landmarks(
        self, view: str, size_px: tuple[int, int]
    ) -> tuple[FloatArray | None, FloatArray | None]:
        """Where a view should see the hands that other views saw in the last frame set.

        Args:
            view: The view's name.
            size_px: Its picture's ``(width, height)``.

        Returns:
            Left and right, ``(21, 2)`` pixels, perhaps outside the picture; None for a hand that
            no other view saw, that is behind the camera, or where the camera is not known.
        """
        ...


@runtime_checkable
class LensFuser(Protocol):
    """A fuser that has use for what is known of a device's lens."""

    def know_lens(self, view: str, focal: float) -> None:
        """Tells a focal length, in longer image sides, whether or not the view has joined yet."""
        ...


FUSERS: dict[str, Callable[[], Fuser]] = {}
"""Fusers by the name that ``--fuser`` takes; each module of this package adds its own."""

NETWORKS: dict[str, Callable[[bytes], Fuser]] = {}
"""Those of them that are a network, from the ONNX of another one than the shipped."""

ANCHORED: dict[str, Callable[[Anchor], Fuser]] = {}
"""Those of them that an instrument's anchor helps."""


def make_fuser(name: str, *, anchor: Anchor | None = None) -> Fuser:
    """Makes a fuser by name.

    Args:
        name: One of ``FUSERS``; one of ``NETWORKS`` with a network of one's own is
            ``hamuco=FILE.onnx``.
        anchor: The instrument, if its corners were tapped.

    Raises:
        InputError: There is none of that name, or it has no use for an anchor or a file; the
            message lists those there are. Or the file cannot be read.
        ModelError: The file is damaged, or another network's.
    """
    name, _, file = name.partition("=")
    if name not in FUSERS:
        raise InputError(f"unknown fuser {name!r}; choose one of: {', '.join(sorted(FUSERS))}")
    if anchor is not None and name not in ANCHORED:
        raise InputError(f"the fuser {name} takes no anchor; choose: {', '.join(sorted(ANCHORED))}")
    if not file:
        return FUSERS[name]() if anchor is None else ANCHORED[name](anchor)
    if name not in NETWORKS:
        networks = ", ".join(f"{known}=FILE" for known in sorted(NETWORKS))
        raise InputError(f"the fuser {name} takes no network; choose: {networks}")
    try:
        return NETWORKS[name](Path(file).read_bytes())
    except OSError as error:
        raise InputError(
            f"the network {file} cannot be read ({error}); ghosthands models export makes one"
        ) from error
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from error
