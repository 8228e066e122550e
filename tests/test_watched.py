"""A user's videos as hands to learn from: the same hand together, whatever views call it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import bridge.watched
from bridge.errors import InputError
from bridge.model.fusion.crop_camera import CropCamera
from bridge.model.hamuco.recording import RecordedHands
from bridge.model.nets import HandNets
from bridge.model.pose import ViewHands
from bridge.model.selfcal.exchange import exchanged
from bridge.model.selfcal.mirror import mirrored
from bridge.model.synthetic.clips import SimulatedClip, simulate_clip
from bridge.watched import Watched, watch_videos
from tests.bridge_fixture import grey_video


@pytest.fixture(scope="module")
def clip() -> SimulatedClip:
    return simulate_clip(12, seconds=2, noise=0.5)


class Videos:
    """Stands for videos and the nets: at each instant a clip's hands, and spots in pictures."""

    def __init__(self, clip: SimulatedClip, sets: Sequence[Sequence[ViewHands]]) -> None:
        self._times, self._sets = clip.time_s, sets

    def synchronised(self, *_: Any, **__: Any) -> Iterator[Any]:
        for number, (time_s, views) in enumerate(zip(self._times, self._sets, strict=True)):
            frames = [SimpleNamespace(view=v.view, rgb=lambda v=v: spots(v)) for v in views]
            self._number = number
            yield SimpleNamespace(time_ns=round(time_s * 1e9), frames=frames)

    def track(self, _images: Any) -> list[ViewHands]:
        return list(self._sets[self._number])


def spots(view: ViewHands) -> np.ndarray:
    """A black picture, white where the tip of a middle finger is."""
    width, height = view.size_px
    picture = np.zeros((height, width, 3), np.uint8)
    for hand in view.hands:
        if hand is not None:
            x, y = (int(value) for value in hand.landmarks_px[12])
            picture[max(0, y - 9) : y + 10, max(0, x - 9) : x + 10] = 255
    return picture


def watched(
    clip: SimulatedClip,
    sets: Sequence[Sequence[ViewHands]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    crop_px: int | None = None,
) -> Watched:
    fake = Videos(clip, sets)
    monkeypatch.setattr(bridge.watched, "synchronised", fake.synchronised)
    monkeypatch.setattr(bridge.watched, "HandTracker", lambda _nets: fake)
    files = [grey_video(tmp_path / f"{view.view}.mp4") for view in clip.frame_sets[0]]
    nets = HandNets.__new__(HandNets)
    return watch_videos(files, nets, crop_px, offsets_s=[0.0] * len(files))


def right_share(clip: SimulatedClip, found: Watched) -> float:
    """Share of the crops that are of the hand that they are taken for."""
    row = {round(float(time_s) * 1e9): k for k, time_s in enumerate(clip.time_s)}
    right = []
    for hand in found.hands:
        truth = clip.frame_sets[row[round(hand.time_s * 1e9)]]
        for k, (_, camera) in hand.views.items():
            own = truth[k].hands[hand.side]
            turn = None if own is None else CropCamera.around(own, truth[k].size_px).rotation
            right.append(turn is not None and np.allclose(turn, camera.rotation))
    return float(np.mean(right))


def test_views_that_call_the_hands_otherwise_are_put_right(clip, tmp_path, monkeypatch) -> None:
    sets = [(first, exchanged(second)) for first, second in clip.frame_sets]
    plain = watched(clip, clip.frame_sets, tmp_path, monkeypatch)
    assert right_share(clip, plain) == 1
    assert plain.rotation is not None
    found = watched(clip, sets, tmp_path, monkeypatch)
    assert len(found.hands) > 0.9 * len(plain.hands)
    assert right_share(clip, found) > 0.98
    assert found.rotation is not None
    np.testing.assert_allclose(found.rotation, plain.rotation, atol=0.05)
    assert found.notes == ()


@pytest.mark.parametrize(("one", "crop_px"), [(True, 48), (False, None)])
def test_a_mirrored_video_is_put_right(
    clip, tmp_path, monkeypatch, one: bool, crop_px: int | None
) -> None:
    """Also where one hand is in view, which two views then call by different sides."""
    sets = [
        [replace(view, hands=(None if one else view.hands[0], view.hands[1])) for view in views]
        for views in clip.frame_sets
    ]
    sets = [[first, mirrored(second)] for first, second in sets]
    found = watched(clip, sets, tmp_path, monkeypatch, crop_px)
    assert "cam1 is mirrored" in found.notes[0]
    assert found.rotation is not None
    assert len(found.hands) > 0.8 * len(clip.time_s) * (1 if one else 2)
    assert right_share(clip, found) == 1
    if crop_px is None:
        return
    source = RecordedHands(found.hands, videos=2, size=crop_px, upright=False)
    batch = source.batch(list(range(8)), views=2, augment=False)
    assert batch.images is not None
    assert batch.landmarks is not None
    tips = batch.landmarks[:, :, 12].flatten(0, 1)
    for picture, tip in zip(batch.images.flatten(0, 1), tips, strict=True):
        x, y = ((tip + 1) * crop_px / 2).long().clamp(0, crop_px - 1).tolist()
        assert picture[:, y, x].mean() > 0.5


def test_a_view_of_another_scene_is_left_out(tmp_path, monkeypatch) -> None:
    clip, other = (simulate_clip(seed, seconds=2, noise=0.5, views=3) for seed in (12, 77))
    sets = [(a[0], a[1], b[2]) for a, b in zip(clip.frame_sets, other.frame_sets, strict=True)]
    found = watched(clip, sets, tmp_path, monkeypatch)
    assert "does not show the same hands" in found.notes[0]
    assert {view for hand in found.hands for view in hand.views} == {0, 1}
    assert found.rotation is not None


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (lambda views: views[:1], "different moments: no two of them overlap"),
        (lambda views: [replace(v, hands=(None, None)) for v in views], "film them from nearer"),
        (
            lambda views: [replace(v, hands=_only(v, 1 - k)) for k, v in enumerate(views)],
            "never one that they call by the same side",
        ),
    ],
)
def test_why_there_is_nothing_to_learn_from_is_told(
    clip, tmp_path, monkeypatch, sets: Callable[[Any], list[ViewHands]], said: str
) -> None:
    # Too short for the hands to tell anything else.
    short = replace(clip, time_s=clip.time_s[:4], frame_sets=clip.frame_sets[:4])
    with pytest.raises(InputError, match=said):
        watched(short, [sets(list(views)) for views in short.frame_sets], tmp_path, monkeypatch)


def _only(view: ViewHands, side: int) -> tuple[Any, Any]:
    return (view.hands[0], None) if side == 0 else (None, view.hands[1])


@pytest.mark.parametrize("offsets_s", [[0.0], [0.0, float("nan")], [0.0, float("inf")]])
def test_offsets_that_cannot_be_used_are_one_error(tmp_path, offsets_s) -> None:
    videos = [grey_video(tmp_path / name) for name in ("a.mp4", "b.mp4")]
    with pytest.raises(InputError, match="offset"):
        watch_videos(videos, HandNets.__new__(HandNets), None, offsets_s=offsets_s)
