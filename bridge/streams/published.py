"""A published video track as a view: newest frame, capture times, counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bridge.streams.aiortc_private import ReceiverTap
from bridge.streams.clock import CaptureClock
from bridge.streams.newest import NewestFrame, ViewStats
from bridge.streams.sight_channel import SightOutlet

if TYPE_CHECKING:
    import av
    from aiortc import RTCRtpReceiver

__all__ = ["PublishedView"]

_SILENT_NS = 1_500_000_000


class PublishedView(NewestFrame):
    """What a room gets of a publisher; a `ViewSource`.

    Args:
        receiver: The receiver of its video track, before media flows.
        view: The view's name.
        now_ns: The bridge's clock.
        focal: What the publisher says of its lens, longer image sides.
    """

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        view: str,
        *,
        now_ns: Callable[[], int],
        focal: float | None = None,
    ) -> None:
        self.clock = CaptureClock()
        self.sight = SightOutlet()
        self.focal = focal
        self._now_ns = now_ns
        self._tap = ReceiverTap(
            receiver, now_ns=now_ns, on_sender_report=self.clock.add_sender_report
        )
        self._newest_ns = 0
        super().__init__(receiver.track, view, stamp=self._capture_ns)

    def stats(self) -> ViewStats:
        """What the view has done so far."""
        latest, assembler = self.latest, self._tap.stats
        silent = self._now_ns() - self._newest_ns > _SILENT_NS
        return ViewStats(
            decoded=self.decoded,
            replaced=self.replaced,
            skipped=assembler.skipped if assembler else 0,
            rate_hz=0.0 if silent else self.rate_hz,
            size_px=(latest.picture.width, latest.picture.height) if latest else (0, 0),
            clock=self.clock.source,
        )

    def _capture_ns(self, picture: av.VideoFrame) -> int:
        self._newest_ns = now_ns = self._now_ns()
        pts = picture.pts or 0
        rtp = self._tap.rtp_timestamp(pts)
        if rtp is None:
            # Reports cannot be matched to frames, but time within the track still can.
            return self.clock.stamp(pts & 0xFFFFFFFF, now_ns)
        arrival_ns = self._tap.arrival_ns(rtp)
        return self.clock.stamp(rtp, now_ns if arrival_ns is None else arrival_ns)
