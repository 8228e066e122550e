"""A hand that one view lost comes back there because another one sees it, without the detector.

Rendered hands, real nets; the palm net sees nothing once both views have both hands.
"""

from __future__ import annotations

import numpy as np
import pytest

from bridge.model import landmarks, palm
from bridge.model.fusion import SelfCalFuser
from bridge.model.nets import HandNets
from bridge.model.pose import Hands
from bridge.model.reconstruct import Reconstructor
from bridge.model.selfcal.worker import in_this_thread
from bridge.model.tracker import HandTracker
from bridge.protocol.joints import Side
from tests.model.rendered import (
    ABOVE,
    FRONT,
    RATE_HZ,
    Moving,
    cover,
    render,
    sway,
    truth_px,
    wander,
)

CAMERAS = {"front": FRONT, "above": ABOVE}
FRAMES = 30
HIDDEN = range(8, 14)
LEFT_M, RIGHT_M = (-0.12, 0.08, 0.08), (0.12, 0.08, 0.08)


def both_hands(frames: int = FRAMES) -> list[Moving]:
    return [
        Moving(Side.LEFT, wander(0, frames, LEFT_M), sway(5, frames)),
        Moving(Side.RIGHT, wander(1, frames, RIGHT_M), sway(6, frames)),
    ]


@pytest.fixture(scope="module")
def nets() -> HandNets:
    return HandNets()


@pytest.fixture(scope="module")
def pictures() -> list[dict[str, np.ndarray]]:
    """Both views; a board hides the left hand in the one from above for some frames."""
    hands, out = both_hands(), []
    for k in range(FRAMES):
        images = {name: render(hands, camera, k) for name, camera in CAMERAS.items()}
        if k in HIDDEN:
            images["above"] = cover(images["above"], truth_px(hands, ABOVE, k)[Side.LEFT])
        out.append(images)
    return out


@pytest.fixture
def blind(monkeypatch):
    """Makes the palm net see nothing, and counts how often it is asked all the same."""

    def go() -> list[int]:
        asked: list[int] = []

        def detect(nets, images):
            asked.append(len(images))
            return [[] for _ in images]

        monkeypatch.setattr(palm, "detect", detect)
        return asked

    return go


class Exact:
    """A fuser that knows where the hands are."""

    def __init__(self, hands, offset_px=(0.0, 0.0)) -> None:
        self.hands, self.frame, self.offset_px = hands, -1, np.array(offset_px)
        self.asked: list[tuple[str, int]] = []

    def fuse(self, time_ns, views) -> Hands:
        return Hands(time_ns, (None, None))

    def forget(self, view) -> None:
        pass

    def expected_landmarks(self, view, size_px):
        assert size_px == CAMERAS[view].size_px
        self.asked.append((view, self.frame))
        left, right = truth_px(self.hands, CAMERAS[view], self.frame) + self.offset_px
        return left, right


def off(hand, exact: np.ndarray) -> float:
    """Mean error in hand sizes."""
    return np.linalg.norm(hand.landmarks_px - exact, axis=-1).mean() / np.ptp(exact, axis=0).max()


def test_a_hidden_hand_is_back_at_once_without_the_detector(nets, pictures, blind) -> None:
    hands = both_hands()
    fuser = Exact(hands)
    reconstructor = Reconstructor(nets, fuser=fuser)
    back = None
    for k, images in enumerate(pictures):
        if k == 7:
            blind()
        fuser.frame = max(k - 1, 0)
        front, above = reconstructor.step(round(k / RATE_HZ * 1e9), images).views
        left, right = above.hands
        assert front.hands[Side.LEFT] is not None
        assert right is not None
        if k in HIDDEN:
            assert left is None
        elif k >= 8 and left is not None:
            back = k if back is None else back
            assert off(left, truth_px(hands, ABOVE, k)[Side.LEFT]) < 0.15
    assert back is not None
    assert back - HIDDEN.stop < 6
    assert above.hands[Side.LEFT] is not None
    # Views that have both hands are not asked about.
    assert {view for view, frame in fuser.asked if frame > 0} == {"above"}


