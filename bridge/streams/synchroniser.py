"""Frame sets: one frame of each live view, all of about the same instant.

The fastest live view sets the pace: each of its frames leads one set. The others add the frame
nearest in time if it is within the tolerance. Views deliver with different delays, so a frame
that leads waits for its partners, as long as they usually take and never longer than a bound; a
view that is late, missing or gone makes a smaller set. Of several sets that are ready the
newest is given and the older ones are counted as dropped: a slow consumer never builds a queue.

Pure: frames and times in, frame sets out. `bridge.streams.views` waits for them.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Literal

from bridge.streams.frame import Frame, FrameSet

__all__ = ["DropReason", "Synchroniser", "ViewCount"]

DropReason = Literal["overflow", "overtaken", "unmatched", "left"]

_MS = 1_000_000
_DEFAULT_INTERVAL_NS = 33 * _MS
_INTERVALS = 15
# A little over half an interval: two views in opposite phase would else lose each other to jitter.
_TOLERANCE_INTERVALS = 0.55
# A view this many of its own intervals without a frame is not waited for.
_SILENT_INTERVALS = 2.5
_SILENT_NS = 100 * _MS
# The pace goes over to another view only when that is clearly faster.
_FASTER = 0.8
_EARLY_INTERVALS = 0.2
_MARGIN_NS = 5 * _MS


@dataclass(slots=True)
class ViewCount:
    """What became of one view's frames.

    Attributes:
        received: Frames pushed.
        used: Frames given out in sets.
        dropped: Frames dropped, by reason: ``overflow`` (nobody asked for sets), ``overtaken``
            (a newer set was ready), ``unmatched`` (no set of the pace was near), ``left`` (the
            view left).
    """

    received: int = 0
    used: int = 0
    dropped: Counter[DropReason] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Arrived:
    frame: Frame
    arrival_ns: int

    @property
    def time_ns(self) -> int:
        return self.frame.time_ns


class _View:
    """Frames that wait, and how fast and how late they usually come."""

    def __init__(self, name: str, capacity: int) -> None:
        self.name = name
        self.capacity = capacity
        self.waiting: deque[_Arrived] = deque()
        self.count = ViewCount()
        self._times_ns: deque[int] = deque(maxlen=_INTERVALS + 1)
        self._delays_ns: deque[int] = deque(maxlen=_INTERVALS)
        self.last: _Arrived | None = None

    @property
    def interval_ns(self) -> float:
        if len(self._times_ns) < 2:
            return _DEFAULT_INTERVAL_NS
        return max(median(b - a for a, b in pairwise(self._times_ns)), _MS)

    @property
    def delay_ns(self) -> int:
        return max(self._delays_ns, default=0)

    def push(self, frame: Frame, arrival_ns: int) -> None:
        self.count.received += 1
        self.last = _Arrived(frame, arrival_ns)
        self._times_ns.append(frame.time_ns)
        self._delays_ns.append(arrival_ns - frame.time_ns)
        self.waiting.append(self.last)
        if len(self.waiting) > self.capacity:
            self.drop(1, "overflow")

    def drop(self, number: int, reason: DropReason) -> None:
        for _ in range(number):
            self.waiting.popleft()
        self.count.dropped[reason] += number

    def drop_until(self, time_ns: float, reason: DropReason) -> None:
        self.drop(sum(item.time_ns <= time_ns for item in self.waiting), reason)

    def use(self, item: _Arrived, earlier: DropReason) -> Frame:
        """Takes a waiting frame out; those before it are dropped."""
        self.drop(self.waiting.index(item), earlier)
        self.waiting.popleft()
        self.count.used += 1
        return item.frame

    def silent(self, now_ns: int) -> bool:
        if self.last is None:
            return True
        patience = max(_SILENT_INTERVALS * self.interval_ns, _SILENT_NS)
        return now_ns - self.last.arrival_ns > patience

    def nearest(self, time_ns: int, tolerance_ns: float) -> _Arrived | None:
        near = [item for item in self.waiting if abs(item.time_ns - time_ns) <= tolerance_ns]
        return min(near, key=lambda item: abs(item.time_ns - time_ns), default=None)


class Synchroniser:
    """Pairs the frames of several views; see the module's text for the rule.

    Args:
        tolerance_ns: Largest difference between the leading frame and another of its set; None
            for a little over half the fastest view's frame interval.
        max_wait_ns: Longest time that a leading frame waits for its partners.
        capacity: Most frames kept of each view.
    """

    def __init__(
        self,
        *,
        tolerance_ns: int | None = None,
        max_wait_ns: int = 150 * _MS,
        capacity: int = 8,
    ) -> None:
        self._tolerance_ns = tolerance_ns
        self._max_wait_ns = max_wait_ns
        self._capacity = capacity
        self._views: dict[str, _View] = {}
        self._leader: _View | None = None
        self._last_set_ns: int | None = None
        self._next_poll_ns: int | None = None

    @property
    def views(self) -> tuple[str, ...]:
        """Names of the views, in the order in which they joined."""
        return tuple(self._views)

    @property
    def next_poll_ns(self) -> int | None:
        """When ``poll`` may have a set even if no frame comes before; None for never."""
        return self._next_poll_ns

    def count(self, view: str) -> ViewCount:
        """What became of a view's frames since it joined."""
        return self._views[view].count

    def join(self, view: str) -> None:
        """Adds a view; one of the same name leaves first."""
        self.leave(view)
        self._views[view] = _View(view, self._capacity)

    def leave(self, view: str) -> ViewCount | None:
        """Removes a view with its waiting frames; unknown ones are ignored."""
        gone = self._views.pop(view, None)
        if gone is None:
            return None
        gone.drop(len(gone.waiting), "left")
        if self._leader is gone:
            self._leader = None
        return gone.count

    def push(self, frame: Frame, now_ns: int) -> None:
        """Takes a frame of a joined view, on its arrival; others are ignored."""
        if (view := self._views.get(frame.view)) is not None:
            view.push(frame, now_ns)

    def poll(self, now_ns: int) -> FrameSet | None:
        """The newest set that is ready, None when none is."""
        self._next_poll_ns = None
        leader = self._lead(now_ns)
        if leader is None:
            return None
        if self._last_set_ns is not None:
            leader.drop_until(self._last_set_ns, "unmatched")
        others = [view for view in self._views.values() if view is not leader]
        tolerance_ns = self._tolerance(leader)
        for item in reversed(leader.waiting):
            ready_ns = self._ready_ns(item, leader, others, tolerance_ns, now_ns)
            if ready_ns <= now_ns:
                return self._emit(item, leader, tolerance_ns)
            self._next_poll_ns = min(ready_ns, self._next_poll_ns or ready_ns)
        return None

    def _tolerance(self, leader: _View) -> float:
        if self._tolerance_ns is not None:
            return self._tolerance_ns
        return _TOLERANCE_INTERVALS * leader.interval_ns

    def _lead(self, now_ns: int) -> _View | None:
        active = [view for view in self._views.values() if not view.silent(now_ns)]
        if not active:
            # The last frames of a view that fell silent still make sets.
            active = [view for view in self._views.values() if view.waiting]
        fastest = min(active, key=lambda view: view.interval_ns, default=None)
        current = self._leader if self._leader in active else None
        if fastest is None or current is None:
            self._leader = fastest
        else:
            much_faster = fastest.interval_ns < _FASTER * current.interval_ns
            self._leader = fastest if much_faster else current
        return self._leader

    def _ready_ns(
        self,
        item: _Arrived,
        leader: _View,
        others: Iterable[_View],
        tolerance_ns: float,
        now_ns: int,
    ) -> int:
        """When a leading frame stops waiting: at its own arrival, or at the latest deadline."""
        end_ns = item.time_ns + tolerance_ns
        ready_ns = item.arrival_ns
        for view in others:
            if view.last is None or view.silent(now_ns) or view.last.time_ns > end_ns:
                continue
            if view.nearest(item.time_ns, tolerance_ns) is not None:
                continue
            early_ns = _EARLY_INTERVALS * leader.interval_ns
            if view.last.time_ns + view.interval_ns - early_ns > end_ns:
                continue
            deadline_ns = int(end_ns) + view.delay_ns + _MARGIN_NS
            ready_ns = max(ready_ns, min(deadline_ns, item.arrival_ns + self._max_wait_ns))
        return ready_ns

    def _emit(self, item: _Arrived, leader: _View, tolerance_ns: float) -> FrameSet:
        frames = []
        for view in self._views.values():
            if view is leader:
                frames.append(view.use(item, "overtaken"))
            elif (partner := view.nearest(item.time_ns, tolerance_ns)) is not None:
                frames.append(view.use(partner, "unmatched"))
            else:
                view.drop_until(item.time_ns - tolerance_ns, "unmatched")
        self._last_set_ns = item.time_ns
        return FrameSet(item.time_ns, tuple(frames))
