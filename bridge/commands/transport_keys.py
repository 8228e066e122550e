"""Keys of a terminal that control a playback."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator

from bridge.errors import InputError
from bridge.playback import Playhead

__all__ = ["HELP", "TransportKeys", "keys_of", "terminal_keys"]

HELP = "space pause, arrows seek, + - rate, a b loop from here to here, x no loop, q end"

_RATES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
_SEEK_NS = {"left": -5, "right": 5, "down": -60, "up": 60}
_ARROWS = {b"A": "up", b"B": "down", b"C": "right", b"D": "left"}


class TransportKeys:
    """Does with a playhead what keys say.

    Args:
        playhead: The playhead.
        bounds_ns: Where it may be taken.

    Attributes:
        ended: The key to end was pressed.
        note: What the last key could not do, for people; empty if it did.
    """

    def __init__(self, playhead: Playhead, bounds_ns: tuple[int, int]) -> None:
        self.ended = False
        self.note = ""
        self._head = playhead
        self._low, self._high = bounds_ns
        self._from_ns: int | None = None

    def press(self, key: str) -> None:
        """Does what a key stands for; others do nothing."""
        self.note = ""
        try:
            self._press(key)
        except InputError as error:
            self.note = str(error)

    def _press(self, key: str) -> None:
        head = self._head
        if key == " ":
            (head.pause if head.playing else head.play)()
        elif key in _SEEK_NS:
            position_ns = head.position_ns + _SEEK_NS[key] * 10**9
            head.seek(min(max(position_ns, self._low), self._high))
        elif key in ("+", "="):
            head.set_rate(min((r for r in _RATES if r > head.rate), default=_RATES[-1]))
        elif key in ("-", "_"):
            head.set_rate(max((r for r in _RATES if r < head.rate), default=_RATES[0]))
        elif key == "a":
            self._from_ns = head.position_ns
            self.note = "loop from here: press b at its end"
        elif key == "b":
            end_ns = head.position_ns
            head.set_loop((self._low if self._from_ns is None else self._from_ns, end_ns))
        elif key == "x":
            head.set_loop(None)
        elif key == "q":
            self.ended = True


def keys_of(data: bytes) -> tuple[list[str], bytes]:
    """The keys in what a terminal sent, and the begin of one that is not whole yet.

    Arrows are ``left``, ``right``, ``up``, ``down`` (ECMA-48 cursor sequences, normal and
    application mode); other sequences are left out.
    """
    keys: list[str] = []
    at = 0
    while at < len(data):
        if data[at : at + 1] != b"\x1b":
            keys.append(chr(data[at]))
            at += 1
            continue
        if at + 1 == len(data):
            return keys, data[at:]
        if data[at + 1 : at + 2] not in (b"[", b"O"):
            at += 1
            continue
        end = at + 2
        while end < len(data) and not 0x40 <= data[end] <= 0x7E:
            end += 1
        if end == len(data):
            return keys, data[at:]
        final = data[end : end + 1]
        if end == at + 2 and final in _ARROWS:
            keys.append(_ARROWS[final])
        at = end + 1
    return keys, b""


@contextlib.contextmanager
def terminal_keys(press: Callable[[str], None]) -> Iterator[bool]:
    """Hands over the keys that are pressed in this terminal, one by one, on the event loop.

    Yields:
        Whether there is a terminal that can do that: not in the background, nor on Windows.
    """
    if sys.platform == "win32" or not sys.stdin.isatty():
        yield False
        return
    import termios
    import tty

    fd = sys.stdin.fileno()
    try:
        # Whoever sets the terminal from the background is stopped.
        foreground = os.tcgetpgrp(fd) == os.getpgrp()
        before = termios.tcgetattr(fd)
    except (OSError, termios.error):
        foreground = False
    if not foreground:
        yield False
        return
    rest = b""

    def read() -> None:
        nonlocal rest
        data = os.read(fd, 1024)
        if not data:
            asyncio.get_running_loop().remove_reader(fd)
            return
        keys, rest = keys_of(rest + data)
        for key in keys:
            press(key)

    loop = asyncio.get_running_loop()
    tty.setcbreak(fd)
    loop.add_reader(fd, read)
    try:
        yield True
    finally:
        loop.remove_reader(fd)
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
