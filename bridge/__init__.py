"""GhostHands bridge: video of hands in, 3D hand poses out, with no camera calibration."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
