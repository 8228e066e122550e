from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge.model.pose import ViewHands
from bridge.model.selfcal.exchange import exchanged, exchanged_instants, told_by_cameras
from bridge.model.selfcal.mirror import mirrored
from bridge.model.selfcal.whose import calibrate_views
from bridge.model.synthetic.clips import SimulatedClip
from tests.model.selfcal.conftest import (
    VIEWS,
    cameras_of,
    turn_deg,
    with_exchanged,
)


def column(clip: SimulatedClip, view: int) -> list[ViewHands]:
    return [views[view] for views in clip.frame_sets]


def with_hands(view: ViewHands, *kept: int) -> ViewHands:
    left, right = (hand if side in kept else None for side, hand in enumerate(view.hands))
    return replace(view, hands=(left, right))


def test_exchanging_twice_is_nothing(noisy_clip) -> None:
    view = noisy_clip.frame_sets[0][0]
    once, twice = exchanged(view), exchanged(exchanged(view))
    assert once.hands[0].side == 0
    assert once.hands[0].landmarks_px is view.hands[1].landmarks_px
    assert twice.hands[1].landmarks_px is view.hands[1].landmarks_px


def test_views_that_agree_are_left_alone(noisy_clip) -> None:
    assert exchanged_instants(column(noisy_clip, 0), column(noisy_clip, 1)) is None


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("view", [0, 1])
def test_exchanged_instants_are_found(noisy_clip, view: int, share: float) -> None:
    rows = np.random.default_rng(0).random(len(noisy_clip.time_s)) < share
    wrong = with_exchanged(noisy_clip, view, rows)
    told = exchanged_instants(column(wrong, 0), column(wrong, 1))
    assert told is not None
    both = np.array([None not in [*a.hands, *b.hands] for a, b in wrong.frame_sets])
    np.testing.assert_array_equal(told.exchanged[both], rows[both])
    assert (told.exchanged == rows)[told.known].mean() > 0.95


def test_a_single_hand_under_the_other_name_is_found(noisy_clip) -> None:
    first = [with_hands(view, 1) for view in column(noisy_clip, 0)]
    second = [exchanged(with_hands(view, 1)) for view in column(noisy_clip, 1)]
    told = exchanged_instants(first, second)
    assert told is not None
    assert told.exchanged[told.known].mean() > 0.95


def test_two_different_hands_are_not_taken_for_one(noisy_clip) -> None:
    first = [with_hands(view, 0) for view in column(noisy_clip, 0)]
    second = [with_hands(view, 1) for view in column(noisy_clip, 1)]
    assert exchanged_instants(first, second) is None


def test_too_little_tells_nothing(noisy_clip) -> None:
    wrong = with_exchanged(noisy_clip, 1, np.ones(len(noisy_clip.time_s), dtype=bool))
    assert exchanged_instants(column(wrong, 0)[:5], column(wrong, 1)[:5]) is None
    empty = ViewHands("cam0", (640, 480), (None, None))
    assert exchanged_instants([empty] * 20, column(wrong, 1)[:20]) is None
    assert exchanged_instants([None] * 20, column(wrong, 1)[:20]) is None


def test_known_cameras_tell_at_one_instant(noisy_clip) -> None:
    cameras = cameras_of(noisy_clip)
    for first, second in noisy_clip.frame_sets[::10]:
        assert told_by_cameras(first, second, cameras, (0, 1)) is False
        assert told_by_cameras(first, exchanged(second), cameras, (0, 1)) is True
        apart = with_hands(first, 0), with_hands(second, 1)
        assert told_by_cameras(*apart, cameras, (0, 1)) is None
        nothing = with_hands(second)
        assert told_by_cameras(first, nothing, cameras, (0, 1)) is None


@pytest.mark.parametrize("wrong_view", [0, 1])
def test_a_view_that_is_often_wrong_is_not_believed(noisy_clip, wrong_view: int) -> None:
    rows = np.arange(len(noisy_clip.time_s)) % 50 < 30
    clip = with_exchanged(noisy_clip, wrong_view, rows)
    found = calibrate_views(list(zip(clip.time_s, clip.frame_sets, strict=True)), VIEWS)
    assert found is not None
    assert found.believed == 1 - wrong_view
    assert found.usable.all()
    assert turn_deg(found.cameras.rotation[1], clip.rotation[1]) < 4


def test_a_mirrored_view_is_not_taken_for_one_that_is_always_wrong(noisy_clip) -> None:
    times, views = noisy_clip.time_s, noisy_clip.frame_sets
    flipped = [(t, (a, mirrored(b))) for t, (a, b) in zip(times, views, strict=True)]
    found = calibrate_views(flipped, VIEWS, keyframes=30)
    assert found is None or not found.usable[1]
    wrong = [(t, (a, exchanged(b))) for t, (a, b) in zip(times, views, strict=True)]
    found = calibrate_views(wrong, VIEWS, keyframes=30)
    assert found is not None
    assert found.usable.all()


def test_a_view_that_is_seldom_wrong_costs_those_instants_only(noisy_clip) -> None:
    rows = np.arange(len(noisy_clip.time_s)) % 50 < 5
    clip = with_exchanged(noisy_clip, 1, rows)
    found = calibrate_views(list(zip(clip.time_s, clip.frame_sets, strict=True)), VIEWS)
    assert found is not None
    assert found.usable.all()
    assert turn_deg(found.cameras.rotation[1], clip.rotation[1]) < 4
