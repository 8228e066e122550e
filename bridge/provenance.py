"""What a bridge knows of how a recording is made: its devices, versions, and cameras."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from bridge import __version__
from bridge.model.fusion import Fuser
from bridge.model.fusion.selfcal import SelfCalFuser
from bridge.model.selfcal.calibrate import Calibration
from bridge.protocol import Anchor
from bridge.protocol.provenance import CameraUncertainty, Device
from bridge.streams import VideoFile, ViewSource

__all__ = ["KnownCameras", "about_files", "about_room", "cameras_of"]

_HASH_CHARACTERS = 12


def about_room(anchor: Anchor | None, sources: Iterable[ViewSource], fuser: str) -> dict[str, Any]:
    """Metadata of a live recording that begins now."""
    devices = []
    for source in sources:
        stats = source.stats()
        width, height = stats.size_px
        rate_hz = round(stats.rate_hz, 2)
        devices.append(Device(source.view, width, height, rate_hz, source.focal))
    return {"anchor": anchor, "devices": tuple(devices), "versions": _versions(fuser)}


def about_files(
    anchor: Anchor | None, files: Sequence[VideoFile], focal: Mapping[str, float], fuser: str
) -> dict[str, Any]:
    """Metadata of a recording that is made from videos."""
    devices = (
        Device(file.view, *file.size_px, round(file.fps, 3), focal.get(file.view), file.path.name)
        for file in files
    )
    return {"anchor": anchor, "devices": tuple(devices), "versions": _versions(fuser)}


def cameras_of(names: Sequence[str], calibration: Calibration) -> tuple[CameraUncertainty, ...]:
    """How well a calibration knows its cameras."""
    return tuple(
        CameraUncertainty(
            name, report.turn_rad, report.place_m, report.focal, report.shared, bool(usable)
        )
        for name, report, usable in zip(
            names, calibration.reports, calibration.usable, strict=False
        )
    )


class KnownCameras:
    """How well a fuser knows its cameras; asking again costs nothing while nothing changes.

    Args:
        fuser: Of a room; it may be at work in another thread.
    """

    def __init__(self, fuser: Fuser) -> None:
        self._fuser = fuser
        self._last: Calibration | None = None
        self._cameras: tuple[CameraUncertainty, ...] = ()

    def now(self) -> tuple[CameraUncertainty, ...]:
        """The cameras as known by now; none without self-calibration."""
        if not isinstance(self._fuser, SelfCalFuser):
            return ()
        calibration = self._fuser.calibration  # read once: the other thread may replace it
        if calibration is not self._last:
            names = self._fuser.views
            if calibration is not None and len(names) != len(calibration.reports):
                return self._cameras  # the other thread is between the two
            self._last = calibration
            self._cameras = () if calibration is None else cameras_of(names, calibration)
        return self._cameras


@cache
def _versions(fuser: str) -> Mapping[str, str]:
    """Versions of what makes poses: this program, how it fuses, and its nets' hashes."""
    content = resources.files("bridge.model.nets").joinpath("manifest.json").read_text("utf-8")
    nets = {
        name: str(net["sha256"])[:_HASH_CHARACTERS]
        for name, net in json.loads(content)["nets"].items()
    }
    name, _, file = fuser.partition("=")
    if file:  # whose folder it lies in is nobody's business
        name += f"={Path(file).name}"
    return {"ghosthands": __version__, "fuser": name, **nets}
