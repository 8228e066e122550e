"""Offsets of video files: sound first, then motion, then an honest nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfiltfilt

from bridge.errors import InputError, VideoError
from bridge.model.selfcal.mirror import mirrored
from bridge.model.synthetic.clips import simulate_clip
from bridge.offsets import OffsetSource, find_offsets

WORLD_RATE = 48_000


def write(path: Path, sound: np.ndarray | None, rate: int = 48_000) -> Path:
    """A second of pictures, and a sound as AAC."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        track = container.add_stream("aac", rate=rate, layout="mono") if sound is not None else None
        for _ in range(30):
            picture = np.full((64, 64, 3), 90, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(video.encode(None))
        if track is not None:
            for first in range(0, len(sound), 1024):
                block = np.ascontiguousarray(sound[None, first : first + 1024], np.float32)
                samples = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
                samples.sample_rate, samples.pts = rate, first
                samples.time_base = Fraction(1, rate)
                container.mux(track.encode(samples))
            container.mux(track.encode(None))
    return path


@pytest.fixture(scope="module")
def world():
    """Twelve seconds of struck notes, as a function of time."""
    rng = np.random.default_rng(0)
    sound = np.zeros(12 * WORLD_RATE)
    t = np.arange(WORLD_RATE // 2) / WORLD_RATE
    for first in rng.integers(0, len(sound) - len(t), 40):
        hz = rng.uniform(200, 900)
        note = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 5)) * np.exp(-8 * t)
        note[:100] += rng.normal(size=100)
        sound[first : first + len(t)] += 0.15 * note
    # What the slowest device's sampling rate cannot hold would come back as another sound.
    sound = sosfiltfilt(butter(8, 9000, fs=WORLD_RATE, output="sos"), sound)
    return CubicSpline(np.arange(len(sound)) / WORLD_RATE, sound)


def heard(world, from_s, rate, *, seed, seconds=8):
    noise = 0.02 * np.random.default_rng(seed).normal(size=seconds * rate)
    return world(from_s + np.arange(seconds * rate) / rate) + noise


def never(_: int):
    raise AssertionError("nobody needs to look")


def test_sound_says_it_without_looking(tmp_path, world):
    videos = [
        write(tmp_path / "a.mp4", heard(world, 2.0, 48_000, seed=1)),
        write(tmp_path / "b.mp4", 0.2 * heard(world, 3.2345, 44_100, seed=2), 44_100),
        write(tmp_path / "c.mp4", heard(world, 1.1, 22_050, seed=3), 22_050),
    ]
    first, *others = find_offsets(videos, see=never)
    assert (first.source, first.offset_s) == (OffsetSource.FIRST, 0.0)
    for found, offset_s in zip(others, (1.2345, -0.9), strict=True):
        assert found.source is OffsetSource.AUDIO
        assert found.offset_s == pytest.approx(offset_s, abs=0.001)
        assert 0 < found.spread_s < 0.005


def test_motion_says_it_where_there_is_no_sound(tmp_path, world):
    clip = simulate_clip(1, seconds=5, views=3)
    shifts = (0.0, 0.31, -0.42)
    seen = [
        [(t - shifts[v], f[v]) for t, f in zip(clip.time_s, clip.frame_sets, strict=True)]
        for v in range(3)
    ]
    sound = heard(world, 2.0, 48_000, seed=1)
    videos = [
        write(tmp_path / "a.mp4", sound),
        write(tmp_path / "b.mp4", None),
        write(tmp_path / "c.mp4", np.zeros_like(sound)),
    ]
    looked = []
    found = find_offsets(videos, see=lambda k: looked.append(k) or seen[k])
    assert sorted(looked) == [0, 1, 2]
    assert [f.source for f in found[1:]] == [OffsetSource.MOTION] * 2
    assert [f.offset_s for f in found] == pytest.approx(shifts, abs=0.012)


@pytest.mark.parametrize(("shift_s", "expected_s"), [(0.001, 0.0), (0.31, 0.31)])
def test_a_mirrored_video_is_placed_and_a_tiny_offset_is_none(tmp_path, shift_s, expected_s):
    clip = simulate_clip(1, seconds=5)
    seen = [
        list(zip(clip.time_s, (f[0] for f in clip.frame_sets), strict=True)),
        [(t - shift_s, mirrored(f[1])) for t, f in zip(clip.time_s, clip.frame_sets, strict=True)],
    ]
    videos = [write(tmp_path / f"{name}.mp4", None) for name in "ab"]
    _, found = find_offsets(videos, see=seen.__getitem__)
    assert found.source is OffsetSource.MOTION
    assert found.offset_s == pytest.approx(expected_s, abs=0.012 if expected_s else 0)


def test_a_placed_video_places_another(tmp_path, world):
    """The second heard the first; the third only shares hands with the second."""
    clip = simulate_clip(1, seconds=5)
    seen = [
        [(t - s, f[v]) for t, f in zip(clip.time_s, clip.frame_sets, strict=True)]
        for v, s in ((0, 0.5), (1, 0.75))
    ]
    videos = [
        write(tmp_path / "a.mp4", heard(world, 2.0, 48_000, seed=1)),
        write(tmp_path / "b.mp4", heard(world, 2.5, 48_000, seed=2)),
        write(tmp_path / "c.mp4", None),
    ]
    found = find_offsets(videos, see=lambda k: [] if k == 0 else seen[k - 1])
    assert [f.source for f in found[1:]] == [OffsetSource.AUDIO, OffsetSource.MOTION]
    assert found[2].offset_s == pytest.approx(0.75, abs=0.012)


def test_nothing_says_it(tmp_path):
    videos = [write(tmp_path / f"{name}.mp4", None) for name in "ab"]
    _, other = find_offsets(videos, see=lambda _: [])
    assert not other.known
    assert other.offset_s == 0
    assert other.spread_s == np.inf
    assert "a.mp4 has no sound; the two videos show no hand" in other.reason


def test_what_is_no_video(tmp_path):
    with pytest.raises(InputError, match="at least one"):
        find_offsets([], see=never)
    with pytest.raises(VideoError, match="no file"):
        find_offsets([tmp_path / "a.mp4", tmp_path / "b.mp4"], see=never)
