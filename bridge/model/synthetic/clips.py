"""Simulated recordings: two hands that play, seen by devices nobody calibrated, with exact truth.

No pictures: each view has the keypoints that the landmark net would have given, by the measured
noise model. Errors of neighbouring frames are alike, as a net's are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.noise import landmark_noise
from bridge.model.synthetic.performance import Performance, random_performance, wander
from bridge.model.training.sample import HandViews
from bridge.protocol.joints import Side

__all__ = ["SimulatedClip", "clip_of", "simulate_clip"]

_KNOT_FRAMES = 5
"""The net's errors are drawn anew after so many frames, and blended in between."""

_CROP_FILL = 0.75


@dataclass(frozen=True, slots=True)
class SimulatedClip:
    """A recording and its truth.

    Attributes:
        time_s: ``(T,)``.
        frame_sets: What each view sees at each instant.
        keypoints_m: ``(T, 2, 21, 3)`` left and right, in the first camera's OpenCV axes.
        rotation: ``(V, 3, 3)`` from the first camera's axes to each camera's.
        offset_m: ``(V, 3)`` the same.
        focal: ``(V,)`` longer image sides.
    """

    time_s: FloatArray
    frame_sets: tuple[tuple[ViewHands, ...], ...]
    keypoints_m: FloatArray
    rotation: FloatArray
    offset_m: FloatArray
    focal: FloatArray


def simulate_clip(
    seed: int,
    *,
    seconds: float = 4.0,
    rate_hz: float = 30.0,
    views: int = 2,
    noise: float = 1.0,
    drop: float = 0.0,
) -> SimulatedClip:
    """Makes a clip.

    Args:
        seed: Another seed, another person, piece and set of devices.
        seconds: How long.
        rate_hz: Frames a second.
        views: How many devices.
        noise: Factor on the landmark net's errors; 0 gives exact keypoints.
        drop: Chance that a view does not see a hand for a while.
    """
    rng = np.random.default_rng(seed)
    played = random_performance(seed, rng, seconds=seconds, rate_hz=rate_hz, views=views)
    count, sizes = len(played.time_s), played.sizes_px
    frames: list[list[list[ViewHand | None]]] = [
        [[None, None] for _ in range(views)] for _ in range(count)
    ]
    for v in range(views):
        for side in Side:
            there = played.keypoints_m[:, side] @ played.rotation[v].T + played.offset_m[v]
            axes = played.rotation[v] @ played.turn[side]
            seen = _seen(rng, there, axes, played.focal[v], sizes[v], side, noise)
            hidden = _hidden(rng, count, drop)
            for f in np.flatnonzero(seen[3] & ~hidden):
                frames[f][v][side] = ViewHand(side, seen[0][f], seen[1][f], seen[2][f])
    frame_sets = tuple(
        tuple(ViewHands(f"cam{v}", sizes[v], (hands[0], hands[1])) for v, hands in enumerate(frame))
        for frame in frames
    )
    return clip_of(played, frame_sets)


def clip_of(played: Performance, frame_sets: tuple[tuple[ViewHands, ...], ...]) -> SimulatedClip:
    """The recording of a performance of which views saw this, T frame sets of V views."""
    first, offset = played.rotation[0], played.offset_m
    relative = played.rotation @ first.T
    return SimulatedClip(
        played.time_s,
        frame_sets,
        played.keypoints_m @ first.T + offset[0],
        relative,
        offset - relative @ offset[0],
        played.focal,
    )


def _seen(
    rng: np.random.Generator,
    there: FloatArray,
    axes: FloatArray,
    focal: float,
    size_px: tuple[int, int],
    side: Side,
    noise: float,
) -> tuple[FloatArray, FloatArray, FloatArray, np.ndarray]:
    """Landmarks in pixels, the net's own 3D idea, trust, and whether the hand is found."""
    count = len(there)
    exact = there[..., :2] / there[..., 2:]
    low, high = exact.min(1), exact.max(1)
    crop = _looking_at((low + high) / 2)
    mirror = np.array([-1.0 if side is Side.LEFT else 1.0, 1.0, 1.0])
    in_crop = (there @ np.swapaxes(crop, 1, 2)) * mirror
    # A mirrored hand's rest frame is mirrored too: M R M is a rotation again.
    turned = mirror[:, None] * (crop @ axes) * mirror
    image = in_crop[..., :2] / in_crop[..., 2:]
    zoom = _CROP_FILL / np.abs(image).max((1, 2))
    knots = np.unique(np.r_[np.arange(0, count, _KNOT_FRAMES), count - 1])
    views = HandViews(
        focal=torch.from_numpy(zoom[knots, None]).float(),
        present=torch.ones(len(knots), 1, dtype=torch.bool),
        joints_m=torch.from_numpy(in_crop[knots, None]).float(),
        wrist_rotation=torch.from_numpy(turned[knots, None]).float(),
    )
    said = landmark_noise(Draws(int(rng.integers(2**31)), list(range(len(knots)))), views)
    error = said.landmarks[:, 0].double().numpy() - zoom[knots, None, None] * image[knots]
    frames, place = np.arange(count), np.searchsorted(knots, np.arange(count), side="right") - 1
    place = np.minimum(place, len(knots) - 2)
    part = (frames - knots[place]) / (knots[place + 1] - knots[place])
    error = (1 - part)[:, None, None] * error[place] + part[:, None, None] * error[place + 1]
    moved = (image + noise * error / zoom[:, None, None]) * mirror[:2]
    rays = np.concatenate([moved, np.ones((count, 21, 1))], -1) @ crop
    middle = np.array(size_px) / 2
    pixels = middle + focal * max(size_px) * rays[..., :2] / rays[..., 2:]
    trust = said.confidence[:, 0].double().numpy()[place]
    found = said.found[:, 0].numpy()[place] if noise else np.ones(count, bool)
    inside = ((pixels > 0) & (pixels < np.array(size_px))).all(-1).mean(1) > 0.6
    return pixels, _own_idea(rng, there, noise), trust, found & inside


def _own_idea(rng: np.random.Generator, there: FloatArray, noise: float) -> FloatArray:
    """Monocular 3D keypoints: of another size, depth squeezed, a few millimetres off."""
    local = there - there.mean(1, keepdims=True)
    time = np.linspace(0, len(there) / 30.0, len(there))
    off = np.stack([wander(rng, time, 3) for _ in range(21)], 1) * [0.01, 0.01, 0.03]
    tilt = Rotation.from_rotvec(np.radians([15.0, 15.0, 5.0]) * wander(rng, time, 3))
    local = local @ np.swapaxes(tilt.as_matrix(), 1, 2)
    squeeze = np.array([1.0, 1.0, np.exp(noise * rng.normal(-0.2, 0.2))])
    idea: FloatArray = (local * squeeze + noise * off) * np.exp(noise * rng.normal(0, 0.12))
    return idea


def _hidden(rng: np.random.Generator, count: int, drop: float) -> np.ndarray:
    """Whether a view has lost the hand, for a third of a second at a time."""
    blocks = rng.random(count // 10 + 1) < drop
    return np.repeat(blocks, 10)[:count]


def _looking_at(image: FloatArray) -> FloatArray:
    """Turns ``(T, 3, 3)`` that bring rays ``(x, y, 1)`` onto the optical axis."""
    ray = np.concatenate([image, np.ones((len(image), 1))], -1)
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    axis = np.cross(ray, [0.0, 0.0, 1.0])
    length = np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = np.arctan2(length, ray[:, 2:])
    return np.asarray(Rotation.from_rotvec(axis / np.maximum(length, 1e-12) * angle).as_matrix())
