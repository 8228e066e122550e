"""What recordings are told of how they were made."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import sdk_python as sdk
from bridge.commands.info import info
from bridge.model.fusion.selfcal import SelfCalFuser
from bridge.model.selfcal.calibrate import CameraReport
from bridge.protocol import Anchor, PosePacket
from bridge.protocol.provenance import CameraUncertainty, Device
from bridge.provenance import KnownCameras, about_files, about_room
from bridge.room_recording import RoomRecording

ANCHOR = Anchor("piano-88", [1.2, 0.15], [0, 0, 0], [0, 0, 0, 1])
PHONE = CameraUncertainty("phone", 0.0, 0.0, 0.01, 9)
TABLET = CameraUncertainty("tablet", 0.02, 0.003, 0.02, 9)


def source(view: str, focal: float | None = None) -> SimpleNamespace:
    stats = SimpleNamespace(size_px=(1280, 720), rate_hz=29.9712)
    return SimpleNamespace(view=view, focal=focal, stats=lambda: stats)


def test_a_room_tells_its_devices_instrument_and_versions():
    about = about_room(ANCHOR, [source("phone", 0.8), source("tablet")], "selfcal")
    assert about["anchor"] is ANCHOR
    assert about["devices"] == (
        Device("phone", 1280, 720, 29.97, 0.8),
        Device("tablet", 1280, 720, 29.97, None),
    )
    assert about["versions"]["fuser"] == "selfcal"
    assert about["versions"]["ghosthands"]
    assert len(about["versions"]["hand_landmarks"]) == 12


def test_files_are_called_by_their_names_without_folders():
    file = SimpleNamespace(view="phone", size_px=(640, 480), fps=30.0, path=Path("/home/me/a.mp4"))
    about = about_files(None, [file], {"phone": 0.7}, "selfcal")
    assert about["devices"] == (Device("phone", 640, 480, 30.0, 0.7, "a.mp4"),)


class Knowing(SelfCalFuser):
    """A fuser whose calibration a test sets."""

    known = None
    names: tuple[str, ...] = ()

    def __init__(self) -> None:
        pass

    @property
    def calibration(self):
        return self.known

    @property
    def views(self):
        return self.names


def calibration(*turns: float) -> SimpleNamespace:
    reports = [CameraReport(turn, turn / 10, 0.01, 9, 0.1, 1.0) for turn in turns]
    return SimpleNamespace(reports=reports, usable=np.array([True] * len(turns)))


def test_cameras_are_known_as_the_fuser_knows_them():
    fuser = Knowing()
    cameras = KnownCameras(fuser)
    assert cameras.now() == ()
    fuser.known, fuser.names = calibration(0.0, 0.02), ("phone", "tablet")
    known = cameras.now()
    assert [(c.view, c.turn_rad, c.usable) for c in known] == [
        ("phone", 0.0, True),
        ("tablet", 0.02, True),
    ]
    assert cameras.now() is known
    fuser.names = ("phone",)  # the other thread is about to replace both
    fuser.known = calibration(0.0, 0.01)
    assert cameras.now() is known
    fuser.known = None
    assert cameras.now() == ()


def test_a_fuser_that_knows_no_cameras():
    assert KnownCameras(SimpleNamespace()).now() == ()


async def test_a_room_s_recording_has_it_all(tmp_path, capsys):
    recording = RoomRecording("lesson", tmp_path, lambda _dropped: None)
    await recording.begin(
        ["phone", "tablet"],
        7,
        list,
        lambda: about_room(ANCHOR, [source("phone", 0.8), source("tablet")], "selfcal"),
    )
    path = recording.path
    assert path is not None
    for k, cameras in enumerate([(), (PHONE, TABLET), (PHONE,)]):  # the tablet leaves first
        recording.know_cameras(cameras)
        recording.write(PosePacket(k, 7 + k, ()))
    await recording.end()
    about = sdk.Recording.open(path).metadata
    with sdk.RecordingFile(path) as file:
        assert file.metadata == about
    assert about.anchor == ANCHOR
    assert [device.view for device in about.devices] == ["phone", "tablet"]
    assert about.calibration == (PHONE, TABLET)
    info(path, as_json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["instrument"] == "piano-88, 1.2 by 0.15 m"
    assert said["devices"][0] == "phone: 1280 x 720, 29.97 Hz"
    assert said["cameras"][1] == "tablet: +-1.1 degrees, +-3 mm, focal length +-2.0%"
    assert "fuser selfcal" in said["versions"]
    info(path)  # and as a table

    # A file that was not finished has what was known at its begin.
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(path.read_bytes()[:-800])
    found = sdk.Recording.open(cut)
    assert found.recovered
    assert found.metadata.anchor == ANCHOR
    assert found.metadata.calibration in ((), about.calibration)


async def test_the_next_lesson_begins_anew(tmp_path):
    recording = RoomRecording("lesson", tmp_path, lambda _dropped: None)
    for cameras in ((PHONE, TABLET), (PHONE,)):
        await recording.begin(["phone"], 7, list)
        path = recording.path
        recording.know_cameras(cameras)
        await recording.end()
        assert path is not None
        assert sdk.Recording.open(path).metadata.calibration == cameras


@pytest.mark.parametrize("lost", [False, True])
def test_info_says_what_is_lost(tmp_path, capsys, lost):
    joints = np.random.default_rng(0).normal(0, 0.05, (300, 2, 21, 3))
    path = sdk.Recording.from_arrays(np.arange(300) / 60, joints).save(tmp_path / "a.mcap")
    if lost:
        path.write_bytes(path.read_bytes()[:60_000])
    info(path, as_json=True)
    said = capsys.readouterr().out
    assert ("cut off, " in said) == lost
