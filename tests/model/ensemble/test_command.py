"""``ghosthands ensemble`` on files that are cut short, in the way, or hostile."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from bridge.commands.ensemble import _video, ensemble
from bridge.errors import InputError, ModelError
from tests.bridge_fixture import cut_short
from tests.filmed import encode
from tests.model.ensemble.test_ensemble import found

FRAMES = 70


@pytest.fixture(autouse=True)
def finder(monkeypatch: pytest.MonkeyPatch) -> Finder:
    """A hand in every picture."""
    finder = Finder()
    monkeypatch.setattr("bridge.model.ensemble.MultiHand", finder)
    return finder


class Finder:
    loaded, looks, most = 0, 0, 10**9

    def __call__(self, *_: Any, **__: Any) -> Any:
        self.loaded += 1
        return self._find

    def _find(self, _picture: Any) -> Any:
        self.looks += 1
        if self.looks > self.most:
            raise ModelError("enough")
        return [found()]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (FRAMES, 96, 120, 3), np.uint8)
    return encode(tmp_path / "in.mp4", list(noise))


def times_of(path: Path | BytesIO) -> list[float | None]:
    with av.open(path) as container:
        return [frame.time for frame in container.decode(video=0)]


def test_no_file_is_read_and_written_at_once(video: Path, finder: Finder) -> None:
    before = video.read_bytes()
    (video.parent / "folder").mkdir()
    for name in ("in.mp4", "folder/../in.mp4"):
        with pytest.raises(InputError, match="is also an input"):
            ensemble(video, video.parent / name, force=True)
    other = video.rename(video.with_name("in.npz"))
    with pytest.raises(InputError, match="is also an input"):
        ensemble(other, video.with_name("out.mp4"), texture=other, force=True)
    with pytest.raises(InputError, match=r"the texture is a \.npz file, not hands\.txt"):
        ensemble(other, video.with_name("out.mp4"), texture=video.with_name("hands.txt"))
    assert other.read_bytes() == before
    assert not finder.loaded


def test_outputs_that_cannot_be_written_are_told_before_the_work(
    video: Path, finder: Finder
) -> None:
    for name in ("missing/out.mp4", "in.mp4/out.json"):
        with pytest.raises(InputError, match=r"cannot write .*: there is no folder"):
            ensemble(video, video.parent / name)
    (video.parent / "folder.json").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        ensemble(video, video.parent / "folder.json", force=True)
    assert not finder.loaded


def test_an_earlier_output_survives_a_failed_run(video: Path, finder: Finder) -> None:
    output = video.with_name("out.mp4")
    output.write_text("precious")
    finder.most = FRAMES - 1  # the encoder looks 40 frames ahead
    with pytest.raises(ModelError, match="enough"):
        ensemble(video, output, force=True)
    assert output.read_text() == "precious"
    assert {path.name for path in video.parent.iterdir()} == {"in.mp4", "out.mp4"}


def test_a_video_that_is_cut_short_gives_what_it_has(video: Path, tmp_path: Path) -> None:
    short, drawn = cut_short(video, tmp_path / "short.mp4", 0.5), tmp_path / "drawn.mp4"
    ensemble(short, drawn)
    ensemble(short, tmp_path / "hands.json")
    frames = json.loads((tmp_path / "hands.json").read_text())["frames"]
    assert 10 < len(frames) < FRAMES - 10
    assert times_of(drawn) == pytest.approx([frame["time_s"] for frame in frames], abs=1e-3)


def test_progress_is_a_share_of_all_frames(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[int, int | None]] = []

    @contextmanager
    def bar(*_: str) -> Iterator[Any]:
        yield lambda done, total: shown.append((done, total))

    monkeypatch.setattr("bridge.commands.ensemble.progress_bar", bar)
    ensemble(video, video.with_name("out.json"))
    assert shown == [(done, FRAMES) for done in range(1, FRAMES + 1)]


def test_frames_of_one_tick_follow_each_other() -> None:
    file, picture = BytesIO(), np.zeros((16, 16, 3), np.uint8)
    with _video(file) as write:
        for time_s in (0.0, 1e-9, 2e-9, 0.1):
            write(time_s, picture, [])
    file.seek(0)
    assert times_of(file) == pytest.approx([0, 1 / 90_000, 2 / 90_000, 0.1])


def test_a_video_too_narrow_to_draw_on_is_one_clear_error() -> None:
    with pytest.raises(InputError, match=r"too small.*\.json"), _video(BytesIO()) as write:
        write(0.0, np.zeros((16, 1, 3), np.uint8), [])


def test_without_hands_there_is_no_texture_and_nothing_in_the_way_of_another_try(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.model.ensemble.MultiHand", lambda *_, **__: lambda _picture: [])
    texture = video.with_name("hands.npz")
    with pytest.raises(InputError, match="no hand was found"):
        ensemble(video, video.with_name("out.json"), texture=texture)
    assert {path.name for path in video.parent.iterdir()} == {"in.mp4"}


def test_what_cannot_be_encoded_is_one_clear_error(tmp_path: Path) -> None:
    wide = np.zeros((2, 20_000, 3), np.uint8)
    with pytest.raises(InputError, match="cannot be encoded"), _video(BytesIO()) as write:
        write(0.0, wide, [])


@pytest.mark.parametrize("side", [60_000, 30_000, 9_000])
def test_a_picture_that_claims_to_be_huge_is_not_decoded(
    tmp_path: Path, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenCV decodes a thousand million pixels, and fails where there are more."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    path = tmp_path / "huge.png"
    data = chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + data)
    monkeypatch.setattr(cv2, "imdecode", None)
    with pytest.raises(InputError, match="has more than 67 million pixels"):
        ensemble(path, tmp_path / "out.png")


@pytest.mark.parametrize("kind", [".png", ".jpg", ".webp", ".bmp"])
def test_pictures_of_all_kinds_are_read(tmp_path: Path, kind: str) -> None:
    source = tmp_path / f"in{kind}"
    picture = np.full((90, 121, 3), (200, 100, 50), np.uint8)
    cv2.imwrite(str(source), picture)
    ensemble(source, tmp_path / "out.png")
    drawn = cv2.imread(str(tmp_path / "out.png"))
    assert np.abs(drawn[-3:].astype(int) - picture[-3:]).max() < 6
    source.write_bytes(source.read_bytes()[:20])
    with pytest.raises(InputError, match="no picture that can be decoded"):
        ensemble(source, tmp_path / "out.png", force=True)
