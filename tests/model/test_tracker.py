"""The tracker's decisions, on a scripted scene instead of nets: when to detect, who is who."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model import landmarks, palm, tracker
from bridge.model.landmarks import Landmarks
from bridge.model.tracker import HandTracker
from bridge.protocol.joints import Side
from tests.model.scripted import Hand, Scene, shape


@pytest.fixture
def play(monkeypatch):
    """Starts a scene: returns it with a function that tracks its next frame."""

    def start(views: dict[str, list[Hand]], **options):
        scene = Scene(views)
        monkeypatch.setattr(palm, "detect", scene.detect)
        monkeypatch.setattr(landmarks, "find", scene.find)
        hand_tracker = HandTracker(nets=None, **options)
        return scene, hand_tracker, lambda: hand_tracker.track(scene.images)

    return start


def xs(seen) -> tuple[float | None, float | None]:
    """Where the left and the right hand of a view are."""
    return tuple(None if h is None else round(float(h.landmarks_px[9, 0])) for h in seen.hands)


def test_a_view_without_hands_is_searched_on_every_frame(play) -> None:
    scene, _, step = play({"a": []})
    for _ in range(5):
        assert step()[0].hands == (None, None)
    assert scene.detections == [["a"]] * 5
    assert scene.crops == [0] * 5


def test_a_found_hand_is_reported_at_once_with_its_side_and_size(play) -> None:
    _, _, step = play({"a": [Hand(300, right=0.02)]})
    (seen,) = step()
    assert (seen.view, seen.size_px) == ("a", (1280, 720))
    left, right = seen.hands
    assert right is None
    assert left.side is Side.LEFT
    np.testing.assert_allclose(left.landmarks_px, shape(300, 360))
    np.testing.assert_allclose(left.confidence, 0.99)


def test_while_one_hand_is_tracked_the_other_is_searched_at_intervals(play) -> None:
    scene, _, step = play({"a": [Hand(300)]}, search_interval=6)
    for _ in range(25):
        step()
    searched = [i for i, names in enumerate(scene.detections) if names]
    assert searched == [0, 6, 12, 18, 24]


def test_with_as_many_hands_as_allowed_nothing_is_searched(play) -> None:
    scene, _, step = play({"a": [Hand(300), Hand(900, right=0.01)]})
    for _ in range(20):
        step()
    assert scene.detections == [["a"]] + [[]] * 19
    one, _, step = play({"a": [Hand(300)]}, max_hands=1)
    for _ in range(20):
        step()
    assert one.detections == [["a"]] + [[]] * 19


def test_views_take_turns_in_searching(play) -> None:
    scene, _, step = play({name: [Hand(300)] for name in "abc"}, search_interval=4)
    for _ in range(40):
        step()
    assert scene.detections[0] == ["a", "b", "c"]
    assert max(len(names) for names in scene.detections[1:]) == 1
    for name in "abc":
        turns = [i for i, names in enumerate(scene.detections) if name in names]
        assert max(np.diff(turns)) <= 4 + 2


def test_a_second_hand_is_found_within_the_interval(play) -> None:
    scene, _, step = play({"a": [Hand(300)]}, search_interval=6)
    step()
    scene.views["a"].append(Hand(900, right=0.01))
    found = next(i for i in range(1, 20) if None not in step()[0].hands)
    assert found <= 6


def test_a_lost_hand_is_searched_on_the_next_frame(play) -> None:
    scene, _, step = play({"a": [Hand(300), Hand(900, right=0.01)]})
    step()
    scene.views["a"][1].presence = 0.3
    assert xs(step()[0]) == (None, 300)
    scene.views["a"][1].presence = 0.9
    assert xs(step()[0]) == (900, 300)
    assert scene.detections == [["a"], [], ["a"]]


def test_all_hands_of_all_views_go_through_the_net_together(play) -> None:
    pair = lambda: [Hand(300), Hand(900, right=0.01)]  # noqa: E731
    scene, _, step = play({"a": pair(), "b": pair()})
    assert [seen.view for seen in step()] == ["a", "b"]
    step()
    assert scene.crops == [4, 4]


def test_two_palms_on_one_hand_make_one_hand(play) -> None:
    scene, _, step = play({"a": [Hand(300, palms=2)]})
    for _ in range(8):
        assert xs(step()[0]) == (None, 300)
    assert scene.crops[0] == 2
    assert set(scene.crops[1:]) == {1}


def test_a_doubtful_hand_within_a_tracked_one_is_not_reported(play) -> None:
    scene, _, step = play({"a": [Hand(300)]}, search_interval=1)
    step()
    ghost = Hand(370, 400, presence=0.75, right=0.3)
    scene.views["a"].append(ghost)
    for _ in range(5):
        assert xs(step()[0]) == (None, 300)
    ghost.presence = 0.95
    assert xs(step()[0]) == (370, 300)


def test_a_doubtful_hand_by_itself_is_reported(play) -> None:
    _, _, step = play({"a": [Hand(300, presence=0.55)]})
    assert xs(step()[0]) == (None, 300)


def test_a_side_survives_wrong_frames(play) -> None:
    scene, _, step = play({"a": [Hand(300)]})
    for _ in range(15):
        step()
    scene.views["a"][0].right = 0.01
    for _ in range(10):
        assert xs(step()[0]) == (None, 300)


def test_a_side_survives_a_gap(play) -> None:
    scene, _, step = play({"a": [Hand(300)]})
    for _ in range(15):
        step()
    hand = scene.views["a"].pop()
    for _ in range(20):
        assert step()[0].hands == (None, None)
    # Back at the same place, and at first it looks like a left one.
    hand.right = 0.01
    scene.views["a"].append(hand)
    for _ in range(10):
        assert xs(step()[0]) == (None, 300)


@pytest.mark.parametrize(("gap", "x"), [(40, 300), (5, 900)])
def test_a_hand_much_later_or_elsewhere_is_a_new_one(play, gap, x) -> None:
    scene, _, step = play({"a": [Hand(300)]})
    for _ in range(15):
        step()
    scene.views["a"].clear()
    for _ in range(gap):
        step()
    scene.views["a"].append(Hand(x, right=0.01))
    assert xs(step()[0]) == (x, None)


def test_two_hands_that_both_look_right_keep_two_sides(play) -> None:
    scene, _, step = play({"a": [Hand(300, right=0.99), Hand(900, right=0.9)]})
    for _ in range(30):
        assert xs(step()[0]) == (900, 300)
    scene.views["a"][1].right = 0.999
    for _ in range(30):
        assert xs(step()[0]) == (900, 300)


def test_crossing_hands_do_not_swap(play) -> None:
    left, right = Hand(400, right=0.01), Hand(800, right=0.99)
    _, _, step = play({"a": [left, right]})
    for _ in range(12):
        assert xs(step()[0]) == (400, 800)
    for _ in range(40):
        left.x += 10
        right.x -= 10
        # While they cover each other the net cannot tell which is which.
        covered = abs(left.x - right.x) < 80
        left.right, right.right = (0.6, 0.4) if covered else (0.01, 0.99)
        step()
    for _ in range(8):
        seen = step()[0]
    assert xs(seen) == (left.x, right.x) == (800, 400)


def test_tracks_that_fall_on_one_hand_become_one(play) -> None:
    scene, _, step = play({"a": [Hand(500), Hand(700, right=0.01)]})
    step()
    scene.views["a"].pop()
    scene.views["a"][0].x = 600
    assert xs(step()[0]) == (None, 600)


def test_a_newcomer_like_the_hand_that_is_there_waits(play) -> None:
    """A second right hand: somebody else's, or the net errs; then it is reported in the end."""
    scene, _, step = play({"a": [Hand(300)]}, search_interval=1)
    for _ in range(10):
        step()
    scene.views["a"].append(Hand(900))
    for frame in range(60):
        assert xs(step()[0]) == ((None if frame < 30 else 900), 300), frame
    # One that does look left takes its place as soon as it comes.
    scene.views["a"].append(Hand(600, right=0.01))
    assert xs(step()[0]) == (600, 300)
    for _ in range(30):
        assert xs(step()[0]) == (600, 300)


