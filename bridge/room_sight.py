"""What the devices of a room are told of what is seen in their pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from bridge.model.anchor import Anchor
from bridge.model.fusion import Fuser
from bridge.model.fusion.selfcal import SelfCalFuser
from bridge.model.pose import ViewHand, ViewHands
from bridge.stats import Window
from bridge.streams import FrameSet, ViewSource
from bridge.streams.sight_channel import Cameras, SeenHand, Sight, SightOutlet

__all__ = ["RoomSight", "camera_of"]

_SHAPES_DIFFER = 0.03


class RoomSight:
    """Tells each device of a room, over its sight channel, what was seen. Never waits.

    Args:
        sources: The room's devices by name, as they are at any time.
        fuser: Gives what fuses their views; it may be at work in another thread.
        anchor: Gives the room's instrument.
        now_ns: The bridge's clock.
    """

    def __init__(
        self,
        sources: Mapping[str, ViewSource],
        fuser: Callable[[], Fuser],
        anchor: Callable[[], Anchor | None],
        *,
        now_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._sources = sources
        self._fuser = fuser
        self._anchor = anchor
        self._now_ns = now_ns
        self._latencies_ms: dict[str, Window] = {}

    def tell(self, frames: FrameSet, views: Sequence[ViewHands]) -> None:
        """Tells of one frame set and what was seen in it."""
        now_ns = self._now_ns()
        times_ns = {frame.view: frame.time_ns for frame in frames.frames}
        for seen in views:
            # Only publishers have an outlet, and not all that is a view is one.
            outlet = getattr(self._sources.get(seen.view), "sight", None)
            if not isinstance(outlet, SightOutlet) or seen.view not in times_ns:
                continue
            window = self._latencies_ms.setdefault(seen.view, Window())
            window.add(now_ns, (now_ns - times_ns[seen.view]) / 1e6)

            def make(seq: int, seen: ViewHands = seen, window: Window = window) -> Sight:
                return self._sight(seq, seen, times_ns, window, now_ns)

            outlet.offer(now_ns, make)

    def forget(self, view: str) -> None:
        """A device has left."""
        self._latencies_ms.pop(view, None)

    def _sight(
        self, seq: int, seen: ViewHands, times_ns: Mapping[str, int], window: Window, now_ns: int
    ) -> Sight:
        apart_ms = [
            abs(other_ns - times_ns[seen.view]) / 1e6
            for view, other_ns in times_ns.items()
            if view != seen.view
        ]
        latency_ms = window.median(now_ns)
        cameras, nearest_deg = camera_of(self._fuser(), seen.view)
        anchor = self._anchor()
        taps = [v.taps for v in anchor.views if v.taps.view == seen.view] if anchor else []
        return Sight(
            seq=seq,
            size_px=seen.size_px,
            rate_hz=window.rate_hz(now_ns),
            # Below zero only by the error of a clock.
            latency_ms=None if latency_ms is None else max(latency_ms, 0.0),
            clock=self._sources[seen.view].stats().clock != "arrival",
            others=len(self._sources) - 1,
            together=len(apart_ms),
            spread_ms=max(apart_ms, default=None),
            cameras=cameras,
            nearest_deg=nearest_deg,
            instrument=anchor is not None,
            tapped=bool(taps),
            turned=any(_is_other_shape(tapped.size_px, seen.size_px) for tapped in taps),
            hands=(_seen(seen.hands[0], seen.size_px), _seen(seen.hands[1], seen.size_px)),
        )


def camera_of(fuser: Fuser, view: str) -> tuple[Cameras, float | None]:
    """What a fuser knows of where one view's camera stands among the others.

    Returns:
        That, and the angle in degrees between its direction and the most similar other camera's:
        two devices that look the same way tell little more than one. None where not known.
    """
    if not isinstance(fuser, SelfCalFuser):
        return Cameras.UNKNOWN, None
    # Each read once: the other thread may replace them, so they may not fit each other.
    calibration, names, tapped = fuser.calibration, fuser.views, fuser.tapped
    if calibration is None or view not in names or len(names) != len(calibration.cameras):
        return Cameras.SOUGHT, None
    at = names.index(view)
    if not calibration.usable[at]:
        return Cameras.SOUGHT, None
    # The optical axis in the frame of all: the third row of the rotation into the camera.
    axes = calibration.cameras.rotation[:, 2]
    others = np.flatnonzero(calibration.usable & (np.arange(len(names)) != at))
    state = Cameras.TAPPED if tapped else Cameras.KNOWN
    if len(others) == 0:
        return state, None
    cosines = np.clip(axes[others] @ axes[at], -1.0, 1.0)
    return state, float(np.degrees(np.arccos(cosines.max())))


def _is_other_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two pictures differ in more than their size: not so for a smaller one."""
    return abs(one[0] * other[1] / (one[1] * other[0]) - 1) > _SHAPES_DIFFER


def _seen(hand: ViewHand | None, size_px: tuple[int, int]) -> SeenHand | None:
    if hand is None:
        return None
    return SeenHand(hand.landmarks_px / np.array(size_px), float(np.mean(hand.confidence)))
