"""Who plays what before which devices: the random people, pieces and cameras of made-up recordings.

The one source of motion: recordings that are simulated by their keypoints (`clips`) and those that
are drawn (``bridge.bench.drawn``) show the same hands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d, maximum_filter1d
from scipy.spatial.transform import Rotation
from torch import Tensor

from bridge.model.hand.layer import HandMesh, open_hand_layer
from bridge.model.pose import FloatArray
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.poses import joint_rotations, motion_angles, random_betas
from bridge.protocol.joints import Side

__all__ = ["Performance", "random_performance", "wander"]

_MIRROR = torch.tensor([-1.0, 1.0, 1.0])
_SIZES_PX = ((1280, 720), (1920, 1080), (720, 1280), (640, 480))
_REACH_FRAMES = 15
"""Hands that would run into each other begin to give way so long before."""


@dataclass(frozen=True, slots=True)
class Performance:
    """Two hands that play, and the devices before them.

    The world is a keyboard's: x along it, z up; the player sits at -y, fingers point to +y. Hands
    are left 0, right 1.

    Attributes:
        time_s: ``(T,)``.
        betas: ``(10,)`` the person's hands.
        angles: ``(2, T, 30)`` radians, of `joint_rotations`.
        wrist_m: ``(2, T, 3)`` where the wrists are.
        turn: ``(2, T, 3, 3)`` the hand's rest frame to the world.
        keypoints_m: ``(T, 2, 21, 3)``.
        rotation: ``(V, 3, 3)`` from the world to each camera's OpenCV axes.
        offset_m: ``(V, 3)`` the same.
        focal: ``(V,)`` longer image sides.
        sizes_px: Width and height of each device's picture.
    """

    time_s: FloatArray
    betas: Tensor
    angles: Tensor
    wrist_m: FloatArray
    turn: FloatArray
    keypoints_m: FloatArray
    rotation: FloatArray
    offset_m: FloatArray
    focal: FloatArray
    sizes_px: tuple[tuple[int, int], ...]

    def vertices(self, side: Side, frame: int) -> FloatArray:
        """The open hand's mesh ``(V, 3)`` at one instant, metres of the world."""
        rows = slice(frame, frame + 1)
        mesh = _mesh(self.betas, self.angles[side, rows])
        placed = _placed(mesh.vertices, self.wrist_m[side, rows], self.turn[side, rows], side)
        return np.asarray(placed[0])


def random_performance(
    seed: int,
    rng: np.random.Generator,
    *,
    seconds: float,
    rate_hz: float = 30.0,
    views: int = 2,
    apart_m: float | None = None,
) -> Performance:
    """Makes one.

    Args:
        seed: Another seed, another person and piece.
        rng: Where the hands move and the devices stand.
        seconds: How long.
        rate_hz: Frames a second.
        views: How many devices.
        apart_m: Room that is kept between the hands along the keyboard, so that they do not pass
            through each other; None leaves them free to.
    """
    count = round(seconds * rate_hz)
    time_s = np.arange(count) / rate_hz
    draws = Draws(seed, [0, 1])
    betas = random_betas(draws)[0]
    angles = motion_angles(draws, torch.from_numpy(time_s).float().expand(2, count))
    wrist, turn = _wrists(rng, time_s)
    points = np.stack(
        [
            _placed(_mesh(betas, angles[side]).keypoints, wrist[side], turn[side], side)
            for side in Side
        ],
        axis=1,
    )
    if apart_m is not None:
        aside = _giving_way(points, apart_m)
        wrist += aside
        points += aside.transpose(1, 0, 2)[:, :, None]
    devices = _devices(rng, points.mean((0, 1, 2)), views)
    return Performance(time_s, betas, angles, wrist, turn, points, *devices)


def wander(rng: np.random.Generator, time_s: FloatArray, axes: int) -> FloatArray:
    """Smooth random curves ``(T, axes)`` of about unit size: sines below 1 Hz."""
    rates = rng.uniform(0.1, 1.0, (6, axes))
    phases = rng.uniform(0, 2 * np.pi, (6, axes))
    waves = np.sin(2 * np.pi * rates * time_s[:, None, None] + phases)
    curve: FloatArray = waves.sum(1) / np.sqrt(6)
    return curve


def _wrists(rng: np.random.Generator, time_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positions ``(2, T, 3)`` and rotations ``(2, T, 3, 3)`` over a keyboard along x, z upwards."""
    wrist = np.empty((2, len(time_s), 3))
    turn = np.empty((2, len(time_s), 3, 3))
    for h, aside in enumerate((-1.0, 1.0)):
        middle = np.array([aside * rng.uniform(0.06, 0.25), 0.0, 0.05])
        reach = np.array([0.10, 0.03, 0.02])
        wrist[h] = middle + reach * wander(rng, time_s, 3)
        # Fingers (the open hand's -x for a right hand) point away from the player, palms down.
        base = Rotation.from_euler("z", -np.pi / 2 * (1 if h else -1))
        wobble = Rotation.from_rotvec(np.radians([20.0, 20.0, 15.0]) * wander(rng, time_s, 3))
        turn[h] = (wobble * base).as_matrix()
    return wrist, turn


def _giving_way(points: FloatArray, apart_m: float) -> FloatArray:
    """How far ``(2, T, 3)`` each hand moves aside, smoothly, to leave the other its room."""
    gap = points[:, Side.RIGHT, :, 0].min(1) - points[:, Side.LEFT, :, 0].max(1)
    short = np.maximum(apart_m - gap, 0.0)
    # The mean of what is nowhere too little is nowhere too little.
    early = maximum_filter1d(short, 2 * _REACH_FRAMES + 1, mode="nearest")
    smooth = gaussian_filter1d(early, _REACH_FRAMES / 3, truncate=3.0, mode="nearest")
    aside = np.zeros((2, len(points), 3))
    aside[:, :, 0] = np.array([[-0.5], [0.5]]) * smooth
    return aside


def _mesh(betas: Tensor, angles: Tensor) -> HandMesh:
    """A right hand at the origin with joint angles ``(T, 30)``."""
    count = len(angles)
    rotations = torch.cat([torch.eye(3).expand(count, 1, 3, 3), joint_rotations(angles)], 1)
    mesh: HandMesh = open_hand_layer(Side.RIGHT)(betas.expand(count, 10), rotations)
    return mesh


def _placed(local: Tensor, wrist: FloatArray, turn: FloatArray, side: Side) -> FloatArray:
    """Points ``(T, N, 3)`` of one hand in the world; the left one is the mirrored right one."""
    if side is Side.LEFT:
        local = local * _MIRROR
    points: FloatArray = local.double().numpy() @ np.swapaxes(turn, 1, 2) + wrist[:, None]
    return points


def _devices(
    rng: np.random.Generator, middle: FloatArray, views: int
) -> tuple[FloatArray, FloatArray, FloatArray, tuple[tuple[int, int], ...]]:
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
    return rotation, offset, rng.uniform(0.62, 1.3, views), tuple(sizes)
