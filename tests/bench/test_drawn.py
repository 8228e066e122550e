"""Drawn clips: pictures show the truth, things hide it, and real nets find the hands."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.bench.drawn import scene as drawn_scene
from bridge.bench.drawn.clips import compare_with_truth, draw_clip
from bridge.bench.drawn.hiding import Passing, random_passings
from bridge.bench.drawn.scene import DrawnScene
from bridge.model.nets import load_nets
from bridge.model.pose import ViewHand, ViewHands
from bridge.model.synthetic.performance import Performance, random_performance
from bridge.protocol.joints import Side

SEED = 1000
"""Both hands are in both pictures."""


@pytest.fixture(scope="module")
def played() -> Performance:
    return random_performance(SEED, np.random.default_rng(SEED), seconds=2.0, apart_m=0.025)


def scene(played: Performance, **options) -> DrawnScene:
    return DrawnScene(played, np.random.default_rng(1), long_side_px=320, **options)


def test_pictures_have_the_devices_shapes_and_their_own_look(played) -> None:
    pictures, shown = scene(played).look(30)
    assert [picture.shape for picture in pictures] == [(180, 320, 3)] * 2
    assert shown.shape == (2, 2, 21)
    assert shown.mean(-1).min() > 0.9
    again, _ = scene(played).look(30)
    other, _ = DrawnScene(played, np.random.default_rng(2), long_side_px=320).look(30)
    for picture, same, different in zip(pictures, again, other, strict=True):
        np.testing.assert_array_equal(picture, same)
        assert np.abs(picture.astype(int) - different).mean() > 5
        assert 60 < picture.mean() < 190


def test_a_thing_in_the_way_hides_its_hand_from_its_view_then_goes(played, monkeypatch) -> None:
    thing = Passing(0, Side.LEFT, range(20, 40), (0.09, 0.09), True, (0.5, 0.5, 0.5))
    monkeypatch.setattr(drawn_scene, "random_passings", lambda *_, **__: [thing])
    hiding = scene(played, hiding=True)
    before, covered, after = (hiding.look(frame) for frame in (5, 30, 50))
    assert before[1][0, Side.LEFT].all()
    assert after[1][0, Side.LEFT].all()
    assert covered[1][0, Side.LEFT].mean() < 0.2
    assert covered[1][1].mean() > 0.9
    x, y = np.median(hiding.keypoints_px(30)[0, Side.LEFT], axis=0).astype(int)
    patch = covered[0][0][y - 4 : y + 5, x - 4 : x + 5].astype(float)
    assert patch.mean((0, 1)).std() < patch.mean() * 0.1, "a grey board, not skin"


def test_things_come_now_and_then_in_every_view() -> None:
    rng = np.random.default_rng(0)
    found = random_passings(rng, frames=9000, rate_hz=30.0, views=2)
    for view in (0, 1):
        mine = [p for p in found if p.view == view]
        assert 30 < len(mine) < 60
        assert {p.side for p in mine} == set(Side)
        assert all(15 <= len(p.frames) <= 45 for p in mine)


def test_the_nets_find_the_hands_where_the_truth_says() -> None:
    drawn = draw_clip(SEED, load_nets("cpu"), seconds=0.5)
    shares = drawn.seen.shares()
    assert shares["in_sight"] > 0.7
    assert shares["found"] > 0.9
    assert shares["wrong_side"] == shares["elsewhere"] == 0
    clip = drawn.clip
    errors = []
    for frame, views in enumerate(clip.frame_sets):
        for v, view in enumerate(views):
            assert max(view.size_px) == 640
            for side, hand in enumerate(view.hands):
                if hand is None:
                    continue
                there = clip.keypoints_m[frame, side] @ clip.rotation[v].T + clip.offset_m[v]
                image = clip.focal[v] * 640 * there[:, :2] / there[:, 2:]
                off = hand.landmarks_px - (np.array(view.size_px) / 2 + image)
                errors.append(np.linalg.norm(off, axis=-1).mean() / np.ptp(image, axis=0).max())
    assert np.median(errors) < 0.06


def test_reported_hands_are_the_nearest_true_ones() -> None:
    shape = np.random.default_rng(0).uniform(0, 50, (21, 2))
    left, right = shape + 20, shape + np.array([200, 20])
    truth = np.stack([left, right])[None, None].repeat(4, 0)

    def view(*points: np.ndarray | None) -> tuple[ViewHands]:
        hands = [
            None if p is None else ViewHand(Side(k), p, np.zeros((21, 3)), np.ones(21))
            for k, p in enumerate(points)
        ]
        return (ViewHands("a", (300, 200), (hands[0], hands[1])),)

    reports = [view(left, right + 3), view(right, left), view(None, left), view(left + 100, None)]
    shown = np.ones((4, 1, 2, 21), bool)
    shown[3, 0, 1, :3] = False
    seen = compare_with_truth(reports, truth, shown)
    np.testing.assert_array_equal(seen.found[:, 0], [[1, 1], [1, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(seen.wrong_side[:, 0], [[0, 0], [1, 1], [1, 0], [0, 0]])
    np.testing.assert_array_equal(seen.elsewhere[:, 0], [[0, 0], [0, 0], [0, 0], [1, 0]])
    assert seen.shares() == pytest.approx(
        {"in_sight": 7 / 8, "found": 5 / 7, "wrong_side": 3 / 6, "elsewhere": 1 / 6}
    )
