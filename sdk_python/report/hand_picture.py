"""Small pictures of a posed hand: rounded bones of the average hand, from one viewpoint."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import BONES, FINGERTIPS, JOINT_NAMES, Side
from bridge.protocol.kinematics import keypoints_from_pose
from sdk_python.features.angles import ANGLE_FINGERS, ANGLE_NAMES
from sdk_python.features.reference import reference_hand
from sdk_python.report.markup import text
from sdk_python.report.shapes import around, capsule

__all__ = ["View", "best_view", "bone_of", "hand_picture", "posed"]

Floats = NDArray[np.floating[Any]]

_LEVELS = {"cmc": 1, "mcp": 1, "pip": 2, "dip": 3, "ip": 3}
_KNUCKLES = [tip - 3 for tip in FINGERTIPS]
_PALM = (0, *_KNUCKLES)
_SEGMENTS = tuple(bone for bone in BONES if bone[0] != 0)

# Half the thickness of an average hand at its keypoints, millimetres.
_THUMB_MM = (14.0, 11.0, 9.5, 7.5)
_FINGER_MM = (
    (10.5, 9.0, 7.8, 6.3),
    (10.5, 9.2, 8.0, 6.5),
    (10.0, 8.6, 7.5, 6.2),
    (9.5, 7.6, 6.6, 5.5),
)
_RADIUS = np.array([17.0, *_THUMB_MM, *(mm for finger in _FINGER_MM for mm in finger)])

_MARGIN_MM = 20.0
_CLEARLY = 1.15
_FRAME_MM = np.array([235.0, 196.0])


@dataclass(frozen=True, slots=True)
class View:
    """From where a hand is seen.

    Attributes:
        words: ``from above``.
        azimuth_deg: Of the eye around the hand: 0 behind the wrist, 90 at the thumb's side.
        elevation_deg: Over the back of the hand.
    """

    words: str
    azimuth_deg: float
    elevation_deg: float


VIEWS = (
    View("from above, the thumb’s side", 65, 38),
    View("from above", 0, 78),
    View("from the thumb’s side", 90, 12),
    View("from above, the little finger’s side", -65, 38),
    View("from the little finger’s side", -90, 12),
    View("from the fingertips, above", 160, 35),
)
"""The first is taken unless another shows clearly more."""


def posed(side: Side, pose_quat: Floats) -> Floats:
    """``(21, 3)`` keypoints of the average hand, millimetres: x right, y forward, z up.

    As if the palm lay flat on a table before the player, whatever way the hand was turned.

    Args:
        side: Which hand.
        pose_quat: ``(16, 4)`` xyzw.
    """
    quat = np.array(pose_quat, dtype=float)
    quat[0] = 0, 0, 0, 1
    joints = keypoints_from_pose(reference_hand(side).rest_m, quat, np.zeros(3))
    found: Floats = 1000 * (joints - joints[0]) @ _palm_axes(side).T
    return found


def bone_of(angle: str) -> tuple[int, int]:
    """The keypoints of the bone that an angle turns."""
    finger, joint, _ = angle.split("_")
    level = 2 if (finger, joint) == ("thumb", "mcp") else _LEVELS[joint]
    base = _KNUCKLES[ANGLE_FINGERS[ANGLE_NAMES.index(angle)]]
    return base + level - 1, base + level


def best_view(teacher: Floats, student: Floats, angles: tuple[str, ...]) -> View:
    """From where one sees best how two hands differ in some angles.

    What counts is how far the bones are apart in the picture, as far as nothing hides them.

    Args:
        teacher: ``(21, 3)`` as `posed` gives them.
        student: The same.
        angles: What is marked.
    """
    moved = sorted({k for angle in angles for k in _beyond(bone_of(angle))})
    worth = []
    for view in VIEWS:
        flat, other = teacher @ _camera(student, view).T, student @ _camera(student, view).T
        apart = np.linalg.norm((flat - other)[:, :2], axis=1)
        worth.append(sum(float(apart[k]) * _visible(flat, k) * _visible(other, k) for k in moved))
    best = int(np.argmax(worth))
    return VIEWS[0] if worth[best] < _CLEARLY * worth[0] else VIEWS[best]


def hand_picture(
    hand: Floats,
    ghost: Floats,
    *,
    view: View,
    angles: tuple[str, ...],
    label: str,
    kind: str,
) -> str:
    """An SVG of one hand; marked bones are filled otherwise and have a ring at their joint.

    Args:
        hand: ``(21, 3)`` as `posed` gives them.
        ghost: The other hand: the student's picture has it dashed where they differ, and both
            pictures have the same frame.
        view: From where.
        angles: What is marked.
        label: For those who do not see it.
        kind: A CSS class: ``teacher`` or ``student``.
    """
    camera = _camera(hand, view)
    flat = hand @ camera.T
    marked = {bone_of(angle) for angle in angles}
    frame = np.concatenate([flat, ghost @ camera.T])[:, :2]
    low, high = frame.min(0) - _MARGIN_MM, frame.max(0) + _MARGIN_MM
    wider = np.maximum(_FRAME_MM - (high - low), 0) / 2  # so that hands are of one size
    low, high = low - wider, high + wider
    parts = [(float(flat[list(_PALM), 2].mean()), _palm(flat))]
    for a, b in _SEGMENTS:
        name = "off" if (a, b) in marked else "bone"
        shape = capsule(_at(flat, a), _RADIUS[a], _at(flat, b), _RADIUS[b])
        parts.append((float(flat[[a, b], 2].mean()), f'<path class="{name}" d="{shape}"/>'))
    drawn = [svg for _, svg in sorted(parts, key=lambda part: part[0])]
    if kind == "student":
        drawn += _ghost(ghost @ camera.T, {k for bone in marked for k in _beyond(bone)})
    drawn += [
        '<circle class="joint" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>'.format(
            *_at(flat, a), _RADIUS[a] * 0.45
        )
        for a, _ in sorted(marked)
    ]
    (x, y), (width, height) = (low[0], -high[1]), high - low
    return (
        f'<svg class="hand {kind}" role="img" aria-label="{text(label)}" '
        f'viewBox="{x:.0f} {y:.0f} {width:.0f} {height:.0f}">{"".join(drawn)}</svg>'
    )


def _palm(flat: Floats) -> str:
    outline = around([(_at(flat, k), _RADIUS[k]) for k in _PALM])
    rays = "".join(
        f"M{flat[0, 0]:.1f} {-flat[0, 1]:.1f}L{flat[k, 0]:.1f} {-flat[k, 1]:.1f}"
        for k in _KNUCKLES[1:]
    )
    return f'<path class="bone" d="{outline}"/><path class="ray" d="{rays}"/>'


def _ghost(flat: Floats, keypoints: set[int]) -> list[str]:
    shapes = [
        capsule(_at(flat, a), _RADIUS[a], _at(flat, b), _RADIUS[b])
        for a, b in _SEGMENTS
        if b in keypoints
    ]
    return [f'<path class="ghost" d="{"".join(shapes)}"/>'] if shapes else []


def _beyond(bone: tuple[int, int]) -> tuple[int, ...]:
    """The keypoints that a bone carries along: its end and those after it."""
    tip = next(tip for tip in FINGERTIPS if bone[1] <= tip)
    return tuple(range(bone[1], tip + 1))


def _at(flat: Floats, k: int) -> tuple[float, float]:
    """In the picture, whose y points down."""
    return float(flat[k, 0]), -float(flat[k, 1])


def _visible(flat: Floats, keypoint: int) -> float:
    """How much of a keypoint and its bone is not behind others, 0 to 1."""
    share = np.linspace(0.2, 1, 5)[:, None]
    points = flat[keypoint - 1] * (1 - share) + flat[keypoint] * share
    hidden = np.zeros(len(points), bool)
    for a, b in BONES:
        if keypoint in (a, b) or keypoint - 1 in (a, b):
            continue
        along = flat[b, :2] - flat[a, :2]
        length = float(along @ along) or 1.0
        where = np.clip((points[:, :2] - flat[a, :2]) @ along / length, 0, 1)[:, None]
        nearest = flat[a] * (1 - where) + flat[b] * where
        close = np.linalg.norm(nearest[:, :2] - points[:, :2], axis=1) < _RADIUS[b]
        hidden |= close & (nearest[:, 2] > points[:, 2] + 4)
    return float(1 - hidden.mean())


def _camera(hand: Floats, view: View) -> Floats:
    """``(3, 3)`` rows: right and up in the picture, and towards the eye."""
    thumb_right = 1.0 if hand[1, 0] > hand[17, 0] else -1.0
    azimuth, elevation = np.radians(view.azimuth_deg), np.radians(view.elevation_deg)
    eye = np.array(
        [
            thumb_right * np.sin(azimuth) * np.cos(elevation),
            -np.cos(azimuth) * np.cos(elevation),
            np.sin(elevation),
        ]
    )
    right = np.cross([0.0, 0.0, 1.0], eye)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(eye, right), eye])


@cache
def _palm_axes(side: Side) -> Floats:
    """``(3, 3)`` rows: right, forward and up of a palm that lies flat, in its rest frame."""
    hand = reference_hand(side)
    forward = hand.rest_m[9] - hand.rest_m[0]
    forward = forward / np.linalg.norm(forward)
    up = -hand.towards[JOINT_NAMES.index("middle1") - 1]
    up = up - (up @ forward) * forward
    up = up / np.linalg.norm(up)
    return np.stack([np.cross(forward, up), forward, up])
