"""Hands in known poses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from bridge.model.hand import OpenHand, open_hand
from bridge.model.hand.articulation import LIMITS_RAD, N_ANGLES, Articulation
from bridge.protocol.joints import Side


@dataclass
class Truth:
    """A hand whose every parameter is known."""

    wrist_m: np.ndarray
    rotation: np.ndarray
    angles: np.ndarray
    betas: np.ndarray
    keypoints_m: np.ndarray
    pose_quat: np.ndarray


class HandMaker:
    """Poses one hand at random or as told."""

    def __init__(self, side: Side) -> None:
        self.model: OpenHand = open_hand(side)
        self.articulation = Articulation(self.model)

    def angles(self, rng: np.random.Generator) -> np.ndarray:
        """Angles anywhere within the inner 90 % of their limits; the nearly fixed ones zero."""
        share = rng.uniform(0.05, 0.95, N_ANGLES)
        angles = LIMITS_RAD[:, 0] + share * (LIMITS_RAD[:, 1] - LIMITS_RAD[:, 0])
        angles.reshape(6, 5)[[2, 4]] = 0
        return angles

    def hand(
        self,
        rng: np.random.Generator,
        *,
        angles: np.ndarray | None = None,
        betas: np.ndarray | None = None,
    ) -> Truth:
        angles = self.angles(rng) if angles is None else angles
        betas = rng.normal(size=10) if betas is None else betas
        wrist = rng.normal(0, 0.3, 3)
        rotation = Rotation.random(random_state=rng).as_matrix()
        keypoints, _ = self.articulation.keypoints(wrist, rotation, angles, betas)
        rotations = self.articulation.rotations(rotation, angles)
        quat = Rotation.from_matrix(rotations).as_quat(canonical=True)
        return Truth(wrist, rotation, angles, betas, keypoints, quat)


@pytest.fixture(params=list(Side), ids=lambda side: side.name.lower())
def maker(request: pytest.FixtureRequest) -> HandMaker:
    return HandMaker(request.param)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
