"""Recordings of other programs: MediaPipe, FreeMoCap, headsets, motion capture."""

from __future__ import annotations

from sdk_python.importers.bvh import from_bvh
from sdk_python.importers.freemocap import from_freemocap
from sdk_python.importers.mediapipe import from_mediapipe
from sdk_python.importers.xr_joints import from_xr_joints

__all__ = ["from_bvh", "from_freemocap", "from_mediapipe", "from_xr_joints"]
