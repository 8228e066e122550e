"""The sound of video files: when it begins, gaps, other formats, and files that lie."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from bridge.errors import InputError, VideoError
from bridge.streams.audio import decode_audio

CLICK_S = (0.25, 0.8, 1.5)


def clicks(rate: int, seconds: float = 2.0, at: tuple[float, ...] = CLICK_S) -> np.ndarray:
    """Short tone bursts, sharp at their beginning."""
    sound = np.zeros(round(seconds * rate), np.float32)
    t = np.arange(round(0.02 * rate)) / rate
    for start_s in at:
        first = round(start_s * rate)
        sound[first : first + len(t)] = 0.8 * np.sin(2 * np.pi * 1500 * t)
    return sound


def write(
    path: Path,
    sound: np.ndarray,
    *,
    rate: int,
    codec: str = "pcm_s16le",
    layout: str = "stereo",
    video_start_s: float = 0.0,
    gap_at_s: float = np.inf,
    gap_s: float = 0.0,
) -> Path:
    """Two seconds of grey pictures from ``video_start_s``, and a sound from zero."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        video.codec_context.time_base = Fraction(1, 1000)
        track = container.add_stream(codec, rate=rate, layout=layout)
        for k in range(60):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
            picture.pts = round((video_start_s + k / 30) * 1000)
            picture.time_base = Fraction(1, 1000)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        kind = track.codec_context.format.name
        channels = track.codec_context.layout.nb_channels
        size = track.codec_context.frame_size or 1024
        for first in range(0, len(sound), size):
            block = np.tile(sound[first : first + size], (channels, 1))
            if kind.startswith("s16"):
                block = np.round(block * 32767).astype(np.int16)
            if not kind.endswith("p"):
                block = block.T.reshape(1, -1)
            samples = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(block), format=kind, layout=layout
            )
            samples.sample_rate = rate
            late = gap_s if first / rate >= gap_at_s else 0.0
            samples.pts, samples.time_base = first + round(late * rate), Fraction(1, rate)
            container.mux(track.encode(samples))
        container.mux(track.encode(None))
    return path


def onsets(audio) -> list[float]:
    """Times at which it becomes loud after silence."""
    loud = np.flatnonzero(np.abs(audio.samples) > 0.2)
    first = loud[np.r_[True, np.diff(loud) > 0.1 * audio.rate_hz]]
    return list(audio.start_s + first / audio.rate_hz)


@pytest.mark.parametrize(
    ("codec", "rate", "suffix"),
    [("pcm_s16le", 48_000, "mkv"), ("pcm_s16le", 44_100, "mov"), ("flac", 22_050, "mkv"),
     ("aac", 48_000, "mp4"), ("aac", 44_100, "mp4")],
)  # fmt: skip
@pytest.mark.parametrize("video_start_s", [0.0, 0.3])
def test_sound_lies_on_the_pictures_time_line(tmp_path, codec, rate, suffix, video_start_s):
    path = write(
        tmp_path / f"a.{suffix}", clicks(rate), rate=rate, codec=codec, video_start_s=video_start_s
    )
    audio = decode_audio(path)
    assert audio.rate_hz == 16_000
    assert audio.samples.dtype == np.float32
    assert audio.end_s == pytest.approx(audio.start_s + audio.duration_s)
    assert onsets(audio) == pytest.approx([c - video_start_s for c in CLICK_S], abs=0.001)


def test_mono_and_another_rate(tmp_path):
    path = write(tmp_path / "a.mkv", clicks(32_000), rate=32_000, layout="mono")
    audio = decode_audio(path, rate_hz=8000)
    assert audio.rate_hz == 8000
    assert len(audio.samples) == pytest.approx(16_000, abs=20)
    assert onsets(audio) == pytest.approx(CLICK_S, abs=0.001)


def test_a_gap_is_silent(tmp_path):
    path = write(tmp_path / "a.mkv", clicks(48_000), rate=48_000, gap_at_s=0.5, gap_s=0.4)
    audio = decode_audio(path)
    assert onsets(audio) == pytest.approx([0.25, 1.2, 1.9], abs=0.002)
    assert not audio.samples[int(0.6 * 16_000) : int(0.8 * 16_000)].any()


def test_no_sound(clip: Path):
    assert decode_audio(clip) is None


def test_a_limit_ends_it(tmp_path):
    path = write(tmp_path / "a.mkv", clicks(48_000), rate=48_000)
    assert decode_audio(path, max_s=0.5).duration_s == pytest.approx(0.5, abs=0.001)


def test_a_timestamp_far_away_takes_no_memory(tmp_path):
    path = write(tmp_path / "a.mkv", clicks(48_000), rate=48_000, gap_at_s=1.0, gap_s=1e5)
    assert decode_audio(path).duration_s == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("kwargs", [{"rate_hz": 0}, {"rate_hz": 10**9}, {"max_s": 0}])
def test_what_cannot_be_asked_for(clip: Path, kwargs):
    with pytest.raises(InputError, match="samples a second"):
        decode_audio(clip, **kwargs)


def test_what_is_no_video(tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("Not a video, only words.\n" * 200)
    with pytest.raises(VideoError, match="not a readable video"):
        decode_audio(path)
    with pytest.raises(VideoError, match="no file"):
        decode_audio(tmp_path / "absent.mp4")


@pytest.mark.parametrize(("suffix", "codec"), [("mkv", "pcm_s16le"), ("mkv", "aac")])
def test_damaged_files_never_crash(tmp_path, suffix, codec):
    whole = write(tmp_path / f"a.{suffix}", clicks(48_000), rate=48_000, codec=codec).read_bytes()
    rng = random.Random(1)
    path = tmp_path / f"b.{suffix}"
    decoded = 0
    for k in range(30):
        damaged = bytearray(whole[: rng.randrange(len(whole))] if k % 2 else whole)
        for _ in range(rng.randrange(40)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            audio = decode_audio(path)
        except VideoError:
            continue
        if audio is not None:
            decoded += 1
            assert np.isfinite(audio.samples).all()
            assert audio.duration_s <= 1800
    assert decoded > 5