def test_without_the_other_view_it_stays_lost(nets, pictures, blind) -> None:
    tracker = HandTracker(nets)
    for k, images in enumerate(pictures):
        if k == 7:
            asked = blind()
        (above,) = tracker.track({"above": images["above"]})
    assert above.hands[Side.LEFT] is None
    assert asked.count(1) > 2


def test_a_view_is_looked_at_some_times_a_second_and_a_wrong_hint_finds_nothing(
    nets, pictures, blind, monkeypatch
) -> None:
    tracker, hands = HandTracker(nets), both_hands()
    for images in pictures[:3]:
        tracker.track({"above": images["above"]})
    blind()
    crops: list[int] = []
    find = landmarks.find
    monkeypatch.setattr(
        landmarks, "find", lambda nets, of: (crops.append(len(of)), find(nets, of))[1]
    )
    # The left hand goes, and is said to be where there is only table.
    nothing = truth_px(hands, ABOVE, 3)[Side.LEFT] + (0.0, 150.0)
    for k in range(3, 27):
        image = cover(pictures[3]["above"], truth_px(hands, ABOVE, 3)[Side.LEFT])
        (seen,) = tracker.track({"above": image}, lambda view, size: (nothing, None))
        assert seen.hands[Side.LEFT] is None, k
        assert seen.hands[Side.RIGHT] is not None, k
    assert 2 <= sum(n == 2 for n in crops[1:]) <= 5
    assert max(crops) == 2


@pytest.mark.parametrize(
    "moved", [(400.0, 0.0), (0.0, -300.0), (160.0, 0.0)], ids=["right", "up", "other hand"]
)
def test_nothing_is_proposed_outside_the_picture_or_on_the_other_hand(
    nets, pictures, blind, monkeypatch, moved
) -> None:
    tracker, hands = HandTracker(nets), both_hands()
    for images in pictures[:3]:
        tracker.track({"above": images["above"]})
    blind()
    right, left = truth_px(hands, ABOVE, 3)[::-1]
    expected = right if moved[0] == 160 else left + moved
    covered = cover(pictures[3]["above"], left)
    tracker.track({"above": covered})  # ends the left hand's track
    crops: list[int] = []
    find = landmarks.find
    monkeypatch.setattr(
        landmarks, "find", lambda nets, of: (crops.append(len(of)), find(nets, of))[1]
    )
    for _ in range(8):
        tracker.track({"above": covered}, lambda view, size: (expected, None))
    assert crops == [1] * 8


def test_cameras_found_by_the_bridge_itself_bring_a_hand_back(nets, blind) -> None:
    """Self-calibration on what the nets see, then a hand is hidden in one of the views."""
    frames = 24
    hands = both_hands(frames)
    hidden = range(14, 17)
    fuser = SelfCalFuser(in_this_thread)
    reconstructor = Reconstructor(nets, fuser=fuser)
    for k in range(frames):
        images = {name: render(hands, camera, k) for name, camera in CAMERAS.items()}
        if k in hidden:
            images["above"] = cover(images["above"], truth_px(hands, ABOVE, k)[Side.LEFT])
        if k == hidden.start - 1:
            assert fuser.calibration is not None
            blind()
        # As if few pictures came a second: more seconds to learn from.
        seen = reconstructor.step(round(4 * k / RATE_HZ * 1e9), images).views[1]
        if k in hidden:
            assert seen.hands[Side.LEFT] is None
    assert seen.hands[Side.LEFT] is not None
    assert off(seen.hands[Side.LEFT], truth_px(hands, ABOVE, k)[Side.LEFT]) < 0.15

    # Only what another view saw is expected, and only where the camera is known.
    alone = reconstructor.step(round(4 * frames / RATE_HZ * 1e9), {"front": images["front"]})
    assert alone.views[0].hands[Side.LEFT] is not None
    assert fuser.expected_landmarks("front", FRONT.size_px) == (None, None)
    assert fuser.expected_landmarks("elsewhere", FRONT.size_px) == (None, None)
    left, right = fuser.expected_landmarks("above", ABOVE.size_px)
    for points, exact in zip((left, right), truth_px(hands, ABOVE, k), strict=True):
        assert np.linalg.norm(points - exact, axis=-1).mean() < 0.25 * np.ptp(exact, axis=0).max()
