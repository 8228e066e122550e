"""Which shape holds for a pose, in a file that is read here and there."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable

from bridge.playback.groups import CostlyError, Group
from bridge.protocol.joints import Side
from bridge.protocol.packets import ShapePacket

__all__ = ["HeldShapes", "Shapes"]

_CACHED_SHAPES = 4096

Shapes = dict[Side, ShapePacket]


class HeldShapes:
    """Finds shapes in the groups before and after a pose; keeps what it has seen of them.

    Args:
        groups: The groups that have shapes, rising.
        read: Gives a group, to be kept.
        peek: Gives a group that nobody will ask for again soon.
    """

    def __init__(
        self, groups: list[int], read: Callable[[int], Group], peek: Callable[[int], Group]
    ) -> None:
        self._groups = groups
        self._read = read
        self._peek = peek
        self._last_of: OrderedDict[int, Shapes] = OrderedDict()
        self._shapeless: set[Side] = set()

    def at(self, side: Side, group: int, pose: int) -> ShapePacket | None:
        """The shape that holds for a pose of a group: the last one before it in the file.

        A hand's first shape also serves poses before it, in a file that has lost chunks.
        """
        for poses_before, shape in reversed(self._read(group).shapes):
            if shape.side is side and poses_before <= pose:
                return shape
        if side in self._shapeless:
            return None
        k = bisect_left(self._groups, group)
        try:
            for earlier in reversed(self._groups[:k]):
                if (last := self._last(earlier).get(side)) is not None:
                    return last
            for later in self._groups[k:]:
                if side in self._last(later):
                    return next(s for _, s in self._read(later).shapes if s.side is side)
        except CostlyError:  # what was read is kept: asked again, it goes on from there
            return None
        self._shapeless.add(side)
        return None

    def _last(self, group: int) -> Shapes:
        """Each hand's last shape in a group; kept, as a hand may have none in many groups."""
        found = self._last_of.get(group)
        if found is None:
            found = {shape.side: shape for _, shape in self._peek(group).shapes}
            self._last_of[group] = found
            if len(self._last_of) > _CACHED_SHAPES:
                self._last_of.popitem(last=False)
        return found
