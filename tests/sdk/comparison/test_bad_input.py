"""What cannot be compared is refused with one clear error; what can be in part, is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import sdk_python as sdk
from tests.sdk.comparison.takes import take

LESSON = take(noise_deg=1)
LEFT, RIGHT = sdk.Side


def without(recording: sdk.Recording, hand: sdk.Side, part: slice = slice(None)) -> sdk.Recording:
    """The recording with a hand out of sight."""
    pose, wrist = recording.pose_quat.copy(), recording.wrist_m.copy()
    pose[part, hand], wrist[part, hand] = np.nan, np.nan
    return sdk.Recording.from_arrays(recording.time_s, pose_quat=pose, wrist_m=wrist)


def with_times(recording: sdk.Recording, time_s: np.ndarray) -> sdk.Recording:
    return dataclasses.replace(recording, time_s=time_s)


def test_two_frames_are_nothing_to_compare():
    with pytest.raises(sdk.InputError, match="the student's recording is shorter than half a sec"):
        sdk.compare(LESSON, LESSON.slice(0, 0.02))


def test_an_empty_stretch_is_nothing_to_compare():
    empty = dataclasses.replace(
        LESSON, **{name: getattr(LESSON, name)[:0] for name in ("time_s", "pose_quat", "time_ns")}
    )
    with pytest.raises(sdk.InputError, match="the student's recording has 0 poses"):
        sdk.compare(LESSON, empty)
    with pytest.raises(sdk.InputError, match="the teacher's recording has 0 poses"):
        sdk.compare(empty, LESSON)


def test_a_clock_that_runs_backwards_is_named_with_its_place():
    time_s = LESSON.time_s.copy()
    time_s[700] = 1.0
    with pytest.raises(
        sdk.InputError, match=r"does not run forwards: after 11\.6\d\d s comes 1\.000"
    ):
        sdk.compare(LESSON, with_times(LESSON, time_s))


def test_no_hand_at_all_is_refused():
    nobody = dataclasses.replace(LESSON, pose_quat=np.full_like(LESSON.pose_quat, np.nan))
    with pytest.raises(sdk.InputError, match="the student's recording shows no hand"):
        sdk.compare(LESSON, nobody)


def test_two_different_hands_are_refused_and_mirroring_is_offered():
    with pytest.raises(sdk.InputError, match=r"only a right hand .* only a left one.*mirror\(\)"):
        sdk.compare(without(LESSON, LEFT), without(LESSON, RIGHT))


def test_one_hand_is_compared_and_the_other_is_said_to_be_missing():
    found = sdk.compare(LESSON, without(LESSON, LEFT))
    assert any("left hand is never seen" in note for note in found.notes)
    assert {a.verdict for a in found.angles if a.hand is LEFT} == {"not seen"}
    assert {a.verdict for a in found.angles if a.hand is RIGHT} == {"alike"}
    assert found.hands[LEFT].compared == 0
    assert found.hands[RIGHT].compared == 1
    assert found.coverage.compared == pytest.approx(0.5)
    back = sdk.compare(without(LESSON, LEFT), LESSON)
    assert any("lesson has no left hand" in note for note in back.notes)
    assert back.to_json()


def test_stretches_out_of_sight_are_left_out_and_counted():
    found = sdk.compare(LESSON, without(LESSON, RIGHT, slice(600, 1200)))
    assert found.hands[RIGHT].compared == pytest.approx(0.75, abs=0.02)
    assert found.passages == ()
    assert found.mean_deg < 1.5


def test_doubtful_fingers_are_left_out_and_counted():
    trust = LESSON.finger_confidence.copy()
    trust[:, LEFT, 4] = 0.1
    found = sdk.compare(LESSON, dataclasses.replace(LESSON, finger_confidence=trust))
    assert found.coverage.doubted_student == pytest.approx(0.2)
    little = [a for a in found.angles if a.hand is LEFT and a.name.startswith("little")]
    assert {angle.verdict for angle in little} == {"not seen"}
    nobody = dataclasses.replace(LESSON, finger_confidence=np.zeros_like(trust))
    with pytest.raises(sdk.InputError, match=r"confidence below 0\.3"):
        sdk.compare(LESSON, nobody)


def test_another_file_format_is_refused(tmp_path):
    path = tmp_path / "take.mcap"
    path.write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(sdk.RecordingError, match="not an MCAP file"):
        sdk.Recording.open(path)
