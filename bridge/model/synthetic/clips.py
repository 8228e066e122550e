"""Simulated recordings: two hands that play, seen by devices nobody calibrated, with exact truth.

No pictures: each view has the keypoints that the landmark net would have given, by the measured
noise model. Errors of neighbouring frames are alike, as a net's are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from bridge.model.hand.layer import HandLayer, open_hand_layer
from bridge.model.pose import FloatArray, ViewHand, ViewHands
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.noise import landmark_noise
from bridge.model.synthetic.poses import joint_rotations, motion_angles, random_betas
from bridge.model.training.sample import HandViews
from bridge.protocol.joints import Side

__all__ = ["SimulatedClip", "simulate_clip"]

_KNOT_FRAMES = 5
"""The net's errors are drawn anew after so many frames, and blended in between."""

_MIRROR = torch.tensor([-1.0, 1.0, 1.0])
_CROP_FILL = 0.75
_SIZES_PX = ((1280, 720), (1920, 1080), (720, 1280), (640, 480))


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
    count = round(seconds * rate_hz)
    time_s = np.arange(count) / rate_hz
    draws = Draws(seed, [0, 1])
    betas = random_betas(draws)[:1].expand(2, 10)
    angles = motion_angles(draws, torch.from_numpy(time_s).float().expand(2, count))
    wrist, turn = _wrists(rng, time_s)
    layer = open_hand_layer(Side.RIGHT)
    points = np.stack(
        [_posed(layer, betas[h], angles[h], wrist[h], turn[h], Side(h)) for h in (0, 1)], axis=1
    )
    rotation, offset, focal, sizes = _devices(rng, points.mean((0, 1, 2)), views)
    frames: list[list[list[ViewHand | None]]] = [
        [[None, None] for _ in range(views)] for _ in range(count)
    ]
    for v in range(views):
        for side in Side:
            there = points[:, side] @ rotation[v].T + offset[v]
            axes = rotation[v] @ turn[side]
            seen = _seen(rng, there, axes, focal[v], sizes[v], side, noise)
            hidden = _hidden(rng, count, drop)
            for f in np.flatnonzero(seen[3] & ~hidden):
                frames[f][v][side] = ViewHand(side, seen[0][f], seen[1][f], seen[2][f])
    frame_sets = tuple(
        tuple(ViewHands(f"cam{v}", sizes[v], (hands[0], hands[1])) for v, hands in enumerate(frame))
        for frame in frames
    )
    relative = rotation @ rotation[0].T
    return SimulatedClip(
        time_s,
        frame_sets,
        points @ rotation[0].T + offset[0],
        relative,
        offset - relative @ offset[0],
        focal,
    )


def _wrists(rng: np.random.Generator, time_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positions ``(2, T, 3)`` and rotations ``(2, T, 3, 3)`` over a keyboard along x, z upwards."""
    wrist = np.empty((2, len(time_s), 3))
    turn = np.empty((2, len(time_s), 3, 3))
    for h, aside in enumerate((-1.0, 1.0)):
        middle = np.array([aside * rng.uniform(0.06, 0.25), 0.0, 0.05])
        reach = np.array([0.10, 0.03, 0.02])
        wrist[h] = middle + reach * _wander(rng, time_s, 3)
        # Fingers (the open hand's -x for a right hand) point away from the player, palms down.
        base = Rotation.from_euler("z", -np.pi / 2 * (1 if h else -1))
        wobble = Rotation.from_rotvec(np.radians([20.0, 20.0, 15.0]) * _wander(rng, time_s, 3))
        turn[h] = (wobble * base).as_matrix()
    return wrist, turn


def _wander(rng: np.random.Generator, time_s: FloatArray, axes: int) -> FloatArray:
    """Smooth random curves ``(T, axes)`` of about unit size: sines below 1 Hz."""
    rates = rng.uniform(0.1, 1.0, (6, axes))
    phases = rng.uniform(0, 2 * np.pi, (6, axes))
    waves = np.sin(2 * np.pi * rates * time_s[:, None, None] + phases)
    curve: FloatArray = waves.sum(1) / np.sqrt(6)
    return curve


def _posed(
    layer: HandLayer,
    betas: Tensor,
    angles: Tensor,
    wrist: FloatArray,
    turn: FloatArray,
    side: Side,
) -> FloatArray:
    """Keypoints ``(T, 21, 3)`` of one hand; the left one is the mirrored right one."""
    count = len(angles)
    rotations = torch.cat([torch.eye(3).expand(count, 1, 3, 3), joint_rotations(angles)], 1)
    local = layer(betas.expand(count, 10), rotations).keypoints
    if side is Side.LEFT:
        local = local * _MIRROR
    points: FloatArray = local.double().numpy() @ np.swapaxes(turn, 1, 2) + wrist[:, None]
    return points


def _devices(
    rng: np.random.Generator, middle: FloatArray, views: int
) -> tuple[FloatArray, FloatArray, FloatArray, list[tuple[int, int]]]:
    """Devices propped around a keyboard, 40 to 110 degrees apart, that look about at the hands."""
    rotation, offset = np.empty((views, 3, 3)), np.empty((views, 3))
    azimuth = rng.uniform(0, 2 * np.pi)
    sizes = []
    for v in range(views):
        elevation = np.radians(rng.uniform(20, 75))
        direction = np.array(
            [
                np.cos(elevation) * np.cos(azimuth),
                np.cos(elevation) * np.sin(azimuth),
                np.sin(elevation),
            ]
        )
        centre = middle + direction * rng.uniform(0.45, 0.9)
        ahead = middle + rng.normal(0, 0.03, 3) - centre
        ahead /= np.linalg.norm(ahead)
        right = np.cross(ahead, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        axes = np.stack([right, np.cross(ahead, right), ahead])
        roll = Rotation.from_euler("z", rng.normal(0, np.radians(6))).as_matrix()
        rotation[v] = roll @ axes
        offset[v] = -rotation[v] @ centre
        azimuth += np.radians(rng.uniform(40, 110)) * rng.choice([-1, 1])
        sizes.append(_SIZES_PX[rng.integers(len(_SIZES_PX))])
    return rotation, offset, rng.uniform(0.62, 1.3, views), sizes


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
    off = np.stack([_wander(rng, time, 3) for _ in range(21)], 1) * [0.01, 0.01, 0.03]
    tilt = Rotation.from_rotvec(np.radians([15.0, 15.0, 5.0]) * _wander(rng, time, 3))
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
