"""What was done to a take is found: there, that much, and nothing else."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

import sdk_python as sdk
from sdk_python.features import ANGLE_NAMES
from tests.sdk.comparison.takes import END_S, lesson_times, take
from tests.sdk.motion import Piece

BENT = ANGLE_NAMES.index("middle_pip_flexion")
LESSON = take()


def test_a_recording_beside_itself_differs_nowhere():
    found = sdk.compare(LESSON, LESSON)
    assert found.within == 1.0
    assert found.mean_deg == pytest.approx(0, abs=1e-3)
    assert found.coverage.lesson == found.coverage.compared == 1.0
    assert found.passages == ()
    assert found.alignment.events == ()
    assert {angle.verdict for angle in found.angles} == {"alike"}
    assert max(angle.p95_deg for angle in found.angles) < 1e-2
    assert max(finger.mean_mm for finger in found.fingers) < 1e-3
    assert [hand.lag_ms for hand in found.hands] == pytest.approx([0, 0], abs=1)
    assert found.score is None


@pytest.mark.parametrize("bent_deg", [20, -20])
def test_one_bent_joint_is_found_and_nothing_else(bent_deg):
    def bend(time_s, angles):
        angles[(time_s >= 20) & (time_s < 23), sdk.Side.RIGHT, BENT] += np.radians(bent_deg)
        return angles

    found = sdk.compare(LESSON, take(noise_deg=2, seed=3, edit=bend))
    (passage,) = found.passages
    assert (passage.hand, passage.angle) == (sdk.Side.RIGHT, "middle_pip_flexion")
    assert passage.difference_deg == pytest.approx(bent_deg, abs=1)
    assert passage.others == ()
    assert passage.teacher_s == pytest.approx((19.5, 23.5), abs=0.25)
    assert passage.student_s == pytest.approx((19.5, 23.5), abs=0.25)
    assert [(a.hand, a.name) for a in found.angles if a.verdict != "alike"] == [
        (passage.hand, passage.angle)
    ]
    assert "right middle finger's middle joint bent 20° " in found.summary()
    # Bent more, the tip is nearer and further out of the palm.
    middle = next(f for f in found.fingers if (f.hand, f.finger) == (sdk.Side.RIGHT, "middle"))
    along, out, aside = middle.offset_mm
    assert np.sign(along) == -np.sign(bent_deg)
    assert np.sign(out) == np.sign(bent_deg)
    assert abs(aside) < 0.5 * abs(out)


def test_a_habit_is_told_once():
    def hold(_time_s, angles):
        angles[:, sdk.Side.LEFT, BENT] += np.radians(18)
        return angles

    found = sdk.compare(LESSON, take(noise_deg=2, seed=3, edit=hold))
    assert found.passages == ()
    (habit,) = (angle for angle in found.angles if angle.verdict != "alike")
    assert (habit.hand, habit.verdict) == (sdk.Side.LEFT, "may differ throughout")
    assert habit.mean_deg == pytest.approx(18, abs=1)


@pytest.mark.parametrize("tempo", [0.7, 1.3])
def test_tempo_makes_no_difference_of_posture(tempo):
    found = sdk.compare(LESSON, take(lesson_times(tempo=tempo), noise_deg=2, seed=3))
    assert np.median(found.alignment.tempo) == pytest.approx(tempo, rel=0.01)
    assert found.passages == ()
    assert found.within > 0.99


def test_another_hand_size_makes_no_difference():
    bones = np.asarray(LESSON.rest_joints_m) * 0.8  # a child's
    small = take(rest_joints_m=bones)
    assert np.nanmax(np.abs(small.joints_m - LESSON.joints_m)) > 0.02
    found = sdk.compare(LESSON, small)
    assert found.mean_deg == pytest.approx(0, abs=1e-3)
    assert max(finger.mean_mm for finger in found.fingers) < 1e-2


def test_a_hand_that_comes_late_is_told():
    def drag(_time_s, angles):
        angles[3:, sdk.Side.LEFT] = angles[:-3, sdk.Side.LEFT]
        return angles

    found = sdk.compare(LESSON, take(noise_deg=2, seed=3, edit=drag))
    left, right = (hand.lag_ms for hand in found.hands)
    assert left - right == pytest.approx(50, abs=8)
    assert "the left hand comes" in found.summary()


def test_a_mirrored_learner_is_compared_after_mirroring():
    found = sdk.compare(LESSON, LESSON.mirror().mirror())
    assert found.mean_deg == pytest.approx(0, abs=1e-3)


def test_another_piece_is_flagged():
    found = sdk.compare(LESSON, take(noise_deg=2, seed=3, piece=Piece(2, 20)))
    assert found.unrelated
    assert "something else" in found.summary()


def test_the_result_is_frozen_and_is_json():
    found = sdk.compare(LESSON, take(noise_deg=4, slow_deg=9, seed=3))
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.within = 1.0
    told = json.loads(found.to_json())
    assert told["student"]["sha256"] != told["teachers"][0]["sha256"]
    assert told["parameters"]["floor_deg"] == 10
    assert {row["hand"] for row in told["angles"]} == {"left", "right"}
    assert told["alignment"]["agreement"] == pytest.approx(found.alignment.agreement)
    assert found.difference_deg.shape == (len(found.time_s), 2, 21)
    assert len(found.time_s) == round(END_S * 60)
