"""Video files: times, rotation, and every way in which a file can be no video."""

from __future__ import annotations

import itertools
import wave
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from bridge.errors import VideoError
from bridge.streams import VideoFile
from tests.bridge_fixture import cut_short as first_part

MS = 1_000_000


def test_what_a_file_says_of_itself(clip: Path, helpers):
    with VideoFile(clip, view="phone") as video:
        assert video.size_px == (320, 240)
        assert video.fps == pytest.approx(30, rel=0.02)
        assert video.duration_s == pytest.approx(4.0, abs=0.05)
        assert video.frame_count == 120
        frames = list(video.frames())
        assert not video.cut_short
    assert [helpers.read_index(f.picture) for f in frames] == list(range(120))
    assert [f.sequence for f in frames] == list(range(120))
    assert {f.view for f in frames} == {"phone"}
    assert [f.time_ns for f in frames] == [round(i * 1000 / 30) * MS for i in range(120)]


def test_a_variable_frame_rate_keeps_its_times(tmp_path: Path, helpers):
    times = [500, 533, 620, 700, 705, 1900, 2000, 2050]
    path = helpers.write_clip(tmp_path / "vfr.mkv", 8, times_ms=times)
    video = VideoFile(path)
    assert [f.time_ns // MS for f in video.frames()] == [t - 500 for t in times]
    assert video.duration_s == pytest.approx(1.55, abs=0.06)
    assert video.frame_count is None
    assert video.view == "vfr"


@pytest.mark.parametrize(
    ("rotation", "size", "corner"),
    [(0, (320, 240), (0, 0)), (90, (240, 320), (-1, 0)), (180, (320, 240), (-1, -1)),
     (-90, (240, 320), (0, -1))],
)  # fmt: skip
def test_pictures_come_upright(tmp_path: Path, helpers, rotation, size, corner):
    path = helpers.write_clip(tmp_path / "r.mp4", 3, rotation=rotation, first=1)
    with VideoFile(path) as video:
        assert video.size_px == size
        assert video.rotated is (rotation != 0)
        frames = list(video.frames())
    picture = frames[0].rgb()
    assert picture.shape == (size[1], size[0], 3)
    # Bit 0 of index 1 is white in the corner where the stored picture's top left went.
    row, column = (c * 8 + (4 if c == 0 else 0) for c in corner)
    assert picture[row, column].min() > 200


def test_frames_can_be_read_again_and_left_early(clip: Path):
    process = psutil.Process()
    video = VideoFile(clip)
    before = process.num_fds()
    for _ in range(3):
        assert len(list(itertools.islice(video.frames(), 5))) == 5
    video.close()
    assert process.num_fds() <= before


def sound_only(path: Path) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000)
    return path


def audio_mp4(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        samples = av.AudioFrame.from_ndarray(
            np.zeros((2, 1024), np.float32), format="fltp", layout="stereo"
        )
        samples.sample_rate = 48_000
        container.mux(stream.encode(samples))
        container.mux(stream.encode(None))
    return path


def test_no_such_file(tmp_path: Path):
    with pytest.raises(VideoError, match=r"no file .*absent\.mp4"):
        VideoFile(tmp_path / "absent.mp4")


def test_a_folder(tmp_path: Path):
    with pytest.raises(VideoError, match="folder"):
        VideoFile(tmp_path)


def test_zero_bytes(tmp_path: Path):
    path = tmp_path / "empty.mp4"
    path.touch()
    with pytest.raises(VideoError, match="0 bytes"):
        VideoFile(path)


@pytest.mark.parametrize("name", ["notes.mp4", "notes.txt", "notes.ans", "notes"])
def test_a_text(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_text("Not a video, only words.\n" * 200)
    with pytest.raises(VideoError, match="not a readable video"):
        VideoFile(path)


def test_random_bytes(tmp_path: Path):
    path = tmp_path / "noise.mp4"
    path.write_bytes(np.random.default_rng(1).bytes(50_000))
    with pytest.raises(VideoError, match=r"noise\.mp4"):
        VideoFile(path)


def test_a_playlist_may_not_open_other_files(tmp_path: Path, clip: Path):
    path = tmp_path / "list.m3u8"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{clip}\n#EXT-X-ENDLIST\n")
    with pytest.raises(VideoError):
        VideoFile(path)


def test_only_sound(tmp_path: Path):
    with pytest.raises(VideoError, match="only sound"):
        VideoFile(audio_mp4(tmp_path / "sound.mp4"))
    with pytest.raises(VideoError):
        VideoFile(sound_only(tmp_path / "sound.wav"))


def test_cut_off_before_its_index(tmp_path: Path, clip: Path):
    path = tmp_path / "cut.mp4"
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    with pytest.raises(VideoError, match=r"cut\.mp4"):
        VideoFile(path)


def cut_short(tmp_path: Path, helpers) -> Path:
    whole = helpers.write_clip(tmp_path / "whole.mp4", 90)
    return first_part(whole, tmp_path / "short.mp4", 0.6)


def test_cut_off_after_its_index_says_where(tmp_path: Path, helpers):
    path = cut_short(tmp_path, helpers)
    seen = []
    with VideoFile(path) as video, pytest.raises(VideoError, match=r"ends after .* of 3\.0 s"):
        seen.extend(frame.sequence for frame in video.frames())
    assert 10 < len(seen) < 89


def test_cut_off_after_its_index_can_be_allowed(tmp_path: Path, helpers, caplog):
    with VideoFile(cut_short(tmp_path, helpers), allow_cut_short=True) as video:
        assert 10 < len(list(video.frames())) < 89
        assert video.cut_short
    assert "cut short" in caplog.text


def test_a_hostile_size(tmp_path: Path):
    """A header of 40 bytes that claims 100 million pixels."""
    path = tmp_path / "huge.y4m"
    path.write_bytes(b"YUV4MPEG2 W20000 H5000 F30:1 Ip C420jpeg\nFRAME\n" + b"\0" * 1000)
    with pytest.raises(VideoError, match="20000 x 5000"):
        VideoFile(path)


def test_no_permission(clip: Path, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("bridge.streams.files.av.open", refuse)
    with pytest.raises(VideoError, match="may not be read"):
        VideoFile(clip)


@pytest.mark.shared
def test_real_recordings(shared_dir: Path):
    with VideoFile(shared_dir / "data/desk_two_views/cam0_test.mp4") as video:
        frames = sum(1 for _ in video.frames())
        assert frames == video.frame_count == 378
        assert video.duration_s == pytest.approx(12.6)
