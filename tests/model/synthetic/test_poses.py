from __future__ import annotations

import numpy as np
import pytest
import torch

from bridge.model.hand import open_hand
from bridge.model.hand.articulation import ANGLE_NAMES, LIMITS_RAD, Articulation
from bridge.model.hand.layer import open_hand_layer
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.poses import (
    joint_rotations,
    motion_angles,
    random_angles,
    random_betas,
)
from bridge.protocol.joints import Side


def test_angles_turn_joints_as_the_articulation_says() -> None:
    """The layer's keypoints against the bridge's own kinematics, extreme angles included."""
    draws = Draws(0, list(range(40)))
    low, high = torch.from_numpy(LIMITS_RAD).float().unbind(-1)
    angles = torch.cat([random_angles(draws), low + (high - low) * draws.uniform("any", 30)])
    betas = random_betas(draws).repeat(2, 1)
    pose = torch.cat([torch.eye(3).expand(80, 1, 3, 3), joint_rotations(angles)], 1)
    found = open_hand_layer()(betas, pose).keypoints
    articulation = Articulation(open_hand(Side.RIGHT))
    expected, _ = articulation.keypoints(
        np.zeros((80, 3)),
        np.tile(np.eye(3), (80, 1, 1)),
        angles.double().numpy(),
        betas.double().numpy(),
    )
    assert np.abs(found.numpy() - expected).max() < 1e-5


def test_poses_are_within_limits_and_correlated() -> None:
    angles = random_angles(Draws(1, list(range(3000))))
    low, high = torch.from_numpy(LIMITS_RAD).float().unbind(-1)
    assert ((angles >= low) & (angles <= high)).all()
    by_name = dict(zip(ANGLE_NAMES, angles.T, strict=True))

    def correlation(a: str, b: str) -> float:
        return float(torch.corrcoef(torch.stack([by_name[a], by_name[b]]))[0, 1])

    assert correlation("ring flexion1", "little flexion1") > 0.6
    assert correlation("index flexion2", "index flexion3") > 0.8
    assert float(by_name["middle flexion2"].std()) > np.radians(20)
    # Fingers hardly spread, and not at all when they make a fist.
    bent = by_name["index flexion1"] > np.radians(80)
    spread = by_name["index abduction1"]
    assert float(spread[bent].std()) < 0.6 * float(spread[~bent].std())
    assert float(by_name["index twist1"].std()) < np.radians(5)


def test_betas_are_standard_normal_without_the_rarest() -> None:
    betas = random_betas(Draws(1, list(range(2000))))
    assert betas.shape == (2000, 10)
    assert float(betas.abs().max()) <= 2.5
    assert float(betas.std()) == pytest.approx(1.0, abs=0.03)


def test_a_motion_is_one_smooth_function_of_time() -> None:
    draws = Draws(2, [0, 1, 2])
    times = torch.linspace(0, 4, 401).expand(3, -1)
    angles = motion_angles(draws, times)
    low, high = torch.from_numpy(LIMITS_RAD).float().unbind(-1)
    assert ((angles >= low - 1e-6) & (angles <= high + 1e-6)).all()
    assert float(angles.std(1).mean()) > np.radians(3)
    # Asked for alone, an instant is the same; the nearest keys are all that count.
    assert torch.allclose(motion_angles(draws, times[:, 137:138]), angles[:, 137:138], atol=1e-6)
    # Band-limited: nearly nothing above 2.4 Hz where keys are half a second apart.
    middle = angles[:, 100:300] * torch.hann_window(200)[:, None]
    power = torch.fft.rfft(middle - middle.mean(1, keepdim=True), dim=1).abs().square().sum((0, 2))
    hertz = torch.fft.rfftfreq(200, 0.01)
    assert float(power[hertz > 3.0].sum() / power.sum()) < 1e-4
