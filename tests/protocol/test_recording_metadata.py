"""What a recording says about itself: written, read, left out, and hostile."""

from __future__ import annotations

import json
import logging

import pytest

from bridge.errors import RecordingError
from bridge.protocol import Anchor
from bridge.protocol.provenance import CameraUncertainty, Device
from bridge.protocol.recording import RecordingMetadata

OLD = {
    "format": "1",
    "room": "lesson",
    "views": '["phone"]',
    "origin_ns": "7",
    "created": "2026-01-01T00:00:00+00:00",
    "software": "ghosthands 0.1.0",
    "source": "live",
}
"""As files have it that were written before anything else was known."""

FULL = RecordingMetadata(
    room="lesson",
    views=("phone", "tablet"),
    origin_ns=7,
    created="2026-01-01T00:00:00+00:00",
    software="ghosthands 0.1.0",
    recorded_by='Clara "C" 🎹',
    anchor=Anchor("piano-88", [1.226, 0.15], [0.1, 0.2, 0.3], [0, 0.6, 0, 0.8]),
    devices=(Device("phone", 1280, 720, 29.97, 0.81, "a phone"), Device("tablet")),
    versions={"ghosthands": "0.1.0", "fuser": "selfcal"},
    calibration=(
        CameraUncertainty("phone", 0.0, 0.0, 0.02, 310),
        CameraUncertainty("tablet", 0.011, 0.0042, 0.03, 310, False),
    ),
)


def test_old_records_are_read():
    about = RecordingMetadata.from_record(OLD)
    assert about == RecordingMetadata(
        "lesson", ("phone",), 7, "2026-01-01T00:00:00+00:00", "ghosthands 0.1.0"
    )
    assert (about.recorded_by, about.anchor, about.devices) == ("", None, ())
    assert (about.versions, about.calibration) == ({}, ())
    assert about.to_record() == OLD  # and written as they were


def test_everything_is_read_as_it_was_written():
    record = FULL.to_record()
    assert all(isinstance(value, str) for value in record.values())
    assert RecordingMetadata.from_record(record) == FULL
    assert isinstance(hash(FULL), int)


def test_the_record_is_what_the_specification_says():
    record = FULL.to_record()
    assert record["recorded_by"] == 'Clara "C" 🎹'
    anchor = json.loads(record["anchor"])
    assert anchor["instrument"] == "piano-88"
    assert anchor["size_m"] == pytest.approx([1.226, 0.15])
    assert anchor["rotation_quat"] == pytest.approx([0, 0.6, 0, 0.8])
    devices = json.loads(record["devices"])
    assert devices[0]["width_px"] == 1280
    assert devices[1]["focal"] is None
    assert json.loads(record["calibration"])[1]["place_m"] == 0.0042
    assert json.loads(record["versions"])["fuser"] == "selfcal"


def test_keys_and_fields_that_are_not_known_are_skipped():
    record = FULL.to_record() | {"weather": "fine"}
    for name in ("devices", "calibration"):
        rows = [row | {"weather": "fine"} for row in json.loads(record[name])]
        record[name] = json.dumps(rows)
    record["anchor"] = json.dumps(json.loads(record["anchor"]) | {"tuned_hz": 442})
    assert RecordingMetadata.from_record(record) == FULL


def test_what_a_camera_does_not_know_is_not_known():
    text = json.dumps([{"view": "phone", "turn_rad": None}])
    (camera,) = RecordingMetadata.from_record(OLD | {"calibration": text}).calibration
    assert (camera.turn_rad, camera.place_m, camera.shared) == (float("inf"), float("inf"), 0)
    about = RecordingMetadata.from_record(OLD | {"calibration": text})
    assert RecordingMetadata.from_record(about.to_record()) == about


def test_the_end_of_a_file_has_the_last_word():
    begun = RecordingMetadata.from_record(OLD)
    ended = begun.with_record({"calibration": FULL.to_record()["calibration"], "room": "other"})
    assert ended.calibration == FULL.calibration
    assert ended.room == "lesson"


DAMAGED = [
    ("recorded_by", "x" * 70_000),
    ("anchor", "{"),
    ("anchor", "[]"),
    ("anchor", "[" * 60_000),
    ("anchor", " " * 70_000 + FULL.to_record()["anchor"]),
    ("anchor", '{"instrument": "piano"}'),
    ("anchor", FULL.to_record()["anchor"].replace("0.8", "NaN")),
    ("anchor", FULL.to_record()["anchor"].replace("piano-88", "x" * 99)),
    ("devices", "{}"),
    ("devices", "[1]"),
    ("devices", json.dumps([{"view": "x"}] * 65)),
    ("devices", '[{"view": 3}]'),
    ("devices", '[{"view": "x", "width_px": "wide"}]'),
    ("devices", '[{"view": "x", "rate_hz": -1}]'),
    ("devices", '[{"view": "x", "rate_hz": NaN}]'),
    ("devices", '[{"view": "x", "rate_hz": 1e999}]'),
    ("devices", '[{"view": "x", "width_px": ' + "9" * 5000 + "}]"),
    ("versions", json.dumps({str(k): "" for k in range(65)})),
    ("versions", '{"a": 1}'),
    ("calibration", '[{"view": "x", "turn_rad": true}]'),
]


@pytest.mark.parametrize(("key", "value"), DAMAGED)
def test_what_is_optional_and_damaged_is_left_out_with_a_word(key, value, caplog):
    with caplog.at_level(logging.WARNING):
        about = RecordingMetadata.from_record(FULL.to_record() | {key: value})
    assert getattr(about, key) == getattr(RecordingMetadata.from_record(OLD), key)
    assert about.room == "lesson"
    assert f"{key} is left out" in caplog.text
    assert len(caplog.text) < 1000


@pytest.mark.parametrize("key", ["room", "views", "software", "origin_ns"])
def test_values_without_bound_are_refused(key):
    with pytest.raises(RecordingError, match="metadata is damaged") as caught:
        RecordingMetadata.from_record(OLD | {key: "9" * 70_000})
    assert len(str(caught.value)) < 300


def test_another_format_is_refused_in_few_words():
    with pytest.raises(RecordingError, match="this version reads") as caught:
        RecordingMetadata.from_record(OLD | {"format": "x" * 70_000})
    assert len(str(caught.value)) < 200
