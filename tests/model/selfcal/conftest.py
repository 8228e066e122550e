"""Simulated clips, made once, and how far poses are from their truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge.model.selfcal.cameras import Cameras
from bridge.model.selfcal.exchange import exchanged
from bridge.model.selfcal.tracks import HandTrack, tracks_of
from bridge.model.synthetic.clips import SimulatedClip, simulate_clip

VIEWS = ("cam0", "cam1")


def tracks(clip: SimulatedClip) -> list[HandTrack]:
    names = [view.view for view in clip.frame_sets[0]]
    return tracks_of(list(zip(clip.time_s, clip.frame_sets, strict=True)), names)


def truth(clip: SimulatedClip, track: HandTrack) -> np.ndarray:
    rows = np.searchsorted(clip.time_s, track.time_s)
    return clip.keypoints_m[rows, track.side]


def cameras_of(clip: SimulatedClip) -> Cameras:
    return Cameras(clip.rotation, clip.offset_m, clip.focal)


def with_exchanged(clip: SimulatedClip, view: int, rows: np.ndarray) -> SimulatedClip:
    """The clip with left and right exchanged in a view at the instants where ``rows`` is True."""
    frame_sets = tuple(
        tuple(exchanged(seen) if wrong and v == view else seen for v, seen in enumerate(views))
        for views, wrong in zip(clip.frame_sets, rows, strict=True)
    )
    return replace(clip, frame_sets=frame_sets)


def turn_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(a @ b.T) - 1) / 2, -1, 1))))


def root_relative_mm(points: np.ndarray, exact: np.ndarray) -> float:
    off = (points - points[:, :1]) - (exact - exact[:, :1])
    return float(1000 * np.linalg.norm(off, axis=-1).mean())


@pytest.fixture(scope="session")
def exact_clip() -> SimulatedClip:
    return simulate_clip(4, seconds=3.0, noise=0.0)


@pytest.fixture(scope="session")
def noisy_clip() -> SimulatedClip:
    return simulate_clip(4, seconds=4.0, noise=0.5)
