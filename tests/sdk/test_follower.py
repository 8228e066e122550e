"""Following a learner live: place, leaps, errors."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import sdk_python as sdk
from sdk_python.features import ANGLE_NAMES
from tests.sdk.motion import Piece, pose_of_angles

RATE_HZ = 60
PIECE = Piece(1, 15)
END_S = PIECE.duration_s


def poses(lesson_s: np.ndarray, noise_deg: float = 0.0, seed: int = 0, piece: Piece = PIECE):
    angles = piece.angles(lesson_s)
    angles += np.random.default_rng(seed).normal(0, np.radians(noise_deg), angles.shape)
    return pose_of_angles(angles).astype(np.float32)


def times(start_s: float = 0, end_s: float = END_S, tempo: float = 1.0, rate_hz: float = RATE_HZ):
    return np.arange(start_s, end_s, tempo / rate_hz)


@pytest.fixture(scope="module")
def lesson() -> sdk.Recording:
    return sdk.Recording.from_arrays(
        times(), pose_quat=poses(times(), 2, 1), wrist_m=PIECE.wrists(times())
    )


def followed(lesson, lesson_s, *, rate_hz=RATE_HZ, noise_deg=4.0, piece=PIECE):
    follower = sdk.Follower(lesson)
    return [
        follower.follow(1000 + k / rate_hz, pose)
        for k, pose in enumerate(poses(lesson_s, noise_deg, 5, piece))
    ]


def off_s(found: list[sdk.Followed], lesson_s: np.ndarray) -> np.ndarray:
    return np.abs(np.array([one.position_s for one in found]) - lesson_s)


@pytest.mark.parametrize(("tempo", "rate_hz"), [(1.0, 60), (1.0, 30), (0.8, 60), (1.3, 60)])
def test_a_learner_is_followed_at_any_tempo_and_rate(lesson, tempo, rate_hz):
    lesson_s = times(tempo=tempo, rate_hz=rate_hz)
    found = followed(lesson, lesson_s, rate_hz=rate_hz)
    assert np.percentile(off_s(found, lesson_s)[2 * rate_hz :], 95) < 0.08
    assert np.nanmedian([one.tempo for one in found]) == pytest.approx(tempo, abs=0.06)
    assert np.median([one.confidence for one in found]) > 0.3


def test_a_learner_may_begin_anywhere_stand_still_and_leap(lesson):
    lesson_s = np.concatenate(
        [times(12, 22), np.full(3 * RATE_HZ, 22.0), times(22, 28), times(4, 16)]
    )
    found = followed(lesson, lesson_s)
    late = off_s(found, lesson_s) > 0.3
    assert late[: 2 * RATE_HZ].sum() < 1.5 * RATE_HZ  # where they begin
    leap = (10 + 3 + 6) * RATE_HZ
    assert not late[2 * RATE_HZ : leap].any()
    assert not late[leap + 3 * RATE_HZ :].any()  # found again within three seconds


def test_errors_are_where_they_are(lesson):
    lesson_s = times(0, 10)
    bent = ANGLE_NAMES.index("ring_pip_flexion")
    angles = PIECE.angles(lesson_s)
    angles[..., sdk.Side.LEFT, bent] += np.radians(25)
    follower = sdk.Follower(lesson)
    found = [follower.follow(k / RATE_HZ, pose) for k, pose in enumerate(pose_of_angles(angles))]
    rad = np.median([one.error_rad for one in found], axis=0)
    ring = sdk.FINGERS.index("ring")
    assert rad[sdk.Side.LEFT, ring] == pytest.approx(np.radians(25) / 2, rel=0.15)  # of 4 angles
    assert np.delete(rad.ravel(), ring).max() < np.radians(4)
    metres = np.median([one.error_m for one in found], axis=0)
    assert metres[sdk.Side.LEFT, ring] > 0.01
    assert 0.9 < found[-1].within < 1.0


def test_another_piece_is_followed_without_confidence(lesson):
    found = followed(lesson, times(), piece=Piece(2, 15))
    assert np.median([one.confidence for one in found]) < 0.3
    assert found[-1].within < 0.9


def test_hands_that_go_out_of_sight_leave_the_place_alone(lesson):
    follower, lesson_s = sdk.Follower(lesson), times(0, 12)
    quat = poses(lesson_s, 3, 7)
    quat[300:420] = np.nan
    found = [follower.follow(k / RATE_HZ, pose) for k, pose in enumerate(quat)]
    assert np.isnan(found[350].error_rad).all()
    assert found[350].finger_confidence.max() == 0
    assert np.percentile(off_s(found, lesson_s)[480:], 95) < 0.1


def test_seek_is_believed(lesson):
    follower = sdk.Follower(lesson)
    for k, pose in enumerate(poses(times(0, 5), 3)):
        follower.follow(k / RATE_HZ, pose)
    follower.seek(25.0)
    found = follower.follow(5.0, poses(np.array([25.0]), 3)[0])
    assert found.position_s == pytest.approx(25.0, abs=0.1)
    with pytest.raises(sdk.InputError, match="outside of it"):
        follower.seek(1e3)


def test_learners_of_one_lesson_share_it_and_nothing_else(lesson):
    alone, first = sdk.Follower(lesson), sdk.Follower(lesson)
    for k, pose in enumerate(poses(times(10, 16), 3)):
        first.follow(k / RATE_HZ, pose)
    there = poses(times(20, 30), 3)
    alone_found = [alone.follow(k / RATE_HZ, pose) for k, pose in enumerate(there)]
    tracemalloc.start()
    second = first.another()
    for k, pose in enumerate(there):
        found = second.follow(k / RATE_HZ, pose)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    same = alone_found[-1]
    assert (found.position_s, found.within) == (same.position_s, same.within)
    assert first.follow(6.0, poses(times(16, 16.1), 3)[0]).position_s == pytest.approx(16, abs=0.1)
    assert most < 300_000  # one of its own takes 1.5 MB


def test_bad_frames_are_refused_and_lose_nothing(lesson):
    follower = sdk.Follower(lesson)
    quat = poses(times(0, 1), 3)
    follower.follow(1.0, quat[0])
    with pytest.raises(sdk.InputError, match=r"\(2, 16, 4\)"):
        follower.follow(1.1, quat[0, 0])
    with pytest.raises(sdk.InputError, match="came after"):
        follower.follow(0.5, quat[1])
    assert follower.follow(1.1, quat[1]).time_s == 1.1


def test_a_lesson_of_a_moment_cannot_be_followed(lesson):
    short = sdk.Recording.from_arrays(
        np.arange(5) / 60, pose_quat=poses(np.arange(5) / 60), wrist_m=np.zeros((5, 2, 3))
    )
    with pytest.raises(sdk.InputError, match="shorter than half a second"):
        sdk.Follower(short)
