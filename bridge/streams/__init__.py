"""Synchronised frames: WHIP publishers, video files, clocks and the view synchroniser."""

from __future__ import annotations

from bridge.streams.clock import CaptureClock
from bridge.streams.errors import (
    BadOfferError,
    ForbiddenError,
    FullError,
    TokenError,
    UnknownError,
    UnsupportedError,
    WhipError,
)
from bridge.streams.files import VideoFile
from bridge.streams.frame import Frame, FrameSet
from bridge.streams.merge import SynchronisedFiles, synchronised
from bridge.streams.newest import NewestFrame, ViewSource, ViewStats
from bridge.streams.publisher import PublishStats, publish
from bridge.streams.session import WhipSettings
from bridge.streams.sources import Timed, VideoSource, open_source
from bridge.streams.synchroniser import Synchroniser, ViewCount
from bridge.streams.views import SynchronisedViews
from bridge.streams.whip import WhipEndpoint, WhipHost, add_whip_routes

__all__ = [
    "BadOfferError",
    "CaptureClock",
    "ForbiddenError",
    "Frame",
    "FrameSet",
    "FullError",
    "NewestFrame",
    "PublishStats",
    "SynchronisedFiles",
    "SynchronisedViews",
    "Synchroniser",
    "Timed",
    "TokenError",
    "UnknownError",
    "UnsupportedError",
    "VideoFile",
    "VideoSource",
    "ViewCount",
    "ViewSource",
    "ViewStats",
    "WhipEndpoint",
    "WhipError",
    "WhipHost",
    "WhipSettings",
    "add_whip_routes",
    "open_source",
    "publish",
    "synchronised",
]
