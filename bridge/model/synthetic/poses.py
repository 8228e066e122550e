"""Hands that people make: poses within the joints' limits, shapes, and smooth motions.

A pose lies between two of a dozen everyday ones (resting, playing the piano, grasping, pointing,
...), with joint errors that fingers share as tendons make them: neighbours bend together, and a
finger's last joint follows the one before.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from torch import Tensor

from bridge.model.hand.articulation import LIMITS_RAD, N_ANGLES
from bridge.model.hand.open_hand import open_hand
from bridge.model.synthetic.draws import Draws
from bridge.protocol.joints import KEYPOINT_OF_JOINT, N_BETAS, Side

__all__ = ["joint_rotations", "motion_angles", "random_angles", "random_betas"]

_ORDER = [0, 1, 3, 2]
"""Index, middle, ring, little to joint order: index, middle, little, ring."""

# Degrees. Fingers as index, middle, ring, little: flexions of the three joints, then abduction
# (towards the thumb). Thumb: flexion 1, abduction 1, twist 1, flexion 2, flexion 3. Weight last.
_POSTURES: dict[str, tuple[tuple[tuple[float, ...], ...], tuple[float, ...], float]] = {
    "flat": (((2, 2, 2, 2), (4, 4, 4, 4), (2, 2, 2, 2), (3, 0, -2, -6)), (0, 5, 0, 4, 2), 1.0),
    "spread": (
        ((-6, -6, -6, -6), (6, 5, 6, 7), (3, 3, 3, 3), (15, 3, -9, -19)),
        (-16, 8, 0, -4, -4),
        1.0,
    ),
    "rest": (
        ((18, 24, 28, 30), (28, 32, 34, 34), (14, 16, 17, 18), (4, 0, -2, -6)),
        (6, 14, 0, 12, 14),
        2.0,
    ),
    "piano": (
        ((26, 30, 30, 26), (38, 42, 40, 34), (22, 24, 24, 20), (6, 1, -3, -9)),
        (4, 12, 0, 10, 12),
        3.0,
    ),
    "wide chord": (
        ((14, 18, 18, 14), (30, 34, 32, 26), (18, 20, 20, 16), (13, 3, -8, -18)),
        (-14, 10, 0, 2, 8),
        1.5,
    ),
    "grasp large": (
        ((30, 32, 34, 36), (38, 40, 42, 44), (22, 24, 26, 28), (8, 2, -4, -10)),
        (-4, 34, 0, 10, 16),
        1.5,
    ),
    "grasp small": (
        ((52, 56, 60, 62), (66, 70, 72, 72), (34, 38, 40, 42), (3, 0, -1, -4)),
        (14, 30, 0, 24, 28),
        1.5,
    ),
    "fist": (
        ((76, 80, 84, 84), (96, 98, 98, 96), (52, 54, 56, 56), (1, 0, 0, -1)),
        (22, 26, 4, 34, 40),
        1.0,
    ),
    "point": (
        ((6, 68, 72, 72), (8, 86, 90, 88), (4, 48, 50, 50), (2, 0, 0, -2)),
        (20, 26, 4, 32, 36),
        1.0,
    ),
    "pinch": (
        ((44, 26, 20, 14), (50, 30, 24, 20), (24, 16, 12, 10), (2, 1, -3, -8)),
        (14, 32, 6, 18, 26),
        1.2,
    ),
    "pen": (
        ((44, 50, 56, 58), (52, 60, 66, 66), (20, 34, 38, 38), (2, 0, -1, -3)),
        (14, 30, 6, 20, 30),
        0.8,
    ),
    "victory": (
        ((2, 2, 70, 72), (4, 4, 88, 86), (2, 2, 48, 48), (10, -6, 0, -2)),
        (24, 26, 6, 34, 40),
        0.7,
    ),
    "claw": (
        ((-2, 0, 0, 0), (72, 74, 74, 72), (42, 44, 44, 42), (8, 2, -5, -11)),
        (-6, 18, 0, 20, 38),
        0.8,
    ),
    "thumb up": (
        ((70, 76, 80, 80), (92, 94, 94, 92), (48, 50, 52, 52), (1, 0, 0, -1)),
        (-26, 4, 0, -10, -12),
        0.6,
    ),
}

_MOST_BETA = 2.5
_SHARED = 0.55
"""Part of a finger's deviation that its neighbour shares."""


@cache
def _postures() -> tuple[Tensor, Tensor]:
    """Angles ``(P, 6, 5)`` of the everyday poses, radians, and their weights ``(P,)``."""
    angles = torch.zeros(len(_POSTURES), 6, 5)
    weights = torch.empty(len(_POSTURES))
    for row, (fingers, thumb, weight) in enumerate(_POSTURES.values()):
        for kind, degrees in zip((0, 3, 5, 1), fingers, strict=True):
            angles[row, kind, :4] = torch.tensor(degrees, dtype=torch.float32)[_ORDER]
        angles[row, [0, 1, 2, 3, 5], 4] = torch.tensor(thumb, dtype=torch.float32)
        weights[row] = weight
    return torch.deg2rad(angles), weights


