"""A lesson and a student of whom it is known what they did."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

import sdk_python as sdk
from sdk_python.features import ANGLE_NAMES
from tests.sdk.comparison.takes import RATE_HZ, take
from tests.sdk.motion import Piece

PIECE = Piece(1, 14)
END_S = PIECE.duration_s
BENT = "middle_pip_flexion"
HABIT = "ring_pip_flexion"


@dataclass(frozen=True)
class Pair:
    """Recordings and what comparing them found."""

    teacher: sdk.Recording
    student: sdk.Recording
    result: sdk.Comparison

    def page(self, **options) -> str:
        return sdk.report.html_of(
            self.result, teacher=self.teacher, student=self.student, **options
        )


def pair_of(teacher: sdk.Recording, student: sdk.Recording) -> Pair:
    return Pair(teacher, student, sdk.compare(teacher, student))


@cache
def lesson() -> sdk.Recording:
    return take(np.arange(0, END_S, 1 / RATE_HZ), piece=PIECE)


def played_s() -> np.ndarray:
    """Where the student is: stands still at 6 s, goes back from 16 to 12 s, leaves 20 to 23 out."""
    step = 1 / RATE_HZ
    return np.concatenate(
        [
            np.arange(0, 6, step),
            np.full(RATE_HZ, 6.0),
            np.arange(6, 16, step),
            np.arange(12, 20, step),
            np.arange(23, END_S, step),
        ]
    )


@cache
def known() -> Pair:
    """A finger bent by 24 degrees at 8.5 s and 20 around it; a habit; what `played_s` says."""
    where = played_s()

    def edit(_time_s, angles):
        bump = np.clip(2 * np.cos((where - 8.5) / 1.5 * np.pi / 2), 0, 1) ** 0.5
        bump = bump * (np.abs(where - 8.5) < 1.5) * (1 + 0.2 * (np.abs(where - 8.5) < 0.25))
        angles[:, sdk.Side.RIGHT, ANGLE_NAMES.index(BENT)] += np.radians(20) * bump
        angles[:, sdk.Side.LEFT, ANGLE_NAMES.index(HABIT)] -= np.radians(16)
        return angles

    return pair_of(lesson(), take(where, noise_deg=1, seed=3, edit=edit, piece=PIECE))


def with_metadata(recording: sdk.Recording, **metadata) -> sdk.Recording:
    """The same hands, told of otherwise."""
    return sdk.Recording.from_arrays(
        recording.time_s,
        pose_quat=recording.pose_quat,
        wrist_m=recording.wrist_m,
        rest_joints_m=recording.rest_joints_m,
        **metadata,
    )


def with_hand(recording: sdk.Recording, side: sdk.Side) -> sdk.Recording:
    """Only one hand."""
    pose, wrist = np.array(recording.pose_quat), np.array(recording.wrist_m)
    pose[:, 1 - side], wrist[:, 1 - side] = np.nan, np.nan
    return sdk.Recording.from_arrays(recording.time_s, pose_quat=pose, wrist_m=wrist)
