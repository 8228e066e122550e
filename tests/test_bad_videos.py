"""Single videos as phones make them: stored lying, with frames at odd times, or all black."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.offline import reconstruct_videos
from sdk_python import Recording
from tests.filmed import RATE_HZ, encode, error_mm, film, nets

FRAMES = 36


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    return film("phone", np.arange(FRAMES) / RATE_HZ)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def phone(folder: Path, pictures: list[np.ndarray]) -> Path:
    return encode(folder / "phone.mp4", pictures)


@pytest.fixture(scope="module")
def alone(phone: Path, folder: Path) -> Recording:
    """What the sound video gives by itself."""
    output = folder / "alone.mcap"
    assert reconstruct_videos([phone], output, nets=nets()).found == (FRAMES, FRAMES)
    recording = Recording.open(output)
    assert error_mm(recording, "phone") < 20
    return recording


def test_a_rotated_video_gives_what_the_upright_one_gives(folder, pictures, alone) -> None:
    lying = encode(folder / "lying.mp4", pictures, rotated=True)
    output = folder / "lying.mcap"
    summary = reconstruct_videos([lying], output, nets=nets())
    assert summary.found == (FRAMES, FRAMES)
    np.testing.assert_allclose(Recording.open(output).joints_m, alone.joints_m, atol=1e-5)


def test_a_variable_frame_rate_keeps_its_times(folder, pictures, alone) -> None:
    """A phone in the dark: some frames twice as long, some late by a few milliseconds."""
    rng = np.random.default_rng(2)
    kept = [k for k in range(FRAMES) if k % 5 != 3]
    times_ms = [round(1000 * k / RATE_HZ + rng.integers(0, 4)) for k in kept]
    times_ms[0] = 0
    varying = encode(folder / "varying.mp4", [pictures[k] for k in kept], times_ms=times_ms)
    output = folder / "varying.mcap"
    reconstruct_videos([varying], output, nets=nets())
    recording = Recording.open(output)
    np.testing.assert_allclose(recording.time_s, np.array(times_ms) / 1000, atol=1e-6)
    off = recording.joints_m - alone.joints_m[kept]
    assert np.median(np.linalg.norm(off - off.mean((2,), keepdims=True), axis=-1)) < 0.002


@pytest.mark.parametrize("first", [True, False])
def test_a_black_view_is_named_and_left_out(folder, phone, alone, first: bool) -> None:
    black = encode(folder / "black.mp4", [np.zeros((240, 320, 3), np.uint8)] * FRAMES)
    videos = [black, phone] if first else [phone, black]
    output = folder / f"black {first}.mcap"
    summary = reconstruct_videos(videos, output, nets=nets())
    assert summary.notes[0] == "black shows no hand (its picture is black): it is left out"
    assert any("phone's camera is the stage" in note for note in summary.notes) is first
    recording = Recording.open(output)
    np.testing.assert_allclose(recording.time_s, alone.time_s, atol=1e-9)
    np.testing.assert_allclose(recording.joints_m, alone.joints_m, atol=1e-5)
