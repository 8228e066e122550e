"""Samples without pictures: exact hands seen as the landmark net sees them, by its noise model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from bridge.model.hand.layer import HandLayer, open_hand_layer
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.noise import landmark_noise
from bridge.model.synthetic.scene import random_scene, true_views
from bridge.model.training.sample import HandViews

__all__ = ["SyntheticLandmarks"]


class SyntheticLandmarks:
    """A `SampleSource` for the landmark stem; thousands of views a second on one core.

    Args:
        seed: Another seed, other samples.
        epoch: How many samples are called one epoch.
        noise: Whether landmarks have the landmark net's errors; otherwise they are exact.
        hand: The right hand's model; the open hand where none is given.
        mesh: Whether samples have ``vertices_m``.
    """

    def __init__(
        self,
        seed: int = 0,
        epoch: int = 20_000,
        *,
        noise: bool = True,
        hand: HandLayer | None = None,
        mesh: bool = False,
    ) -> None:
        self._seed, self._epoch = seed, epoch
        self._noise, self._mesh = noise, mesh
        self._hand = open_hand_layer() if hand is None else hand

    def __len__(self) -> int:
        return self._epoch

    def batch(self, numbers: Sequence[int], *, views: int, augment: bool) -> HandViews:
        """Makes one batch; see `SampleSource`.

        A view whose hand the net would lose is not present and its confidence is 0; the first
        view is always found.
        """
        draws = Draws(self._seed, list(numbers))
        scene = random_scene(draws, self._hand, views=views, augment=augment, mesh=self._mesh)
        truth = true_views(scene)
        if not self._noise:
            exact = scene.cameras.project(scene.keypoints_m)
            return replace(truth, landmarks=exact, confidence=torch.ones(exact.shape[:-1]))
        seen = landmark_noise(draws, truth)
        present = seen.found.clone()
        present[:, 0] = True
        confidence = seen.confidence * present[..., None]
        return replace(truth, landmarks=seen.landmarks, confidence=confidence, present=present)
