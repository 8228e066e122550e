"""Views that do not fit: which one is wrong, on simulated clips with exact truth."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.model.selfcal.agreement import Agreement, agreement
from bridge.model.selfcal.calibrate import calibrate
from bridge.model.selfcal.mirror import mirrored
from bridge.model.selfcal.tracks import tracks_of
from bridge.model.synthetic.clips import simulate_clip

NAMES = ("cam0", "cam1", "cam2")


@pytest.fixture(scope="module")
def clip():
    return simulate_clip(12, seconds=2.0, noise=0.5, views=3)


def judged(clip, *, mirror=(), strange=(), views=3, one_hand=False) -> tuple[list, Agreement]:
    """The clip with some views spoiled, and what is made of it."""
    other = simulate_clip(77, seconds=2.0, noise=0.5, views=3)
    sets = []
    for k, time_s in enumerate(clip.time_s):
        seen = [(other if v in strange else clip).frame_sets[k][v] for v in range(views)]
        if one_hand:
            seen = [type(s)(s.view, s.size_px, (None, s.hands[1])) for s in seen]
        sets.append(
            (round(time_s * 1e9), [mirrored(s) if v in mirror else s for v, s in enumerate(seen)])
        )
    tracks = tracks_of([(t / 1e9, seen) for t, seen in sets], NAMES[:views])
    return sets, agreement(sets, NAMES[:views], calibrate(tracks, keyframes=24))


def test_mirrored_twice_is_the_same(clip) -> None:
    view = clip.frame_sets[0][0]
    assert view.hands[0] is not None
    once, twice = mirrored(view), mirrored(mirrored(view))
    assert once.hands[1].landmarks_px[0, 0] == view.size_px[0] - view.hands[0].landmarks_px[0, 0]
    np.testing.assert_allclose(twice.hands[0].landmarks_px, view.hands[0].landmarks_px)
    np.testing.assert_array_equal(twice.hands[0].world_m, view.hands[0].world_m)


def test_views_that_agree_stay_as_they_are(clip) -> None:
    sets, found = judged(clip)
    assert found == Agreement(sets, NAMES, ())


@pytest.mark.parametrize("one_hand", [False, True])
def test_of_two_the_second_is_taken_for_mirrored(clip, one_hand: bool) -> None:
    """With one hand in sight the views share nothing: a left hand here, a right one there."""
    _, found = judged(clip, mirror=(1,), views=2, one_hand=one_hand)
    assert found.views == ("cam0", "cam1")
    assert "cam1 is mirrored" in found.notes[0]
    assert "should cam0 be the mirrored one" in found.notes[1]


def test_of_three_the_first_may_be_mirrored(clip) -> None:
    _, found = judged(clip, mirror=(0,))
    assert found.views == NAMES
    assert [note for note in found.notes if "mirrored" in note] == list(found.notes)
    assert found.notes[0].startswith("cam0 is mirrored")
    right = clip.frame_sets[3][0].hands[1].landmarks_px
    np.testing.assert_allclose(found.frame_sets[3][1][0].hands[1].landmarks_px, right)


def test_of_three_the_first_may_show_another_scene(clip) -> None:
    _, found = judged(clip, strange=(0,))
    assert found.views == ("cam1", "cam2")
    assert "cam0 does not show the same hands as cam1 and cam2" in found.notes[0]
    assert found.notes[1] == "cam1's camera is the stage"
