"""The acknowledgement window of one watcher: few poses in flight, then only the newest waits.

Socket buffers do not give "latest wins": after a stall of 5 s they deliver every stale packet
they hold. So the bridge keeps at most ``size`` poses unacknowledged; while the window is full, or
the watcher's rate limit says not yet, a newer pose replaces the one that waits, and the replaced
one is counted as dropped. What a stalled watcher finds when it comes back is at most the poses
that were in flight and the one that waited.

Poses that are unacknowledged are counted; differences of sequence numbers say nothing here, as
poses that were dropped never get an acknowledgement.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from bridge.errors import ProtocolError
from bridge.protocol.messages import DEFAULT_ACK_WINDOW

__all__ = ["AckWindow"]

Item = TypeVar("Item")

_EARLY = 0.25
"""Part of an interval by which a pose may be early, so that jitter does not halve the rate.

The grid of send times still moves on by whole intervals: the mean rate keeps its limit.
"""


class AckWindow(Generic[Item]):
    """Which pose goes to a watcher, and when. Drop policy: latest wins.

    Every pose ends in one of three ways: returned for sending, dropped, or still waiting, so
    ``sent + dropped + (1 if waiting else 0)`` is the number of poses offered.

    Args:
        size: Most poses unacknowledged at once.
        clock_ns: A monotonic clock, nanoseconds.
        max_rate_hz: Most poses a second; None for no limit.

    Attributes:
        sent: Poses returned for sending so far.
        dropped: Poses replaced by a newer one so far.
    """

    def __init__(
        self,
        size: int = DEFAULT_ACK_WINDOW,
        *,
        clock_ns: Callable[[], int],
        max_rate_hz: float | None = None,
    ) -> None:
        if size < 1:
            raise ValueError(f"an acknowledgement window holds at least one pose, not {size}")
        self.size = size
        self.sent = 0
        self.dropped = 0
        self._clock_ns = clock_ns
        self._unacknowledged: deque[int] = deque()
        self._sent_ns: deque[int] = deque()  # of each of these
        self._waiting: tuple[int, Item] | None = None
        self._interval_ns = 0
        self._due_ns: int | None = None
        self.limit_rate(max_rate_hz)

    @property
    def in_flight(self) -> int:
        """Poses sent and not yet acknowledged."""
        return len(self._unacknowledged)

    @property
    def full(self) -> bool:
        """No pose may be sent before an acknowledgement."""
        return len(self._unacknowledged) >= self.size

    @property
    def oldest_ns(self) -> int | None:
        """When the oldest pose in flight was sent, on the window's clock; None with none."""
        return self._sent_ns[0] if self._sent_ns else None

    @property
    def waiting(self) -> bool:
        """A pose waits for an acknowledgement or for its time."""
        return self._waiting is not None

    def limit_rate(self, max_rate_hz: float | None) -> None:
        """Sets the most poses a second; None for no limit."""
        if max_rate_hz is not None and not max_rate_hz > 0.0:
            raise ValueError(f"max_rate_hz must be above 0, not {max_rate_hz}")
        self._interval_ns = 0 if max_rate_hz is None else round(1e9 / max_rate_hz)
        self._due_ns = None

    def offer(self, seq: int, item: Item) -> Item | None:
        """Takes a new pose; returns what to send now, if anything.

        Args:
            seq: Its sequence number, higher than any before.
            item: What ``offer``, ``acknowledge`` or ``poll`` shall return for it.
        """
        if self._waiting is not None:
            self.dropped += 1
        self._waiting = (seq, item)
        return None if len(self._unacknowledged) >= self.size else self.poll()

    def acknowledge(self, seq: int) -> Item | None:
        """Takes an ack of a pose and all before it; returns what to send now, if anything.

        Raises:
            ProtocolError: ``unexpected``: that pose is not in flight.
        """
        if seq not in self._unacknowledged:
            raise ProtocolError(f"ack of {seq}, which is not in flight", code="unexpected")
        while self._unacknowledged and self._unacknowledged[0] <= seq:
            self._unacknowledged.popleft()
            self._sent_ns.popleft()
        return self.poll()

    def poll(self) -> Item | None:
        """Returns the waiting pose once it may go; call it when ``wait_ns`` has passed."""
        if self._waiting is None or len(self._unacknowledged) >= self.size:
            return None
        now = self._clock_ns()
        if self._due_ns is not None and now < self._due_ns - self._early_ns():
            return None
        seq, item = self._waiting
        self._waiting = None
        self._unacknowledged.append(seq)
        self._sent_ns.append(now)
        self.sent += 1
        if self._interval_ns:
            # After a pause the grid starts anew: no burst makes up for the time without poses.
            late = self._due_ns is None or now - self._due_ns > self._interval_ns
            start = now if late or self._due_ns is None else self._due_ns
            self._due_ns = start + self._interval_ns
        return item

    def wait_ns(self) -> int | None:
        """Nanoseconds until ``poll`` can return something; None if only a call can change that."""
        if self._waiting is None or self.in_flight >= self.size:
            return None
        if self._due_ns is None:
            return 0
        return max(0, self._due_ns - self._early_ns() - self._clock_ns())

    def _early_ns(self) -> int:
        return int(self._interval_ns * _EARLY)
