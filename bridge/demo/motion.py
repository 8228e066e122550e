"""How two hands play the piece: wrists that travel, fingers that reach for their keys.

Both hands are worked out as right hands, the left one in a mirror. Each wrist follows where its
notes are, smoothed in time; a finger hovers below the hand's arch, goes to its key, presses and
leaves; inverse kinematics turns that into joint angles. All of it is smooth in time and periodic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from bridge.demo.keyboard import Key, key_at
from bridge.demo.piece import PERIOD_S, PIECE, Note, contact, depression, time_since
from bridge.demo.reach import Finger, finger_of
from bridge.model.hand.open_hand import open_hand
from bridge.protocol.coordinates import canonical_quaternion, mirror_position, mirror_rotation
from bridge.protocol.joints import FINGERS, N_BETAS, N_JOINTS, Side

__all__ = ["FINGER_RADIUS_M", "HandMotion", "contact_point", "hands_at", "key_depressions"]

Array = NDArray[np.float64]

FINGER_RADIUS_M = 0.006
"""Height of a fingertip's keypoint, which is inside the finger, over the key that it touches."""

_HOVER_M = 0.014
_LIFT_M = 0.006
_WRIST_HEIGHT_M = 0.047
_WRIST_Z_M = 0.085
_SMOOTHING_S = 0.115
_SOLVED_HZ = 100
_FINGER_SMOOTHING_S = 0.012
_PITCH_RAD, _YAW_RAD, _ROLL_RAD = np.deg2rad([6.0, 6.0, 2.0])
_ROLL_OF_FINGER_RAD = np.deg2rad([6.0, 1.0, 0.0, -3.0, -10.0])

# Fingers of a right hand along -z, its back up.
_FORWARD = Rotation.from_rotvec([0.0, -np.pi / 2, 0.0])


@dataclass(frozen=True, slots=True, eq=False)
class HandMotion:
    """Poses of both hands at T times.

    Attributes:
        wrist_m: ``(T, 2, 3)`` wrists in the keyboard's frame, left then right.
        pose_quat: ``(T, 2, 16, 4)`` xyzw with w >= 0, MANO joint order; 0 turns the hand's rest
            frame into the keyboard's, 1 to 15 are local.
        joints_m: ``(T, 2, 21, 3)`` keypoints in the keyboard's frame.
    """

    wrist_m: Array
    pose_quat: Array
    joints_m: Array

    def at(self, times: slice) -> HandMotion:
        """Some of the times."""
        return HandMotion(self.wrist_m[times], self.pose_quat[times], self.joints_m[times])


def hands_at(time_s: ArrayLike) -> HandMotion:
    """Both hands at times ``(T,)`` seconds; the piece repeats."""
    times = np.atleast_1d(np.asarray(time_s, np.float64))
    wrists, poses, joints = [], [], []
    for side in Side:
        wrist, pose = _play(side, times)
        if side is Side.LEFT:
            wrist, pose = np.asarray(mirror_position(wrist)), np.asarray(mirror_rotation(pose))
        pose = np.asarray(canonical_quaternion(pose))
        wrists.append(wrist)
        poses.append(pose)
        joints.append(open_hand(side).keypoints(np.zeros(N_BETAS), pose, wrist))
    return HandMotion(np.stack(wrists, 1), np.stack(poses, 1), np.stack(joints, 1))


def key_depressions(time_s: float) -> dict[int, float]:
    """The keys that are not up at a time: MIDI number to depression, 0 to 1."""
    up: dict[int, float] = {}
    for note in PIECE:
        up[note.key] = up.get(note.key, 1.0) * (1.0 - float(depression(note, time_s)))
    return {key: 1.0 - rest for key, rest in up.items() if rest < 1.0 - 1e-6}


def contact_point(note: Note, depressed: ArrayLike) -> Array:
    """Where a note's fingertip keypoint is when it touches the key, ``(..., 3)``.

    Args:
        note: The note.
        depressed: ``(...)`` how far the key is down, 0 to 1.
    """
    key = key_at(note.key)
    z = float(np.clip(_WRIST_Z_M + _home()[note.finger, 2], *_playable_z(key)))
    down = np.asarray(depressed, np.float64)
    height = key.surface_m(z, 0.0) + down * (key.surface_m(z, 1.0) - key.surface_m(z, 0.0))
    x = np.full_like(down, key.middle_x_m)
    return np.stack([x, height + FINGER_RADIUS_M, np.full_like(down, z)], axis=-1)


def _playable_z(key: Key) -> tuple[float, float]:
    """Where along a key fingers play: white keys before the black ones begin, and a little in."""
    return (-0.100, -0.060) if key.black else (-0.058, -0.012)


@cache
def _fingers() -> tuple[Finger, ...]:
    return tuple(finger_of(open_hand(Side.RIGHT), finger) for finger in range(len(FINGERS)))


@cache
def _home() -> Array:
    """Tips ``(5, 3)`` of a right hand at ease, wrist at the origin, in the keyboard's axes."""
    turn = _orientation(np.zeros(1), np.zeros(1))
    return np.stack([turn.apply(finger.tip(finger.posture_rad[None]))[0] for finger in _fingers()])