def test_a_newcomer_that_only_seems_so_at_first_is_reported_at_once(play) -> None:
    scene, _, step = play({"a": [Hand(300)]}, search_interval=1)
    for _ in range(10):
        step()
    hand = Hand(900)
    scene.views["a"].append(hand)
    assert xs(step()[0]) == (None, 300)
    hand.right = 0.01
    assert xs(step()[0]) == (900, 300)


def test_a_hand_far_from_where_its_like_vanished_waits_for_that_one(play) -> None:
    pair = [Hand(300), Hand(900, right=0.01)]
    scene, _, step = play({"a": pair}, search_interval=1)
    for _ in range(15):
        step()
    gone = scene.views["a"].pop()
    scene.views["a"].append(Hand(600, y=150, right=0.01))
    for _ in range(20):
        assert xs(step()[0]) == (None, 300)
    scene.views["a"].append(gone)
    for _ in range(10):
        assert xs(step()[0]) == (900, 300)


def test_a_hand_that_left_the_picture_may_come_back_anywhere(play) -> None:
    scene, _, step = play({"a": [Hand(300), Hand(1240, right=0.01)]}, search_interval=1)
    for _ in range(15):
        step()
    scene.views["a"].pop()
    step()
    scene.views["a"].append(Hand(800, right=0.01))
    assert xs(step()[0]) == (800, 300)


