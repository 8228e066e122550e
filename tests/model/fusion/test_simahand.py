"""SVR-Hand as the fallback for one view: with a network that knows the truth, and the real one."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from bridge.errors import ModelError
from bridge.model.fusion import HandSpaceFuser, SelfCalFuser, SimaHandSeer, make_fuser
from bridge.model.fusion import simahand as simahand_fusion
from bridge.model.fusion.seen import monocular
from bridge.model.metrics import mpjpe_mm, pa_mpjpe_mm
from bridge.model.pose import ViewHand, ViewHands
from bridge.protocol.joints import Side
from tests.model.fusion.test_a3net import ROOT as KNUCKLE
from tests.model.fusion.test_a3net import SIZE, Room, net

SHIPPED = resources.files("bridge.model") / "simahand/weights/simahand_svr_landmarks.onnx"


def oracle(room: Room) -> bytes:
    """A network that says where the hand of the first view really is, in its crop's axes."""
    from bridge.model.fusion.crop_camera import MIRROR, CropCamera

    mirror = np.diag(MIRROR) if room.side is Side.LEFT else np.eye(3)
    crop = CropCamera.around(room.view(0).hands[room.side], SIZE).rotation
    points = (room.in_cameras[0] - room.in_cameras[0][KNUCKLE]) @ mirror @ crop.T
    return net({"joints_m": points[None, None]})


@pytest.mark.parametrize("side", list(Side))
def test_what_the_network_knows_is_what_the_view_sees(side: Side) -> None:
    room = Room(side, 1)
    seen = SimaHandSeer(oracle(room))(room.views())
    points = room.in_cameras[0]
    assert list(seen["view0"]) == [side]
    np.testing.assert_allclose(seen["view0"][side].local_m, points - points.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(seen["view0"][side].place_m, points.mean(axis=0), atol=1e-5)


def test_with_a_second_view_it_sees_as_usual() -> None:
    room = Room(Side.RIGHT, 2)
    views = []
    for view in room.views():
        hand = view.hands[1]
        world = np.random.default_rng(0).normal(scale=0.05, size=(21, 3))
        hand = ViewHand(hand.side, hand.landmarks_px, world, hand.confidence)
        views.append(ViewHands(view.view, view.size_px, (None, hand)))
    seen, usual = SimaHandSeer(oracle(room))(views), monocular(views)
    assert list(seen) == list(usual) == ["view0", "view1"]
    for name in usual:
        np.testing.assert_array_equal(
            seen[name][Side.RIGHT].local_m, usual[name][Side.RIGHT].local_m
        )


def test_a_second_view_without_hands_changes_nothing() -> None:
    room = Room(Side.RIGHT, 1)
    seer = SimaHandSeer(oracle(room))
    empty = ViewHands("empty", SIZE, (None, None))
    assert list(seer([empty, room.view(0)])) == ["view0"]
    assert seer([empty]) == seer([]) == {}


def test_the_fuser_puts_the_hand_on_the_stage() -> None:
    room = Room(Side.RIGHT, 1)
    fuser = SelfCalFuser(see=SimaHandSeer(oracle(room)))
    hand = fuser.fuse(0, room.views()).hands[1]
    assert mpjpe_mm(hand.joints_m * [1, -1, -1], room.in_cameras[0]).value < 2


def test_a_missing_network_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simahand_fusion, "_NET", "simahand/weights/nowhere.onnx")
    with pytest.raises(ModelError, match=r"nowhere\.onnx cannot be read.*train and export"):
        make_fuser("simahand")


@pytest.mark.parametrize("content", [b"no network", b""])
def test_a_damaged_network_is_one_clear_error(content: bytes) -> None:
    with pytest.raises(ModelError, match="cannot open"):
        SimaHandSeer(content)


def test_networks_with_other_inputs_or_outputs_are_refused() -> None:
    joints = {"joints_m": np.zeros((1, 1, 21, 3))}
    with pytest.raises(ModelError, match=r"landmark stem: it has no confidence, landmarks\."):
        SimaHandSeer(net(joints, inputs=("images", "focal")))
    with pytest.raises(ModelError, match=r"it has no joints_m\. Export one with"):
        SimaHandSeer(net({"vertices_m": np.zeros((1, 1, 9, 3))}))


@pytest.mark.parametrize("side", list(Side))
def test_the_shipped_network_sees_a_hand(side: Side) -> None:
    room = Room(side, 1, seed=4)
    hand = HandSpaceFuser(SimaHandSeer(SHIPPED.read_bytes())).fuse(0, room.views()).hands[side]
    found = hand.joints_m * [1, -1, -1]
    assert pa_mpjpe_mm(found, room.in_cameras[0]).value < 20
    assert mpjpe_mm(found, room.in_cameras[0], root=0).value < 60
