"""Two videos that do not fit: begun apart, mirrored by a selfie camera, or of different scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bridge.offline import reconstruct_videos
from bridge.offsets import OffsetSource
from sdk_python import Recording
from tests.filmed import RATE_HZ, encode, error_mm, film, nets

FRAMES, SHORT, LATER = 60, 36, 9


@pytest.fixture(scope="module")
def pictures() -> dict[str, list[np.ndarray]]:
    times = np.arange(FRAMES) / RATE_HZ
    return {view: film(view, times) for view in ("phone", "tablet")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


@pytest.fixture(scope="module")
def phone(folder: Path, pictures) -> Path:
    return encode(folder / "phone.mp4", pictures["phone"][:SHORT])


def test_when_each_video_begins_is_found_by_itself(folder, pictures) -> None:
    videos = [
        encode(folder / "first.mp4", pictures["phone"]),
        encode(folder / "later.mp4", pictures["tablet"][LATER:]),
    ]
    output = folder / "offset.mcap"
    summary = reconstruct_videos(videos, output, nets=nets())
    assert not summary.notes
    later = summary.offsets["later"]
    assert later.source is OffsetSource.MOTION
    assert later.offset_s == pytest.approx(LATER / RATE_HZ, abs=0.02)
    recording = Recording.open(output)
    assert recording.time_s[0] == pytest.approx(0)
    assert error_mm(recording, "phone") < 8


def test_a_mirrored_video_is_named_and_put_right(folder, pictures, phone) -> None:
    selfie = encode(folder / "selfie.mp4", [p[:, ::-1] for p in pictures["tablet"][:SHORT]])
    output = folder / "mirrored.mcap"
    summary = reconstruct_videos([phone, selfie], output, nets=nets(), look_for_offsets=False)
    assert "selfie is mirrored" in summary.notes[0]
    assert "switch mirroring off" in summary.notes[0]
    assert "should phone be the mirrored one" in summary.notes[1]
    assert error_mm(Recording.open(output), "phone") < 8


def test_another_scene_is_named_and_left_out(folder, pictures, phone) -> None:
    times = 3.0 + np.arange(SHORT) / RATE_HZ
    other = encode(folder / "other.mp4", film("tablet", times))
    output = folder / "other.mcap"
    summary = reconstruct_videos([phone, other], output, nets=nets())
    assert not summary.offsets["other"].known
    assert "when other begins is not to be found" in summary.notes[0]
    assert "other does not show the same hands as phone" in summary.notes[1]
    assert error_mm(Recording.open(output), "phone") < 20