def random_angles(draws: Draws) -> Tensor:
    """One pose for each sample.

    Returns:
        ``(B, 30)`` radians within ``LIMITS_RAD``, in the order of ``ANGLE_NAMES``.
    """
    everyday, weights = (t.to(draws.device) for t in _postures())
    first, second = (everyday[draws.choice(name, weights)] for name in ("first", "second"))
    # Mostly near one pose, sometimes half way.
    mixed = torch.lerp(first, second, draws.uniform("between", 1, 1) ** 2)

    degrees = torch.zeros_like(mixed)
    # All fingers together, then neighbours together, then each on its own.
    common = draws.normal("common", 3)
    own = draws.normal("own", 3, 5)
    chain = own.clone()
    for finger in (1, 3, 2):  # along the hand: index, middle, ring, little
        before = {1: 0, 3: 1, 2: 3}[finger]
        chain[..., finger] = (
            _SHARED * chain[..., before] + math.sqrt(1 - _SHARED**2) * (own[..., finger])
        )
    spread = 9.0 * common[..., None] + 9.0 * chain
    # A last joint mostly follows the middle one (they share a tendon).
    degrees[:, 0] = spread[:, 0]
    degrees[:, 3] = 1.2 * spread[:, 1]
    degrees[:, 5] = 0.7 * spread[:, 1] + 0.35 * spread[:, 2]
    sideways = draws.normal("sideways", 5)
    degrees[:, 1] = 3.5 * sideways
    degrees[:, 1, 4] = 9.0 * sideways[:, 4]
    twist = draws.normal("twist", 2, 5)
    degrees[:, 2] = 3.0 * twist[:, 0]
    degrees[:, 2, 4] = 8.0 * twist[:, 0, 4]
    degrees[:, 4] = 1.5 * twist[:, 1]
    degrees[:, 4, 4] = 4.0 * twist[:, 1, 4]
    mixed = mixed + torch.deg2rad(degrees)

    # One finger in four hands does something of its own: presses a key, lifts, points.
    fingers = torch.arange(5, device=draws.device)
    alone = draws.below("alone", 0.25, 1) & (fingers == draws.integers("which", 5, 1))
    bent = torch.deg2rad(draws.uniform("bent", 3, low=-15.0, high=75.0))
    lone = torch.stack([bent[:, 0], bent[:, 1].abs(), 0.6 * bent[:, 1].abs()], 1)
    kinds = [0, 3, 5]
    mixed[:, kinds] = torch.where(alone[:, None], lone[..., None], mixed[:, kinds])

    # A knuckle that is bent by 90 degrees holds its finger straight (collateral ligaments).
    bend = mixed[:, 0, :4].clamp(0, math.pi / 2)
    mixed[:, 1, :4] *= 0.25 + 0.75 * bend.cos()
    low, high = torch.from_numpy(LIMITS_RAD).to(mixed).unbind(-1)
    return mixed.reshape(-1, N_ANGLES).clamp(low, high)


def motion_angles(draws: Draws, times_s: Tensor, *, key_interval_s: float = 0.5) -> Tensor:
    """A continuous motion for each sample: key poses blended by overlapping Gaussians.

    The Gaussian's spectrum bounds the motion's: 60 dB down at 1.2 / ``key_interval_s`` Hz.

    Args:
        draws: Random numbers; the motion is the same function of time whatever times are asked.
        times_s: ``(B, T)`` from 0.
        key_interval_s: Time from one key pose to the next.

    Returns:
        ``(B, T, 30)`` radians within the limits.
    """
    place = times_s / key_interval_s
    width = 0.5
    reach = 3
    base = place.floor().long()
    weighted = torch.zeros(*times_s.shape, N_ANGLES, device=times_s.device)
    total = torch.zeros(*times_s.shape, 1, device=times_s.device)
    first, last = int(base.min()) - reach + 1, int(base.max()) + reach
    for key in range(first, last + 1):
        weight = torch.exp(-0.5 * ((place - key) / width) ** 2)[..., None]
        weight = weight * ((base - key).abs() <= reach)[..., None]
        weighted += weight * random_angles(draws.fork(f"key {key}"))[:, None]
        total += weight
    return weighted / total


def random_betas(draws: Draws) -> Tensor:
    """Shapes ``(B, 10)``: standard normal, as the model's prior, without the rarest people."""
    return draws.normal("betas", N_BETAS).clamp(-_MOST_BETA, _MOST_BETA)


@cache
def _turn_matrices() -> tuple[Tensor, Tensor]:
    """Cross product matrices of the 30 axes ``(6, 5, 3, 3)`` and their squares, right open hand.

    The axes are those of ``Articulation``: flexion ``a``, abduction ``n = d x a``, twist ``d``.
    """
    hand = open_hand(Side.RIGHT)
    rest = hand.rest_keypoints(np.zeros(N_BETAS))
    axes = np.empty((6, 5, 3))
    for finger in range(5):
        for level in range(3):
            joint = 1 + 3 * finger + level
            start = KEYPOINT_OF_JOINT[joint]
            d = _unit(rest[start + 1] - rest[start])
            a = _unit(hand.flexion_axes[joint] - (hand.flexion_axes[joint] @ d) * d)
            kind = (0, 3, 5)[level]
            axes[kind, finger] = a
            if level < 2:
                axes[kind + 1, finger] = np.cross(d, a)
            if level == 0:
                axes[2, finger] = d
    x, y, z = torch.from_numpy(axes).unbind(-1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(6, 5, 3, 3)
    return skew.float(), (skew @ skew).float()


def _unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector))


def joint_rotations(angles: Tensor) -> Tensor:
    """Local rotations of the 15 finger joints, as ``Articulation.rotations`` gives them.

    Args:
        angles: ``(..., 30)`` radians, in the order of ``ANGLE_NAMES``.

    Returns:
        ``(..., 15, 3, 3)`` in MANO's joint order, without the wrist.
    """
    skew, squared = (m.to(angles) for m in _turn_matrices())
    turn = angles.reshape(*angles.shape[:-1], 6, 5, 1, 1)
    single = torch.eye(3).to(angles) + turn.sin() * skew + (1 - turn.cos()) * squared
    flex1, aside1, twist1, flex2, aside2, flex3 = single.unbind(-4)
    by_finger = torch.stack([flex1 @ aside1 @ twist1, flex2 @ aside2, flex3], dim=-3)
    return by_finger.flatten(-4, -3)
