"""Known answers: what was done to the lesson's time is found again."""

from __future__ import annotations

import numpy as np
import pytest

from bridge.errors import InputError
from sdk_python.alignment import Alignment, align
from tests.sdk.motion import Piece

RATE_HZ = 60
PIECE = Piece(1, 24)
END_S = PIECE.duration_s


def played(*stretches: tuple[float, float], tempo: float = 1.0) -> np.ndarray:
    """The lesson's time at each frame of the student's."""
    parts = [np.arange(a, b, tempo / RATE_HZ) for a, b in stretches]
    return np.concatenate(parts)


def features(lesson_s: np.ndarray, *, noise_deg: float, seed: int, piece: Piece = PIECE):
    angles = piece.angles(lesson_s).reshape(len(lesson_s), -1)
    rng = np.random.default_rng(seed)
    return (angles + rng.normal(0, np.radians(noise_deg), angles.shape)).astype(np.float32)


LESSON_S = np.arange(0, END_S, 1 / RATE_HZ)
LESSON = features(LESSON_S, noise_deg=2, seed=1)


def aligned(lesson_s: np.ndarray, noise_deg: float = 3, piece: Piece = PIECE) -> Alignment:
    student = features(lesson_s, noise_deg=noise_deg, seed=2, piece=piece)
    return align(LESSON_S, LESSON, np.arange(len(lesson_s)) / RATE_HZ + 100, student)


def off_s(found: Alignment, lesson_s: np.ndarray) -> np.ndarray:
    times = np.arange(len(lesson_s)) / RATE_HZ + 100
    return np.abs(found.teacher_s - np.interp(found.student_s, times, lesson_s))


def kinds(found: Alignment) -> list[str]:
    return [event.kind for event in found.events]


@pytest.mark.parametrize("noise_deg", [0, 3, 8])
def test_the_same_playing_is_aligned_with_itself(noise_deg):
    found = aligned(played((0, END_S)), noise_deg)
    assert np.percentile(off_s(found, played((0, END_S))), 95) < 0.02
    assert kinds(found) == []
    assert found.agreement > 0.95
    assert not found.unrelated
    np.testing.assert_allclose(found.tempo, 1, atol=0.02)


@pytest.mark.parametrize("tempo", [0.7, 0.85, 1.15, 1.3])
def test_another_tempo_is_found_within_two_per_cent(tempo):
    lesson_s = played((0, END_S), tempo=tempo)
    found = aligned(lesson_s)
    assert kinds(found) == []
    assert np.median(found.tempo) == pytest.approx(tempo, rel=0.005)
    assert np.percentile(np.abs(found.tempo / tempo - 1), 90) < 0.02
    assert np.percentile(off_s(found, lesson_s), 95) < 0.05


def test_a_changing_tempo_is_found():
    speed = 1 + 0.3 * np.sin(2 * np.pi * np.arange(4000) / RATE_HZ / 16)
    lesson_s = np.cumsum(speed) / RATE_HZ
    speed, lesson_s = speed[lesson_s < END_S], lesson_s[lesson_s < END_S]
    found = aligned(lesson_s)
    true = np.interp(found.student_s - 100, np.arange(len(speed)) / RATE_HZ, speed)
    inner = slice(60, -60)
    off = np.abs(found.tempo / true - 1)[inner]
    assert np.median(off) < 0.02
    assert np.percentile(off, 95) < 0.08  # a window of three seconds cuts the turning points


def test_a_half_second_pause_is_named():
    lesson_s = np.concatenate([played((0, 20.3)), np.full(30, 20.3), played((20.3, END_S))])
    found = aligned(lesson_s)
    (pause,) = found.events
    assert pause.kind == "pause"
    assert pause.teacher_s[0] == pytest.approx(20.3, abs=0.15)
    assert pause.student_s[0] == pytest.approx(120.3, abs=0.15)
    assert pause.duration_s == pytest.approx(0.5, abs=0.15)


def test_a_repeated_bar_is_named_and_its_second_time_counts():
    lesson_s = played((0, 20), (18, END_S))
    found = aligned(lesson_s)
    (repeat,) = found.events
    assert repeat.kind == "repeat"
    assert repeat.teacher_s == pytest.approx((18, 20), abs=0.2)
    assert repeat.student_s == pytest.approx((120, 122), abs=0.2)
    assert found.student_at(np.array([19.0])) == pytest.approx([121.0], abs=0.1)
    assert found.teacher_at(np.array([119.0, 121.0])) == pytest.approx([19.0, 19.0], abs=0.1)


def test_a_skipped_bar_is_named_and_never_played():
    found = aligned(played((0, 20), (22, END_S)))
    (skip,) = found.events
    assert skip.kind == "skip"
    assert skip.teacher_s == pytest.approx((20, 22), abs=0.2)
    assert np.isnan(found.student_at(np.array([21.0]))).all()


def test_who_begins_late_and_ends_early_is_told_so():
    found = aligned(played((5, 40)))
    late, early = found.events
    assert (late.kind, early.kind) == ("begins_late", "ends_early")
    assert late.duration_s == pytest.approx(5, abs=0.2)
    assert early.teacher_s == pytest.approx((40, END_S), abs=0.2)


def test_another_piece_is_unrelated():
    found = aligned(played((0, END_S)), piece=Piece(2, 24))
    assert found.unrelated
    assert found.agreement < 0.7


def test_a_stretch_that_was_not_seen_is_bridged():
    student = features(LESSON_S, noise_deg=3, seed=2)
    student[600:720] = np.nan  # two seconds without hands
    found = align(LESSON_S, LESSON, LESSON_S, student)
    assert np.percentile(np.abs(found.teacher_s - found.student_s), 95) < 0.1


@pytest.mark.parametrize("side", ["lesson", "student"])
def test_too_short_a_recording_is_refused(side):
    short, whole = (LESSON_S[:2], LESSON[:2]), (LESSON_S, LESSON)
    first, second = (short, whole) if side == "lesson" else (whole, short)
    with pytest.raises(InputError, match="shorter than half a second"):
        align(*first, *second)
