"""The cost's derivatives against differences of the cost itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge.model.hand.articulation import AT_EASE
from bridge.model.selfcal.cameras import N_CAMERA, Cameras
from bridge.model.selfcal.skeleton import N_SHAPE
from bridge.model.selfcal.start import place_cameras, pose_hands
from bridge.model.selfcal.terms import N_POSE, Noise, linearise
from tests.model.selfcal.conftest import tracks

STEP = 1e-6
SMOOTH = Noise()


@pytest.fixture(scope="module")
def guess(noisy_clip):
    track = tracks(noisy_clip)[1]
    track = track.take(np.flatnonzero(track.seen.all(1))[:4])
    cameras = place_cameras([track], np.array([0.8, 0.9]), np.zeros(N_SHAPE))
    return track, pose_hands(track, cameras, np.zeros(N_SHAPE)), cameras


def cost(track, motion, shape, cameras, noise):
    return linearise(track, motion, shape, cameras, AT_EASE, noise).cost


def test_poses(guess) -> None:
    track, motion, cameras = guess
    shape = np.full(N_SHAPE, 0.001)
    terms = linearise(track, motion, shape, cameras, AT_EASE, SMOOTH)
    for row in (0, 2):
        for k in (0, 2, 3, 5, 6, 11, 21, 30, 35):
            step = np.zeros((len(track), N_POSE))
            step[row, k] = STEP
            ahead, behind = (
                cost(track, motion.moved(sign * step), shape, cameras, SMOOTH) for sign in (1, -1)
            )
            # Turns of neighbouring instants are taken for small: exact for one, nearly for three.
            assert (ahead - behind) / (4 * STEP) == pytest.approx(
                terms.gradient[row, k], rel=2e-2, abs=2.0
            )


def test_shared_parameters(guess) -> None:
    track, motion, cameras = guess
    shape = np.full(N_SHAPE, 0.001)
    # Cameras are moved by images alone; depth within a hand must not bend them.
    noise = replace(SMOOTH, depth_m=1e6)
    terms = linearise(track, motion, shape, cameras, AT_EASE, noise)
    for k in (0, 7, 15, 29):
        step = np.zeros(N_SHAPE)
        step[k] = STEP
        ahead, behind = (cost(track, motion, shape + s * step, cameras, noise) for s in (1, -1))
        assert (ahead - behind) / (4 * STEP) == pytest.approx(terms.shared_gradient[k], rel=1e-4)
    for k in range(N_CAMERA * 2):
        step = np.zeros(N_CAMERA * 2)
        step[k] = STEP
        ahead, behind = (
            cost(track, motion, shape, cameras.moved(s * step.reshape(2, -1)), noise)
            for s in (1, -1)
        )
        expected = terms.shared_gradient[N_SHAPE + k]
        assert (ahead - behind) / (4 * STEP) == pytest.approx(expected, rel=1e-4, abs=1e-3)


def test_without_shared_parameters_the_rest_is_the_same(guess) -> None:
    track, motion, cameras = guess
    shape = np.zeros(N_SHAPE)
    whole = linearise(track, motion, shape, cameras, AT_EASE, SMOOTH)
    part = linearise(track, motion, shape, cameras, AT_EASE, SMOOTH, shared=False)
    assert part.cost == pytest.approx(whole.cost)
    np.testing.assert_allclose(part.gradient, whole.gradient, atol=1e-8)
    np.testing.assert_allclose(part.curvature, whole.curvature, atol=1e-6)


def test_cameras_project_and_come_back() -> None:
    rng = np.random.default_rng(0)
    cameras = Cameras.unknown(3).moved(rng.normal(0, 0.2, (3, N_CAMERA)))
    points = rng.normal(0, 0.1, (5, 21, 3)) + np.array([0, 0, 1.0])
    np.testing.assert_allclose(
        cameras.to_stage(cameras.to_camera(points)), np.repeat(points[:, None], 3, 1), atol=1e-12
    )
    images, _, _ = cameras.linearised(points)
    np.testing.assert_allclose(images, cameras.project(points))
