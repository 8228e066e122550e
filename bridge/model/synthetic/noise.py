"""The landmark net's errors, as measured on rendered hands, drawn without rendering.

An error is a bias, linear in how the hand lies in the net's region (`sight`), plus a deviation: a
direction in the 42 coordinates, correlated as measured, times a spread of each keypoint (more for
hidden ones), times a length. The length depends on the view, and what the view does not tell of it
is drawn from the measured distribution, tails and all; long ones have correlations of their own.
Trust follows from the view and the length. Some views are lost.

``scripts/measure_landmark_noise.py`` measures and fits.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, fields
from functools import cache
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from bridge.errors import InputError, ModelError
from bridge.model.synthetic.detector import MIN_PRESENCE
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.sight import N_FEATURES, N_SUMMARY, Sight, sight_of
from bridge.model.training.sample import HandViews
from bridge.protocol.joints import N_KEYPOINTS

__all__ = ["LandmarkNoise", "NoiseParameters", "Seen", "landmark_noise", "shipped_noise"]

QUANTILES = 65
"""How many points of a measured distribution are kept, evenly from its least to its most."""

OUTSIDE = 1.375
"""Keypoints beyond this crop coordinate are outside the pictures that were measured."""

_OUTSIDE_CONFIDENCE = 0.5
_BLOCK = (0.08, 0.35)
_COORDINATES = 2 * N_KEYPOINTS


@dataclass(frozen=True, slots=True)
class NoiseParameters:
    """What was measured; lengths in sides of the region, axes of the region.

    Attributes:
        feature_mean, feature_scale: ``(N_FEATURES,)`` to standardise `Sight.features`.
        bias: ``(N_FEATURES, 42)`` mean error for standardised features.
        summary_mean, summary_scale: ``(N_SUMMARY + 1,)`` to standardise `Sight.summary` and, last,
            the hidden part of the keypoints.
        spread: ``(2, 21)`` of each keypoint at length 1, visible and hidden.
        length: ``(N_SUMMARY + 1,)`` log length for a standardised summary.
        length_quantiles: ``(QUANTILES,)`` of what remains of the log length.
        factors: ``(2, 42, 42)`` square roots of the correlations, of short and of long errors.
        long_from: ``(1,)`` log length from which errors are long.
        trust: ``(N_SUMMARY + 2,)`` logit of the presence for a standardised summary and, last, the
            log length.
        trust_quantiles: ``(QUANTILES,)`` of what remains of the logit.
        found: ``(N_SUMMARY + 1,)`` logit of the probability that the tracker keeps the hand.
        blocked: ``(1,)`` probability that something else hides some keypoints.
    """

    feature_mean: Tensor
    feature_scale: Tensor
    bias: Tensor
    summary_mean: Tensor
    summary_scale: Tensor
    spread: Tensor
    length: Tensor
    length_quantiles: Tensor
    factors: Tensor
    long_from: Tensor
    trust: Tensor
    trust_quantiles: Tensor
    found: Tensor
    blocked: Tensor


_SHAPES = {
    "feature_mean": (N_FEATURES,),
    "feature_scale": (N_FEATURES,),
    "bias": (N_FEATURES, _COORDINATES),
    "summary_mean": (N_SUMMARY + 1,),
    "summary_scale": (N_SUMMARY + 1,),
    "spread": (2, N_KEYPOINTS),
    "length": (N_SUMMARY + 1,),
    "length_quantiles": (QUANTILES,),
    "factors": (2, _COORDINATES, _COORDINATES),
    "long_from": (1,),
    "trust": (N_SUMMARY + 2,),
    "trust_quantiles": (QUANTILES,),
    "found": (N_SUMMARY + 1,),
    "blocked": (1,),
}


class Seen(NamedTuple):
    """What the landmark net says of P views.

    Attributes:
        landmarks: ``(P, 21, 2)`` crop coordinates.
        confidence: ``(P, 21)`` as the tracker gives it.
        found: ``(P,)`` bool, whether the tracker keeps the hand.
        hidden: ``(P, 21)`` bool, keypoints that were taken for hidden.
    """

    landmarks: Tensor
    confidence: Tensor
    found: Tensor
    hidden: Tensor


class LandmarkNoise:
    """Draws what the landmark net would say.

    Args:
        parameters: What was measured.
    """

    def __init__(self, parameters: NoiseParameters) -> None:
        self.parameters = parameters

    def draw(self, draws: Draws, sight: Sight) -> Seen:
        """What the net says of P views, one row of random numbers each."""
        p = self.parameters
        hidden = self._hidden(draws, sight)
        summary = self.summary(sight, hidden)
        length = summary @ p.length + _pick(p.length_quantiles, draws.uniform("length"))
        z = draws.normal("direction", _COORDINATES)
        long = (length >= p.long_from)[:, None]
        direction = torch.where(long, z @ p.factors[1].T, z @ p.factors[0].T)
        direction = direction / direction.square().mean(1, keepdim=True).sqrt()
        spread = torch.where(hidden, p.spread[1], p.spread[0]).repeat_interleave(2, 1)
        error = self.bias(sight) + direction * spread * length.exp()[:, None]
        landmarks = sight.exact + to_crop(error, sight)

        found = draws.uniform("found") < torch.sigmoid(summary @ p.found)
        logit = summary @ p.trust[:-1] + length * p.trust[-1]
        logit = logit + _pick(p.trust_quantiles, draws.uniform("trust"))
        presence = torch.sigmoid(logit).clamp(MIN_PRESENCE, 1.0)
        inside = (landmarks.abs() < OUTSIDE).all(-1)
        confidence = presence[:, None] * torch.where(inside, 1.0, _OUTSIDE_CONFIDENCE)
        return Seen(landmarks, confidence, found, hidden)

    def bias(self, sight: Sight) -> Tensor:
        """Mean errors ``(P, 42)``."""
        p = self.parameters
        return ((sight.features - p.feature_mean) / p.feature_scale) @ p.bias

    def summary(self, sight: Sight, hidden: Tensor) -> Tensor:
        """Standardised summaries ``(P, N_SUMMARY + 1)``."""
        p = self.parameters
        part = hidden.float().mean(1, keepdim=True)
        return (torch.cat([sight.summary, part], 1) - p.summary_mean) / p.summary_scale

    def _hidden(self, draws: Draws, sight: Sight) -> Tensor:
        """Keypoints behind the hand, or behind something else: all within a random disc."""
        centre = sight.exact.gather(1, draws.integers("block", N_KEYPOINTS, 1, 1).expand(-1, -1, 2))
        radius = draws.uniform("radius", 1, low=_BLOCK[0], high=_BLOCK[1])
        radius = radius * sight.region.size[:, None]
        within = (sight.exact - centre).norm(dim=-1) < radius
        blocked = draws.uniform("blocked", 1) < self.parameters.blocked
        return sight.hidden | (within & blocked)


def to_crop(error: Tensor, sight: Sight) -> Tensor:
    """Errors ``(P, 42)`` in the region's axes and sides as ``(P, 21, 2)`` in the crop's."""
    turned = error.unflatten(1, (N_KEYPOINTS, 2)) @ sight.region.turn.transpose(-1, -2)
    return turned * sight.region.size[:, None, None]


def to_region(error: Tensor, sight: Sight) -> Tensor:
    """The inverse of `to_crop`."""
    return (error @ sight.region.turn / sight.region.size[:, None, None]).flatten(1)


def landmark_noise(draws: Draws, truth: HandViews) -> Seen:
    """What the shipped landmark net would say of exact views, by the shipped noise model.

    Args:
        draws: Random numbers of the samples.
        truth: Views with ``joints_m`` and ``wrist_rotation``.

    Returns:
        Fields with leading axes ``(B, N)``.

    Raises:
        InputError: The truth is not there.
    """
    if truth.joints_m is None or truth.wrist_rotation is None:
        raise InputError("landmark noise needs views with joints_m and wrist_rotation")
    shape = truth.focal.shape
    sight = sight_of(
        truth.joints_m.flatten(0, 1), truth.focal.flatten(), truth.wrist_rotation.flatten(0, 1)
    )
    seen = shipped_noise().draw(draws.spread("noise", shape[1]), sight)
    return Seen(*(field.unflatten(0, shape) for field in seen))


@cache
def shipped_noise() -> LandmarkNoise:
    """The noise model that was measured, loaded once.

    Raises:
        ModelError: Its file is missing or damaged.
    """
    return LandmarkNoise(read_parameters())


def read_parameters(file: Path | None = None) -> NoiseParameters:
    """Reads what ``scripts/measure_landmark_noise.py`` wrote; None takes the shipped file.

    Raises:
        ModelError: The file is missing or damaged.
    """
    own = resources.files(__package__).joinpath("data", "landmark_noise.npz")
    source = own if file is None else file
    try:
        with source.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            values = {f.name: np.asarray(arrays[f.name]) for f in fields(NoiseParameters)}
        for name, value in values.items():
            if value.shape != _SHAPES[name] or not np.isfinite(value).all():
                raise ValueError(f"{name} has shape {value.shape} or is not finite")
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(
            f"the landmark noise model {source} cannot be read ({error}): reinstall ghosthands, "
            "or measure it with scripts/measure_landmark_noise.py"
        ) from error
    return NoiseParameters(**{k: torch.from_numpy(v).float() for k, v in values.items()})


def _pick(quantiles: Tensor, part: Tensor) -> Tensor:
    """Values at parts 0 to 1 of a distribution, between its quantiles linearly."""
    place = part * (len(quantiles) - 1)
    low = place.floor().long().clamp(max=len(quantiles) - 2)
    return torch.lerp(quantiles[low], quantiles[low + 1], place - low)