def _orientation(time_s: Array, roll_rad: Array) -> Rotation:
    """Wrist orientation of a right hand: a constant arch, a sway, and a roll to the finger."""
    phase = 2 * np.pi * time_s / PERIOD_S
    yaw = _YAW_RAD + 0.035 * np.sin(3 * phase + 0.7)
    pitch = _PITCH_RAD + 0.030 * np.sin(5 * phase)
    angles = np.stack([yaw, pitch, _ROLL_RAD + roll_rad], -1)
    return Rotation.from_euler("YXZ", angles) * _FORWARD


def _play(side: Side, times: Array) -> tuple[Array, Array]:
    """Wrist ``(T, 3)`` and pose ``(T, 16, 4)`` of one hand, as a right hand in its mirror."""
    wrist, turn = _arm(side, times)
    pose = np.zeros((len(times), N_JOINTS, 4))
    pose[:, 0] = turn.as_quat()
    within = np.mod(times, PERIOD_S)
    for finger, angles in zip(_fingers(), _finger_angles(side), strict=True):
        pose[:, list(finger.joints)] = finger.rotations(angles(within))
    return wrist, pose


@cache
def _finger_angles(side: Side) -> tuple[CubicSpline, ...]:
    """Each finger's angles over the period, from inverse kinematics at ``_SOLVED_HZ``.

    A short Gaussian takes out the corners that joint limits leave; the spline between is smooth
    to the second derivative.
    """
    times = np.arange(round(PERIOD_S * _SOLVED_HZ)) / _SOLVED_HZ
    wrist, turn = _arm(side, times)
    hover = wrist[:, None] + np.stack([turn.apply(_at_ease(f)) for f in range(len(FINGERS))], 1)
    hover[..., 1] = _HOVER_M
    frequency = np.fft.rfftfreq(len(times), 1 / _SOLVED_HZ)
    gain = np.exp(-0.5 * (2 * np.pi * frequency * _FINGER_SMOOTHING_S) ** 2)[:, None]
    splines = []
    for f, finger in enumerate(_fingers()):
        own = [note for note in PIECE if note.side is side and note.finger == f]
        target = _tip_path(own, times, hover[:, f], _mirror(side))
        angles = finger.reach(turn.inv().apply(target - wrist))
        smooth = np.fft.irfft(gain * np.fft.rfft(angles, axis=0), len(times), axis=0)
        ends = np.append(times, PERIOD_S), np.concatenate([smooth, smooth[:1]])
        splines.append(CubicSpline(*ends, bc_type="periodic"))
    return tuple(splines)


def _mirror(side: Side) -> Array:
    return np.array([-1.0 if side is Side.LEFT else 1.0, 1.0, 1.0])


@cache
def _at_ease(finger: int) -> Array:
    chain = _fingers()[finger]
    tip: Array = chain.tip(chain.posture_rad[None])[0]
    return tip


def _arm(side: Side, times: Array) -> tuple[Array, Rotation]:
    """Wrist path ``(T, 3)`` and orientations: what each note wants, weighted by nearness."""
    notes = [note for note in PIECE if note.side is side]
    home = _home()
    wanted = np.stack([contact_point(n, 0.0) * _mirror(side) - home[n.finger] for n in notes])
    weight = np.stack([_nearness(n, times) for n in notes], -1)
    weight /= weight.sum(-1, keepdims=True)
    path = weight @ wanted
    pressed = np.sum([depression(n, times) for n in notes], axis=0)
    phase = 2 * np.pi * times / PERIOD_S
    # Most of the way to a key is the arm's, the rest the fingers'.
    path[:, 1] = _WRIST_HEIGHT_M + 0.75 * (path[:, 1] - np.mean(wanted[:, 1]))
    path[:, 1] += 0.003 * np.sin(4 * phase) - 0.003 * pressed
    path[:, 2] = _WRIST_Z_M + 0.8 * (path[:, 2] - _WRIST_Z_M)
    roll = weight @ _ROLL_OF_FINGER_RAD[[n.finger for n in notes]]
    return path, _orientation(times, roll)


def _nearness(note: Note, times: Array) -> Array:
    """How much a note matters to the wrist: most at its start, still at its end."""
    start, end = (time_since(times, note.start_s + d) for d in (0.0, note.duration_s))
    return np.asarray(
        np.exp(-0.5 * (start / _SMOOTHING_S) ** 2) + 0.4 * np.exp(-0.5 * (end / _SMOOTHING_S) ** 2)
    )


def _tip_path(notes: list[Note], times: Array, hover: Array, mirror: Array) -> Array:
    """Path ``(T, 3)`` of one fingertip: hovering, and at its keys as `contact` says."""
    away = np.ones(len(times))
    total = np.zeros(len(times))
    path = np.zeros_like(hover)
    for note in notes:
        there = contact(note, times)
        away = away * (1.0 - there)
        total = total + there
        path = path + there[:, None] * contact_point(note, depression(note, times)) * mirror
    path = (path + away[:, None] * hover) / (total + away)[:, None]
    # On its way a finger lifts, as fingers do.
    path[:, 1] += _LIFT_M * 4.0 * np.clip(total, 0, 1) * away
    return path
