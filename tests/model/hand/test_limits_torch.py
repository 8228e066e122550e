"""Joint limits in torch: the articulation's own angles come back, and only excess counts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bridge.model.hand import open_hand
from bridge.model.hand.articulation import LIMITS_RAD, Articulation
from bridge.model.hand.limits_torch import JointLimits
from bridge.protocol.joints import Side

# Rows of the 30 angles by kind and finger -> joint 1 + 3 finger + level, axis.
PLACES = [
    (3 * finger + level, axis)
    for level, axis in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0))
    for finger in range(5)
]


@pytest.mark.parametrize("side", Side)
def test_angles_of_the_articulation_come_back(side: Side) -> None:
    rng = np.random.default_rng(0)
    angles = rng.uniform(LIMITS_RAD[:, 0], LIMITS_RAD[:, 1], size=(20, 30))
    model = open_hand(side)
    rotations = Articulation(model).rotations(np.broadcast_to(np.eye(3), (20, 3, 3)), angles)
    limits = JointLimits(model)
    pose = torch.tensor(rotations[:, 1:], dtype=torch.float32)
    found = limits.angles(pose)
    for k, (joint, axis) in enumerate(PLACES):
        wanted = torch.tensor(angles[:, k], dtype=torch.float32)
        torch.testing.assert_close(found[:, joint, axis], wanted, atol=2e-4, rtol=0)
    assert limits.excess(pose).max() < 5e-4


def test_what_is_beyond_the_limits_counts_by_how_far() -> None:
    model = open_hand(Side.RIGHT)
    angles = np.zeros((1, 30))
    angles[0, 0] = LIMITS_RAD[0, 1] + 0.3  # the index bends 0.3 rad too far at its knuckle
    angles[0, 15] = LIMITS_RAD[15, 0] - 0.2  # and the other way at its middle joint
    rotations = Articulation(model).rotations(np.eye(3)[None], angles)
    excess = JointLimits(model).excess(torch.tensor(rotations[:, 1:], dtype=torch.float32))
    assert excess[0, 0, 0].item() == pytest.approx(0.3, abs=1e-3)
    assert excess[0, 1, 0].item() == pytest.approx(0.2, abs=1e-3)
    assert excess.sum().item() == pytest.approx(0.5, abs=2e-3)


def test_gradients_lead_back_and_are_finite_at_rest() -> None:
    limits = JointLimits(open_hand(Side.RIGHT))
    pose = torch.eye(3).repeat(1, 15, 1, 1).requires_grad_()
    limits.excess(pose).sum().backward()
    assert pose.grad is not None
    assert pose.grad.isfinite().all()
