"""What devices are told: from scripted pictures and fusers to sights."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from bridge.model.anchor import Instrument, find_anchor
from bridge.model.anchor.simulated import look_at, taps_of
from bridge.model.fusion import HandSpaceFuser, SelfCalFuser
from bridge.model.pose import ViewHand, ViewHands
from bridge.protocol.joints import Side
from bridge.room_sight import RoomSight, camera_of
from bridge.streams import Frame, FrameSet
from bridge.streams.sight_channel import Cameras, SightOutlet, decode

MS = 1_000_000
SHEET = Instrument.parse("0.8x0.3")


class Device:
    """A view, and the messages that its publisher gets."""

    def __init__(self, view: str, clock: str = "sender_report") -> None:
        self.view = view
        self.sight = SightOutlet()
        self.sent: list[bytes] = []
        self.sight.attach(
            SimpleNamespace(readyState="open", bufferedAmount=0, send=self.sent.append)
        )
        self._clock = clock

    def stats(self):
        return SimpleNamespace(clock=self._clock)

    @property
    def told(self):
        return decode(self.sent[-1])


def seen(view, *sides, size_px=(1280, 720)):
    points = np.column_stack([np.linspace(64, 640, 21), np.linspace(36, 720, 21)])
    hands = [
        ViewHand(side, points, np.zeros((21, 3)), np.full(21, 0.6)) if side in sides else None
        for side in Side
    ]
    return ViewHands(view, size_px, tuple(hands))


def frames(time_ns, **views):
    return FrameSet(time_ns, tuple(Frame(v, time_ns + at, 0, None) for v, at in views.items()))


def anchor(*views, azimuths=(60.0, 120.0)):
    taps = [
        taps_of(SHEET, look_at(SHEET, azimuth=a, elevation=40.0, distance_m=1.2), view=v)
        for v, a in zip(views, azimuths, strict=False)
    ]
    return find_anchor(SHEET, taps)


def test_each_device_is_told_of_its_own_picture():
    phone, tablet = Device("phone"), Device("tablet", clock="arrival")
    other = SimpleNamespace(view="other")  # no publisher: nobody to tell
    sources = {"phone": phone, "tablet": tablet, "other": other}
    now = [0]
    fuser, tapped = HandSpaceFuser(), anchor("phone")
    sight = RoomSight(sources, lambda: fuser, lambda: tapped, now_ns=lambda: now[0])
    for picture in range(30):
        now[0] = 10**9 + picture * 33 * MS
        time_ns = now[0] - 70 * MS
        sight.tell(
            frames(time_ns, phone=0, tablet=6 * MS, other=-9 * MS),
            [seen("phone", Side.LEFT), seen("tablet", Side.LEFT, Side.RIGHT), seen("other")],
        )
    told = phone.told
    assert (told.size_px, told.clock, told.others, told.together) == ((1280, 720), True, 2, 2)
    assert (told.latency_ms, told.spread_ms) == (70.0, 9.0)
    assert 27 <= told.rate_hz <= 30
    assert (told.instrument, told.tapped, told.turned) == (True, True, False)
    assert (told.cameras, told.nearest_deg) == (Cameras.UNKNOWN, None)
    left, right = told.hands
    assert right is None
    np.testing.assert_allclose(left.points[[0, 20]], [[0.05, 0.05], [0.5, 1.0]], atol=1e-4)
    assert left.confidence == pytest.approx(0.6, abs=0.01)
    told = tablet.told
    assert (told.clock, told.tapped, told.latency_ms) == (False, False, 64.0)
    assert None not in told.hands
    assert 14 <= len(phone.sent) <= 16  # of thirty pictures in a second


def test_a_device_that_was_turned_is_told_so():
    phone, tapped = Device("phone"), anchor("phone")
    sight = RoomSight({"phone": phone}, HandSpaceFuser, lambda: tapped, now_ns=lambda: clock[0])
    clock = [0]
    for size_px, turned in [((1280, 720), False), ((853, 480), False), ((720, 1280), True)]:
        clock[0] += 10**9
        sight.tell(frames(clock[0], phone=0), [seen("phone", size_px=size_px)])
        assert (phone.told.tapped, phone.told.turned) == (True, turned)


def test_a_device_that_left_is_told_nothing_and_forgotten():
    phone = Device("phone")
    sources = {"phone": phone}
    sight = RoomSight(sources, HandSpaceFuser, lambda: None, now_ns=lambda: 10**9)
    sight.tell(frames(10**9, phone=0), [seen("phone")])
    del sources["phone"]
    sight.forget("phone")
    sight.forget("phone")
    sight.tell(frames(2 * 10**9, phone=0), [seen("phone")])
    assert len(phone.sent) == 1
    assert (phone.told.others, phone.told.spread_ms, phone.told.instrument) == (0, None, False)


def test_what_a_fuser_knows_of_a_camera():
    assert camera_of(HandSpaceFuser(), "phone") == (Cameras.UNKNOWN, None)
    fuser = SelfCalFuser(anchor=anchor("phone", "tablet"))
    assert camera_of(fuser, "phone") == (Cameras.SOUGHT, None)
    fuser.fuse(1, [seen("phone"), seen("tablet")])
    state, degrees = camera_of(fuser, "tablet")
    # Sixty degrees apart about the vertical, both forty above.
    across, above = np.cos(np.radians(60)), np.radians(40)
    expected = np.degrees(np.arccos(across * np.cos(above) ** 2 + np.sin(above) ** 2))
    assert state is Cameras.TAPPED
    assert degrees == pytest.approx(expected, abs=1.0)
    assert camera_of(fuser, "elsewhere") == (Cameras.SOUGHT, None)


def test_two_devices_at_one_side_are_told_so():
    fuser = SelfCalFuser(anchor=anchor("phone", "tablet", azimuths=(85.0, 93.0)))
    fuser.fuse(1, [seen("phone"), seen("tablet")])
    assert camera_of(fuser, "phone")[1] < 10
