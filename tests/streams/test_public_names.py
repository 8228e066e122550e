"""What the package offers: no more and no less."""

from __future__ import annotations

import bridge.streams


def test_public_names():
    assert bridge.streams.__all__ == [
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
    for name in bridge.streams.__all__:
        assert getattr(bridge.streams, name) is not None
