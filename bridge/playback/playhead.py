"""Where a playback is: a transport clock that plays, pauses, seeks, loops and changes its rate.

Sans-I/O: the clock is passed in, and nothing waits here. Positions are integer nanoseconds since
the recording's first pose. Between two commands the position is a line over the clock, so nothing
drifts however often it is asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from bridge.errors import InputError
from bridge.protocol.lesson import MAX_RATE, MIN_RATE

__all__ = ["MAX_RATE", "MIN_LOOP_S", "MIN_RATE", "Playhead"]

MIN_LOOP_S = 0.1
"""A shorter loop would show nothing but its jump."""


class Playhead:
    """The position of one playback.

    A change of rate, a pause and a play never move the position; a seek does, and the end of a
    loop, which takes it to the loop's begin. At the end of the recording it stops. A position past
    the end of a loop plays on to the end of the recording: who seeks there wants that.

    Args:
        duration_ns: Length of the recording, 0 or more.
        clock_ns: A monotonic clock, nanoseconds.

    Attributes:
        duration_ns: As given.
    """

    def __init__(self, duration_ns: int, *, clock_ns: Callable[[], int]) -> None:
        self.duration_ns = duration_ns
        self._clock_ns = clock_ns
        self._playing = False
        self._rate = 1.0
        self._loop: tuple[int, int] | None = None
        self._jumps = 0
        # The line: at this moment of the clock the head was at this position.
        self._now_ns = self._since_ns = clock_ns()
        self._from_ns = 0

    @property
    def position_ns(self) -> int:
        """Where it is now, 0 to ``duration_ns``."""
        return self._settle()

    @property
    def playing(self) -> bool:
        """Whether it moves."""
        self._settle()
        return self._playing

    @property
    def rate(self) -> float:
        """How fast it moves when it plays; 1 is as recorded."""
        return self._rate

    @property
    def loop_ns(self) -> tuple[int, int] | None:
        """Begin and end of the loop, None without."""
        return self._loop

    @property
    def jumps(self) -> int:
        """How often the position has jumped so far: seeks, and ends of loops."""
        self._settle()
        return self._jumps

    def play(self) -> None:
        """Moves on from where it is; from the begin, of the loop if there is one, at the end."""
        position_ns = self._settle()
        if self._playing:
            return
        if position_ns >= self.duration_ns > 0:
            position_ns = self._loop[0] if self._loop else 0
            self._jumps += 1
        self._anchor(position_ns)
        self._playing = True

    def pause(self) -> None:
        """Stops where it is."""
        self._anchor(self._settle())
        self._playing = False

    def seek(self, position_ns: int) -> None:
        """Jumps to a position; plays on from there if it plays.

        Raises:
            InputError: The recording does not have that position.
        """
        self._check(position_ns)
        self._settle()
        self._anchor(position_ns)
        self._jumps += 1

    def set_rate(self, rate: float) -> None:
        """Changes how fast it moves.

        Raises:
            InputError: It is not from ``MIN_RATE`` to ``MAX_RATE``.
        """
        if not MIN_RATE <= rate <= MAX_RATE:
            raise InputError(f"rate must be from {MIN_RATE:g} to {MAX_RATE:g}, not {rate}")
        self._anchor(self._settle())
        self._rate = float(rate)

    def set_loop(self, loop_ns: tuple[int, int] | None) -> None:
        """Sets begin and end of the loop; None ends it. At or past its end the head jumps to it.

        Raises:
            InputError: It is not inside the recording, or shorter than ``MIN_LOOP_S``.
        """
        if loop_ns is not None:
            begin, end = loop_ns
            self._check(begin)
            self._check(end)
            if end - begin < MIN_LOOP_S * 1e9:
                raise InputError(
                    f"a loop must last {MIN_LOOP_S:g} s or more, not {(end - begin) * 1e-9:.3f} s"
                )
        position_ns = self._settle()
        self._anchor(position_ns)
        self._loop = loop_ns
        if loop_ns is not None and position_ns >= loop_ns[1]:
            self.seek(loop_ns[0])

    def due_ns(self, position_ns: int) -> int | None:
        """When, on the clock, it reaches a position; None while it does not move.

        If it jumps or stops before that, it is when it does.
        """
        here_ns = self._settle()
        if not self._playing:
            return None
        goal_ns = min(max(position_ns, here_ns), self._turn_ns())
        return self._since_ns + math.ceil((goal_ns - self._from_ns) / self._rate)

    def passed_ns(self, position_ns: int) -> int:
        """When, on the clock, it was at a position it has passed since its last change."""
        ago = math.ceil((position_ns - self._from_ns) / self._rate)
        return self._since_ns + max(0, ago)

    def _turn_ns(self) -> int:
        """The position at which it will jump or stop."""
        return self._loop[1] if self._loop is not None and self._in_loop() else self.duration_ns

    def _in_loop(self) -> bool:
        """Whether it comes to the end of the loop, which may be that of the recording."""
        end_ns = -1 if self._loop is None else self._loop[1]
        return self._from_ns < end_ns or end_ns == self.duration_ns

    def _settle(self) -> int:
        """Takes in what happened since the last call; returns the position."""
        self._now_ns = self._clock_ns()
        if not self._playing:
            return self._from_ns
        position_ns = self._from_ns + round((self._now_ns - self._since_ns) * self._rate)
        if position_ns < self._turn_ns():
            return position_ns
        if self._loop is not None and self._in_loop():
            begin, end = self._loop
            position_ns = begin + (position_ns - end) % (end - begin)
            self._jumps += 1
        else:
            position_ns = self.duration_ns
            self._playing = False
        self._anchor(position_ns)
        return position_ns

    def _anchor(self, position_ns: int) -> None:
        """Begins a new line at the moment that ``_settle`` took in."""
        self._since_ns = self._now_ns
        self._from_ns = position_ns

    def _check(self, position_ns: int) -> None:
        if not 0 <= position_ns <= self.duration_ns:
            raise InputError(
                f"position {position_ns * 1e-9:.3f} s is not in the recording, which lasts "
                f"{self.duration_ns * 1e-9:.3f} s"
            )
