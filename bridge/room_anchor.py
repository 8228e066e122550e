"""The instrument of one room, and how it changes when devices tap its corners."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bridge.feed import anchor_message
from bridge.model.anchor import Anchor, Instrument, Taps, find_anchor
from bridge.protocol import Anchor as AnchorMessage

__all__ = ["NO_INSTRUMENT", "RoomAnchor"]

NO_INSTRUMENT = AnchorMessage(
    "", np.zeros(2, np.float32), np.zeros(3, np.float32), np.array([0, 0, 0, 1], np.float32)
)
"""Tells watchers that it is not known any more where the instrument lies."""

_MOST_VIEWS = 16


class RoomAnchor:
    """Where the room's instrument lies: the settings' anchor, until devices tap their own.

    Args:
        default: The settings' anchor.
    """

    def __init__(self, default: Anchor | None) -> None:
        self._default = default
        self._anchor = default

    @property
    def default(self) -> Anchor | None:
        """The settings' anchor."""
        return self._default

    @property
    def anchor(self) -> Anchor | None:
        """The anchor in force."""
        return self._anchor

    @property
    def message(self) -> AnchorMessage | None:
        """The anchor in force, as watchers who join now are told."""
        return None if self._anchor is None else anchor_message(self._anchor)

    @property
    def news(self) -> AnchorMessage:
        """The same, for those who may have heard of another one."""
        return self.message or NO_INSTRUMENT

    def with_taps(self, instrument: Instrument, taps: Taps) -> Callable[[], Anchor]:
        """What finds the anchor that one more view's taps give; it may run in any thread.

        Other views' taps of the same instrument count on; of another one, they are forgotten. A
        view that was tapped before is tapped anew.
        """
        kept: list[Taps] = []
        tap_px = {}
        if self._anchor is not None and self._anchor.instrument.name == instrument.name:
            kept = [v.taps for v in self._anchor.views if v.taps.view != taps.view]
            kept = kept[1 - _MOST_VIEWS :]
            tap_px = {"tap_px": self._anchor.tap_px}

        def find() -> Anchor:
            return find_anchor(instrument, [*kept, taps], **tap_px)

        return find

    def set(self, anchor: Anchor | None) -> bool:
        """Puts an anchor into force, None for the settings'; False where that changes nothing."""
        anchor = self._default if anchor is None else anchor
        if anchor is self._anchor:
            return False
        self._anchor = anchor
        return True
