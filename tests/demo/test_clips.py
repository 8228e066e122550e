"""The clips: what a browser plays, kept once, whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from bridge.demo import clips
from bridge.demo.cameras import CAMERAS
from bridge.demo.piece import PERIOD_S
from bridge.errors import InputError


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """75 frames of moving noise through the clips' encoder."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    rng = np.random.default_rng(0)
    width, height = CAMERAS["tablet"].size_px
    noise = rng.integers(16, 235, (height * 3 // 2, width), np.uint8)
    pictures = (np.roll(noise, 3 * k, axis=1) for k in range(75))
    encoded = clips.encode_clip(path, CAMERAS["tablet"].size_px, pictures)
    assert sum(1 for _ in encoded) == 75
    return path


def test_a_clip_is_baseline_h264_at_30_hz(clip: Path) -> None:
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert "Baseline" in stream.codec_context.profile
        assert stream.average_rate == 30
        assert (stream.width, stream.height) == CAMERAS["tablet"].size_px
        assert stream.frames == 75
        assert float(stream.duration * stream.time_base) == pytest.approx(2.5)


def test_a_clip_has_no_b_frames_and_a_keyframe_every_second(clip: Path) -> None:
    with av.open(str(clip)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert all(packet.pts == packet.dts for packet in packets)
    assert [k for k, packet in enumerate(packets) if packet.is_keyframe] == [0, 30, 60]
    with av.open(str(clip)) as container:
        frames = list(container.decode(video=0))
    assert {PictureType(frame.pict_type) for frame in frames} == {PictureType.I, PictureType.P}
    times = [frame.pts * frame.time_base for frame in frames]
    assert times == [Fraction(k, 30) for k in range(75)]


def test_a_clip_is_one_period() -> None:
    assert clips.N_FRAMES == PERIOD_S * clips.FRAME_RATE


def test_rendered_clips_show_the_scene_however_many_render(tmp_path: Path) -> None:
    frames, calls = 11, []
    decoded = []
    for workers in (1, 2):
        path = tmp_path / f"{workers}.mp4"
        clips.render_clips(
            {"tablet": path},
            frames=frames,
            workers=workers,
            progress=lambda done, total: calls.append((done, total)),
        )
        with av.open(str(path)) as container:
            decoded.append([f.to_ndarray(format="rgb24") for f in container.decode(video=0)])
    assert calls == [(k + 1, frames) for k in range(frames)] * 2
    np.testing.assert_array_equal(decoded[0], decoded[1])
    picture = clips.scene_of("tablet").render(4 / clips.FRAME_RATE)
    difference = np.abs(decoded[0][4].astype(int) - picture)
    assert difference.mean() < 4.0


def test_clips_are_rendered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered = []

    def render(paths, **_: object) -> None:
        rendered.append(list(paths))
        for path in paths.values():
            path.write_bytes(b"clip")

    monkeypatch.setattr(clips, "render_clips", render)
    folder = tmp_path / "not" / "yet"
    first = clips.demo_clips(folder)
    assert list(first) == list(CAMERAS)
    assert clips.demo_clips(folder) == first
    first["tablet"].unlink()
    clips.demo_clips(folder)
    assert rendered == [["phone", "tablet"], ["tablet"]]


def test_a_clip_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the renderer broke")

    monkeypatch.setattr(clips, "scene_of", broken)
    with pytest.raises(RuntimeError, match="broke"):
        clips.render_clips({"phone": tmp_path / "a.mp4"}, frames=3, workers=1)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="file"):
        clips.demo_clips(tmp_path / "file" / "cache", workers=1)


def test_the_cache_is_where_the_system_wants_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert clips.cache_directory() == tmp_path / "ghosthands"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    places = {
        "linux": tmp_path / ".cache" / "ghosthands",
        "darwin": tmp_path / "Library" / "Caches" / "ghosthands",
        "win32": tmp_path / "AppData" / "Local" / "ghosthands",
    }
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    for platform, expected in places.items():
        monkeypatch.setattr(clips.sys, "platform", platform)
        assert clips.cache_directory() == expected


def test_the_version_covers_every_module_behind_the_pictures() -> None:
    code = (
        "import sys, bridge.demo.scene;"
        "print(*(m.removeprefix('bridge.demo.') for m in sys.modules"
        " if m.startswith('bridge.demo.')))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(loaded) <= set(clips.PICTURE_MODULES)
    assert {"clips", "cameras"} <= set(clips.PICTURE_MODULES)
