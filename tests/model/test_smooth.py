from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.model.hand import open_hand
from bridge.model.metrics import jitter_m_s3
from bridge.model.pose import HandPose, Hands
from bridge.model.smooth import OneEuroSettings, OneEuroSmoother
from bridge.protocol.joints import Side

RATE_HZ = 30


def pose(wrist: np.ndarray, turn: float = 0.0, side: Side = Side.RIGHT) -> HandPose:
    quaternions = np.tile(Rotation.from_rotvec([turn, 0, 0]).as_quat(), (16, 1))
    return HandPose(
        side=side,
        wrist_m=wrist,
        pose_quat=quaternions,
        betas=np.zeros(10),
        rest_m=open_hand(side).rest_keypoints(np.zeros(10)),
        joints_m=open_hand(side).keypoints(np.zeros(10), quaternions, wrist),
        finger_confidence=np.ones(5),
    )


def run(
    poses: list[HandPose | None], settings: OneEuroSettings | None = None
) -> list[HandPose | None]:
    smoother = OneEuroSmoother(settings)
    return [
        smoother.smooth(Hands(k * 1_000_000_000 // RATE_HZ, (None, p))).hands[Side.RIGHT]
        for k, p in enumerate(poses)
    ]


def resting() -> tuple[np.ndarray, np.ndarray]:
    """Wrist and turns of a hand that rests, as a net that errs anew in each frame sees it."""
    rng = np.random.default_rng(1)
    return rng.normal(0, 0.003, (200, 3)), rng.normal(0, 0.03, 200)


def test_a_low_cutoff_holds_a_resting_hand_still() -> None:
    wrists, turns = resting()
    steady = OneEuroSettings(min_cutoff_hz=1.5, position_beta=30, speed_cutoff_hz=1)
    smooth = run([pose(w, t) for w, t in zip(wrists, turns, strict=True)], steady)
    assert np.std([p.wrist_m for p in smooth[50:]]) < 0.5 * 0.003
    angles = [Rotation.from_quat(p.pose_quat[3]).magnitude() for p in smooth[50:]]
    assert np.sqrt(np.mean(np.square(angles))) < 0.5 * 0.03


def test_by_default_a_resting_hand_jitters_less_than_half_as_much() -> None:
    wrists, turns = resting()
    poses = [pose(w, t) for w, t in zip(wrists, turns, strict=True)]
    before, after = (
        jitter_m_s3([p.joints_m for p in given[50:]], rate_hz=RATE_HZ).value
        for given in (poses, run(poses))
    )
    assert after < 0.5 * before


def test_a_fast_hand_lags_little() -> None:
    speed = 0.5
    wrists = [np.array([speed * k / RATE_HZ, 0, 0]) for k in range(90)]
    smooth = run([pose(w) for w in wrists])
    lag_s = (wrists[-1][0] - smooth[-1].wrist_m[0]) / speed
    assert 0 <= lag_s < 0.02


def test_a_steady_turn_through_half_a_circle_is_followed_and_stays_a_rotation() -> None:
    turns = np.linspace(0, 3.5, 120)
    smooth = run([pose(np.zeros(3), t) for t in turns])
    quaternions = np.array([p.pose_quat for p in smooth])
    np.testing.assert_allclose(np.linalg.norm(quaternions, axis=-1), 1, atol=1e-9)
    behind = Rotation.from_quat(quaternions[-1, 0]).inv() * Rotation.from_rotvec([turns[-1], 0, 0])
    assert behind.magnitude() < 0.15


def test_keypoints_follow_from_the_smoothed_pose() -> None:
    rng = np.random.default_rng(2)
    for p in run([pose(rng.normal(0, 0.01, 3), rng.normal(0, 0.2)) for _ in range(10)]):
        expected = open_hand(Side.RIGHT).keypoints(p.betas, p.pose_quat, p.wrist_m)
        np.testing.assert_allclose(p.joints_m, expected, atol=1e-12)


def test_an_absent_hand_stays_absent_and_starts_afresh() -> None:
    gap = [None] * RATE_HZ
    there, back = pose(np.zeros(3)), pose(np.array([1.0, 0, 0]))
    smooth = run([there, there, *gap, back])
    assert smooth[5] is None
    np.testing.assert_array_equal(smooth[-1].wrist_m, back.wrist_m)


@pytest.mark.parametrize("times", [(0, 0), (5, 3)])
def test_time_that_stands_still_or_runs_back_starts_afresh(times: tuple[int, int]) -> None:
    smoother = OneEuroSmoother()
    first, second = pose(np.zeros(3)), pose(np.ones(3))
    smoother.smooth(Hands(times[0], (None, first)))
    result = smoother.smooth(Hands(times[1], (None, second))).hands[Side.RIGHT]
    np.testing.assert_array_equal(result.wrist_m, second.wrist_m)
