"""Left or right: evidence over a track and joint decisions, by closed forms."""

from __future__ import annotations

import pytest

from bridge.model.sides import SideEvidence, assign_sides
from bridge.protocol.joints import Side

SURE_RIGHT, SURE_LEFT = 0.999, 0.001


def after(*probabilities: float) -> SideEvidence:
    hand = SideEvidence()
    for p in probabilities:
        hand.add(p)
        assign_sides([hand])
    return hand


@pytest.mark.parametrize(("p", "side"), [(0.9, Side.RIGHT), (0.1, Side.LEFT), (0.5, Side.LEFT)])
def test_one_sight_decides_a_new_hand(p, side) -> None:
    assert after(p).side is side


def test_one_frame_adds_at_most_three_and_all_frames_thirty() -> None:
    assert after(1.0).right == 3.0
    assert after(0.0).right == -3.0
    assert after(*[1.0] * 50).right == 30.0
    assert after(*[0.0] * 50).right == -30.0
    assert after(0.5).right == 0.0


def test_a_side_outlasts_ten_wrong_frames_and_yields_to_many() -> None:
    hand = after(*[SURE_RIGHT] * 20)
    for frame in range(1, 13):
        hand.add(SURE_LEFT)
        assign_sides([hand])
        # 30 - 3 n reaches the margin of -6 at the twelfth.
        assert hand.side is (Side.RIGHT if frame < 12 else Side.LEFT), frame


def test_a_wrong_first_frame_is_soon_corrected() -> None:
    assert after(0.6, *[SURE_LEFT] * 3).side is Side.LEFT


def test_two_hands_are_never_of_the_same_side() -> None:
    first, second = after(*[SURE_RIGHT] * 10), SideEvidence()
    for _ in range(30):
        second.add(SURE_RIGHT)
        assign_sides([first, second])
        assert (first.side, second.side) == (Side.RIGHT, Side.LEFT)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_right_hand_is_the_one_with_more_evidence(order) -> None:
    hands = [SideEvidence(right=2.0), SideEvidence(right=1.0)]
    assign_sides([hands[i] for i in order])
    assert (hands[0].side, hands[1].side) == (Side.RIGHT, Side.LEFT)


def test_a_pair_swaps_only_beyond_the_margin() -> None:
    hands = [SideEvidence(0.0, Side.RIGHT), SideEvidence(5.9, Side.LEFT)]
    assign_sides(hands)
    assert hands[0].side is Side.RIGHT
    hands[1].right = 6.1
    assign_sides(hands)
    assert (hands[0].side, hands[1].side) == (Side.LEFT, Side.RIGHT)


def test_a_recalled_side_holds_for_the_pair() -> None:
    """The older track is new, the newer one was recalled with its side."""
    hands = [SideEvidence(right=1.0), SideEvidence(0.0, Side.RIGHT)]
    assign_sides(hands)
    assert (hands[0].side, hands[1].side) == (Side.LEFT, Side.RIGHT)


def test_no_hands_need_no_decision() -> None:
    assign_sides([])
