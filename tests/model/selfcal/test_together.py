"""Paths between frames, and frame sets from views with clocks of their own."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.pose import ViewHand, ViewHands
from bridge.model.selfcal.paths import hands_between, paths_of
from bridge.model.selfcal.together import ClockMap, together
from bridge.protocol.joints import Side

POINTS = np.arange(42, dtype=float).reshape(21, 2)


def hands(time_s, *, view="a", there=True):
    """A hand that moves 100 px/s to the right."""
    hand = ViewHand(
        Side.RIGHT,
        POINTS + np.array([100 * time_s, 0]),
        np.full((21, 3), time_s),
        np.full(21, 0.5 + time_s / 100),
    )
    return ViewHands(view, (200, 100), (None, hand if there else None))


def seen(times, *, view="a", offset_s=0.0, ppm=0.0):
    """Frames at own times of a view that began ``offset_s`` later on a clock that is slow."""
    return [(t, hands(offset_s + (1 + ppm * 1e-6) * t, view=view)) for t in times]


def test_between_two_frames():
    mid = hands_between((1.0, hands(1.0)), (1.2, hands(1.2)), 1.05)
    hand = mid.hands[Side.RIGHT]
    np.testing.assert_allclose(hand.landmarks_px, POINTS + np.array([105, 0]))
    np.testing.assert_allclose(hand.world_m, 1.05)
    np.testing.assert_allclose(hand.confidence, 0.5105)
    lost = hands_between((1.0, hands(1.0)), (1.2, hands(1.2, there=False)), 1.05)
    assert lost.hands == (None, None)
    with pytest.raises(InputError, match="not between"):
        hands_between((1.0, hands(1.0)), (1.2, hands(1.2)), 1.3)


def test_a_path_is_exact_on_straight_motion_at_uneven_times():
    times = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.05, 100))
    (path,) = paths_of(seen(times))
    at = np.linspace(times[3], times[-4], 57)
    points, trust = path.at(at, width_s=0.04)
    expected = (POINTS + np.stack([100 * at, 0 * at], 1)[:, None] - [100, 50]) / 200
    np.testing.assert_allclose(points, expected, atol=1e-9)
    np.testing.assert_allclose(trust, np.broadcast_to(0.5 + at[:, None] / 100, (57, 21)), atol=1e-3)


def test_a_path_knows_nothing_in_gaps_and_beyond_its_ends():
    times = np.r_[np.arange(0, 1, 0.03), np.arange(2, 3, 0.03)]
    (path,) = paths_of(seen(times))
    _, trust = path.at(np.array([-0.1, 0.5, 1.3, 1.5, 1.9, 2.5, 3.2]), width_s=0.03)
    assert list(trust.any(1)) == [False, True, False, False, False, True, False]


def test_sets_of_two_clocks_show_one_instant():
    clock = ClockMap(0.4137, 80.0)
    first = seen(np.arange(0, 4, 1 / 30))
    second = seen(np.arange(0, 4, 1 / 24), view="b", offset_s=0.4137, ppm=80)
    sets = together([first, second], [ClockMap(), clock])
    both = [(time, views) for time, views in sets if len(views) == 2]
    assert len(both) == sum(t >= 0.4137 for t, _ in first)
    for time, views in sets:
        for view in views:
            shift = view.hands[Side.RIGHT].landmarks_px - POINTS
            np.testing.assert_allclose(shift, np.broadcast_to([100 * time, 0], (21, 2)), atol=1e-9)
    # The second goes on where the first has ended.
    assert [v.view for v in sets[-1][1]] == ["b"]
    assert np.all(np.diff([time for time, _ in sets]) > 0)


def test_a_gap_is_not_bridged():
    first = seen(np.arange(0, 2, 1 / 30))
    second = [f for f in seen(np.arange(0, 2, 1 / 30) + 0.01, view="b") if not 0.5 < f[0] < 0.9]
    sets = together([first, second], [ClockMap(), ClockMap()])
    lone = [time for time, views in sets if len(views) == 1]
    assert lone[1:] == pytest.approx(np.arange(15, 28) / 30)


def test_clock_maps_chain():
    one, two = ClockMap(0.5, 100.0), ClockMap(-0.2, 50.0)
    t = np.array([0.0, 10.0])
    np.testing.assert_allclose(two.after(one).to_stage(t), two.to_stage(one.to_stage(t)))


def test_every_view_needs_a_clock():
    with pytest.raises(InputError, match="1 views need 1 clocks"):
        together([seen([0.0])], [])
