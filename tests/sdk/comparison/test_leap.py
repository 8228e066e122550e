"""Real hands: takes of an optical tracker beside their own warped, noisy, resampled copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sdk_python as sdk

pytestmark = pytest.mark.shared


def recording(path: Path, *, warp: float = 0.0, noise_m: float = 0.0, rate_hz: float = 110.0):
    """A take; warped, its tempo rises and falls by that share."""
    with np.load(path) as arrays:
        time_s, joints = arrays["time_s"].astype(float), arrays["joints_m"].astype(float)
    time_s -= time_s[0]
    at = np.arange(0, time_s[-1], 1 / rate_hz)
    if warp:
        at = at + warp / 2 * np.sin(2 * at)
        at = np.maximum.accumulate(np.clip(at, 0, time_s[-1]))
    after = np.clip(np.searchsorted(time_s, at), 1, len(time_s) - 1)
    share = (at - time_s[after - 1]) / (time_s[after] - time_s[after - 1])
    share = share[:, None, None, None]
    moved = joints[after - 1] * (1 - share) + joints[after] * share
    moved = moved + np.random.default_rng(1).normal(0, noise_m, moved.shape)
    times = np.arange(len(at)) / rate_hz
    return sdk.Recording.from_arrays(times, moved), at


@pytest.mark.parametrize("name", ["HandSplay-110fps", "pinch", "three-claps", "wave"])
def test_a_take_beside_its_own_copy(name, shared_dir):
    path = shared_dir / "data" / "leap" / f"leap_{name}.npz"
    lesson, _ = recording(path)
    copy, at = recording(path, warp=0.3, noise_m=0.0005, rate_hz=60)
    found = sdk.compare(lesson, copy)
    assert not found.unrelated
    assert [event.kind for event in found.alignment.events] == []
    off = found.alignment.teacher_s - np.interp(
        found.alignment.student_s, np.arange(len(at)) / 60, at
    )
    assert np.percentile(np.abs(off), 90) < 0.15  # pinches hardly move
    assert found.mean_deg < 3
    assert found.within > 0.97
    assert found.passages == ()
