"""Forearms of pasted hands: where they are, and what they hide."""

from __future__ import annotations

import numpy as np
import torch

from bridge.model.multihand.arms import Arm, draw_arm
from tests.model.multihand.tiny import pasted

SKIN = np.array([0.8, 0.6, 0.5], np.float32)
BLUE = np.array([0.0, 0.0, 1.0], np.float32)


def upright_hand() -> np.ndarray:
    """A flat hand that points up, its wrist at (60, 60)."""
    points = np.zeros((21, 2))
    points[:, 0] = 60 + np.repeat([0, -18, -9, 0, 9, 16], [1, 4, 4, 4, 4, 4])
    points[1:, 1] = 30 - np.tile([0, 8, 14, 18], 5)
    points[0] = 60, 60
    return points


def arm(**changes: float) -> Arm:
    return Arm(**({"bend": 0.0, "reach": 1.0, "sleeve": 2.0} | changes), cloth=BLUE)  # type: ignore[arg-type]


def test_it_goes_from_the_wrist_away_from_the_fingers() -> None:
    paper = np.zeros((160, 120, 3), np.float32)
    where = draw_arm(paper, upright_hand(), SKIN, arm())
    rows, columns = np.nonzero(where)
    assert 50 < rows.min() < 60  # a little under the hand
    assert rows.max() > 130
    assert abs(columns.mean() - 60) < 1
    assert np.allclose(paper[100, 60], SKIN, atol=0.05)
    assert paper[100, columns[rows == 100].min() + 1, 0] < 0.75 * SKIN[0]  # it is round
    assert paper[:50].max() == 0


def test_it_may_have_a_sleeve_a_bend_and_be_short() -> None:
    paper = np.zeros((160, 160, 3), np.float32)
    draw_arm(paper, upright_hand(), SKIN, arm(sleeve=0.5))
    assert paper[140, 60, 2] > 0.9
    assert paper[70, 60, 2] < 0.6
    bent = draw_arm(np.zeros_like(paper), upright_hand(), SKIN, arm(bend=-0.6))
    assert np.nonzero(bent)[1].mean() > 65
    short = draw_arm(np.zeros_like(paper), upright_hand(), SKIN, arm(reach=0.3))
    assert np.nonzero(short)[0].max() < 100


def test_a_hand_under_an_arm_is_hidden_and_arms_are_no_skin_of_a_hand() -> None:
    numbers = list(range(24))
    without = pasted(least=3, most=4).batch(numbers, views=1, augment=False)
    with_arms = pasted(least=3, most=4, arms=1.0).batch(numbers, views=1, augment=False)
    assert torch.equal(without.keypoints_px, with_arms.keypoints_px)
    more = with_arms.visible & ~without.visible
    assert not more.any()
    assert with_arms.visible.sum() < 0.98 * without.visible.sum()
    # Skin is where meshes are: what arms cover of it is gone, and none is added.
    assert not (with_arms.skin.bool() & ~without.skin.bool()).any()
    assert with_arms.skin.sum() < 0.98 * without.skin.sum()
    assert not torch.equal(without.images, with_arms.images)
