"""Whose hand is whose: rendered hands that cross, hide, or belong to somebody else; real nets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from bridge.model.nets import HandNets
from bridge.model.render import Camera, SkinTone
from bridge.model.tracker import HandTracker
from bridge.protocol.joints import Side
from tests.model.rendered import (
    ABOVE,
    ASIDE,
    FRONT,
    Moving,
    cover,
    render,
    sway,
    truth_px,
    wander,
)

SEEN = 0.5
"""Mean distance from a hand, in sizes of it, within which it is the one reported."""


@pytest.fixture(scope="module")
def nets() -> HandNets:
    return HandNets()


def ramp(frames: int, start: tuple, end: tuple, first: int, last: int) -> np.ndarray:
    """A path ``(T, 3)`` that leaves and arrives gently."""
    part = np.clip((np.arange(frames) - first) / (last - first), 0, 1)
    part = part * part * (3 - 2 * part)
    return np.asarray(start) + (np.asarray(end) - np.asarray(start)) * part[:, None]


def pair(frames: int, seed: int = 0) -> list[Moving]:
    return [
        Moving(Side.LEFT, wander(seed, frames, (-0.12, 0.08, 0.08)), sway(seed + 5, frames)),
        Moving(Side.RIGHT, wander(seed + 1, frames, (0.12, 0.08, 0.08)), sway(seed + 6, frames)),
    ]


def crossing(frames: int, lift_m: float, ahead_m: float, first: int, last: int) -> list[Moving]:
    """The left hand goes to the right, so much higher and so much farther ahead, and vice versa."""
    left_y, left_z = 0.06 + lift_m, 0.10 - ahead_m
    there, back = (-0.11, left_y, left_z), (0.11, left_y, left_z)
    return [
        Moving(Side.LEFT, ramp(frames, there, back, first, last)),
        Moving(Side.RIGHT, ramp(frames, (0.11, 0.06, 0.10), (-0.11, 0.06, 0.10), first, last)),
    ]


def stranger(frames: int, side: Side, first: int = 12) -> Moving:
    """A hand that comes in from the other side of the table, and stays."""
    path = ramp(frames, (0.0, 0.06, 0.75), (0.0, 0.06, 0.30), first, first + 10)
    return Moving(side, path, opposite=True, tone=SkinTone.BROWN)


def hidden(side: Side, frames: range) -> Callable[[int, np.ndarray, np.ndarray], np.ndarray]:
    """A board before one hand for some frames."""
    return lambda k, image, truth: cover(image, truth[side]) if k in frames else image


def follow(
    nets: HandNets,
    camera: Camera,
    hands: Sequence[Moving],
    frames: int,
    change: Callable[[int, np.ndarray, np.ndarray], np.ndarray] = lambda k, image, truth: image,
    expect: Callable[[int], tuple] | None = None,
) -> np.ndarray:
    """Which of the hands is reported as left and as right, ``(T, 2)``.

    Returns:
        Its number, -1 for none reported and -2 for one that is at no hand's place.
    """
    tracker = HandTracker(nets)
    found = np.full((frames, 2), -1)
    for k in range(frames):
        truth = truth_px(hands, camera, k)
        image = change(k, render(hands, camera, k), truth)
        hint = None if expect is None else lambda view, size, k=k: expect(k)
        (seen,) = tracker.track({"view": image}, hint)
        for side, hand in zip(Side, seen.hands, strict=True):
            if hand is None:
                continue
            away = np.linalg.norm(hand.landmarks_px - truth, axis=-1).mean(-1)
            away /= np.ptp(truth, axis=1).max(-1)
            found[k, side] = away.argmin() if away.min() < SEEN else -2
    return found


def longest(wrong: np.ndarray) -> int:
    """Most frames in a row."""
    most = run = 0
    for is_wrong in wrong:
        run = run + 1 if is_wrong else 0
        most = max(most, run)
    return most


def check(found: np.ndarray, side: Side, number: int | None) -> np.ndarray:
    """No frame but single ones report another hand than this; returns where it is reported."""
    own = -1 if number is None else number
    reported = found[:, side]
    assert longest((reported != -1) & (reported != own)) <= 1, f"{side.name}: {reported.tolist()}"
    return reported == own


@pytest.mark.parametrize(
    ("camera", "lift_m", "ahead_m", "first", "last"),
    [
        (ABOVE, 0.10, 0.0, 8, 32),
        (FRONT, 0.05, 0.03, 0, 40),
        (ASIDE, -0.06, 0.0, 8, 32),
    ],
    ids=["above", "front", "aside, left hand below"],
)
def test_hands_that_cross_keep_their_sides(nets, camera, lift_m, ahead_m, first, last) -> None:
    frames = 42
    found = follow(nets, camera, crossing(frames, lift_m, ahead_m, first, last), frames)
    for side in Side:
        assert check(found, side, side).mean() > 0.7
        assert found[-1, side] == side


@pytest.mark.parametrize("side", Side)
def test_a_hidden_hand_comes_back_as_what_it_was(nets, side) -> None:
    found = follow(nets, ABOVE, pair(30, 10), 30, hidden(side, range(12, 18)))
    assert (found[12:18, side] == -1).all()
    assert check(found, side, side)[26:].all()
    assert check(found, Side(1 - side), 1 - side).all()


@pytest.mark.parametrize(
    ("camera", "visitor"),
    [(ABOVE, Side.LEFT), (ASIDE, Side.RIGHT)],
    ids=["a left hand, above", "a right hand, aside"],
)
def test_a_second_persons_hand_does_not_take_a_hidden_hands_place(nets, camera, visitor) -> None:
    """It comes while the player's hand of the same side is hidden or about to be."""
    frames, away = 44, range(22, 32)
    hands = [*pair(frames), stranger(frames, visitor)]
    found = follow(nets, camera, hands, frames, hidden(visitor, away))
    assert (found != 2).all()
    assert check(found, visitor, visitor)[-2:].all()
    assert check(found, Side(1 - visitor), 1 - visitor).all()


def test_a_second_persons_hand_does_not_become_the_other_hand(nets) -> None:
    """The player shows one hand; a hand of the same side comes from across the table."""
    frames = 40
    right = pair(frames)[Side.RIGHT]
    found = follow(nets, FRONT, [right, stranger(frames, Side.RIGHT)], frames)
    assert check(found, Side.RIGHT, 0).all()
    check(found, Side.LEFT, None)


def test_a_second_persons_hand_is_not_where_other_views_see_the_players(nets) -> None:
    """The player's left hand is hidden, and other views tell where it must be."""
    frames, away = 30, range(12, 22)
    hands = [*pair(frames), stranger(frames, Side.LEFT, first=0)]

    def expect(k: int) -> tuple:
        left, right, _ = truth_px(hands, ABOVE, max(k - 1, 0))
        return left, right

    found = follow(nets, ABOVE, hands, frames, hidden(Side.LEFT, away), expect)
    assert (found != 2).all()
    assert check(found, Side.LEFT, Side.LEFT)[away.stop + 6 :].all()
    assert check(found, Side.RIGHT, Side.RIGHT).all()