def test_of_two_tracks_on_one_hand_that_hands_own_goes_on(play) -> None:
    """Hands cross; the nearer one, whose track is the newer one, draws both tracks."""
    scene, _, step = play({"a": [Hand(500)]}, search_interval=1)
    for _ in range(5):
        step()
    scene.views["a"].append(Hand(700, right=0.01))
    for _ in range(8):
        step()
    scene.views["a"].pop(0)
    scene.views["a"][0].x = 600
    assert xs(step()[0]) == (600, None)


def test_a_track_that_jumps_to_the_hand_lost_there_becomes_its(play) -> None:
    right, left = Hand(500), Hand(580, right=0.01)
    scene, _, step = play({"a": [right, left]})
    for _ in range(12):
        assert xs(step()[0]) == (580, 500)
    scene.views["a"].remove(left)
    right.x = 560
    assert xs(step()[0]) == (None, 560)
    scene.views["a"][:] = [replace(left, x=620)]
    assert xs(step()[0]) == (620, None)


def test_other_views_tell_where_a_hand_is_and_which_it_is(play) -> None:
    scene, hand_tracker, step = play({"a": [Hand(300)]}, search_interval=1_000)
    for _ in range(3):
        step()
    scene.views["a"].append(Hand(900, right=0.6))
    assert xs(step()[0]) == (None, 300)
    asked = []

    def expect(view, size_px):
        asked.append((view, size_px))
        return shape(910, 355), shape(300, 360)

    for _ in range(4):
        assert xs(hand_tracker.track(scene.images, expect)[0]) == (900, 300)
    assert asked == [("a", (1280, 720))]
    assert [names for names in scene.detections if names] == [["a"]]


def test_a_hand_that_is_not_where_other_views_say_is_looked_for_at_intervals(play) -> None:
    scene, hand_tracker, step = play({"a": [Hand(300)]}, search_interval=1_000)
    step()
    for _ in range(30):
        (seen,) = hand_tracker.track(scene.images, lambda *_: (shape(900, 360), None))
        assert xs(seen) == (None, 300)
    assert scene.crops.count(2) == 5


def test_a_forgotten_view_starts_anew(play) -> None:
    scene, hand_tracker, step = play({"a": [Hand(300)], "b": [Hand(300)]})
    for _ in range(3):
        step()
    hand_tracker.forget("a")
    hand_tracker.forget("never seen")
    scene.views["a"][0].right = 0.01
    (a, b) = step()
    assert (xs(a), xs(b)) == ((300, None), (None, 300))
    assert scene.detections[-1] == ["a"]


def test_views_may_come_and_go_between_calls(play) -> None:
    scene, hand_tracker, _ = play({"a": [Hand(300)], "b": [Hand(500)]})
    hand_tracker.track(scene.images)
    (only,) = hand_tracker.track({"b": scene.images["b"]})
    assert (only.view, xs(only)) == ("b", (None, 500))
    assert [s.view for s in hand_tracker.track(dict(reversed(scene.images.items())))] == ["b", "a"]
    assert hand_tracker.track({}) == []


def test_keypoints_outside_the_image_are_trusted_less(play) -> None:
    _, _, step = play({"a": [Hand(10)]})
    hand = step()[0].hands[Side.RIGHT]
    outside = hand.landmarks_px[:, 0] < 0
    assert outside.sum() == 8
    np.testing.assert_allclose(hand.confidence, np.where(outside, 0.495, 0.99))


@pytest.mark.parametrize("wild", [{"presence": np.nan}, {"x": np.nan}, {"y": np.inf}])
def test_an_answer_that_is_no_number_ends_the_track(play, monkeypatch, wild) -> None:
    _, _, step = play({"a": [Hand(300)]})
    assert xs(step()[0]) == (None, 300)
    answer = replace(Hand(300), **wild)
    seen = Landmarks(shape(answer.x, answer.y), np.zeros((21, 3)), answer.presence, 0.9)
    monkeypatch.setattr(landmarks, "find", lambda nets, crops: [seen] * len(crops))
    assert step()[0].hands == (None, None)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((0, 10, 3), np.uint8), "pixels high and wide"),
        (np.zeros((10, 40_000, 3), np.uint8), "pixels high and wide"),
        (np.zeros((10, 10), np.uint8), r"not \(10, 10\)"),
        (np.zeros((10, 10, 4), np.uint8), r"not \(10, 10, 4\)"),
        (np.zeros((10, 10, 3), np.float32), "not float32"),
        ([[1, 2, 3]], "not list"),
        (None, "not NoneType"),
    ],
)
def test_what_is_no_picture_is_refused(image, message) -> None:
    with pytest.raises(InputError, match=f"view phone: .*{message}"):
        HandTracker(nets=None).track({"phone": image})


@pytest.mark.parametrize("options", [{"max_hands": 0}, {"max_hands": 3}, {"search_interval": 0}])
def test_options_out_of_range_are_refused(options) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        HandTracker(nets=None, **options)


def test_module_exports() -> None:
    assert tracker.__all__ == ["HandTracker"]
