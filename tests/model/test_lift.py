"""The shape of a hand from one view: with a network that knows the truth, and the real one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bridge.errors import ModelError
from bridge.model import lift
from bridge.model.fusion import HandSpaceFuser
from bridge.model.fusion.crop_camera import MIRROR, CropCamera
from bridge.model.lift import HandLifter, shipped_lifter
from bridge.model.metrics import mpjpe_mm, pa_mpjpe_mm
from bridge.model.pose import ViewHands
from bridge.protocol.joints import Side
from tests.model.fusion.test_a3net import ROOT as KNUCKLE
from tests.model.fusion.test_a3net import SIZE, Room, net


def oracle(room: Room) -> bytes:
    """A network that says where the hand of each view really is, in its crop's axes."""
    mirror = np.diag(MIRROR) if room.side is Side.LEFT else np.eye(3)
    joints = []
    for k, points in enumerate(room.in_cameras):
        crop = CropCamera.around(room.view(k).hands[room.side], SIZE).upright().rotation
        joints.append(((points - points[KNUCKLE]) @ mirror @ crop.T)[None])
    return net({"joints_m": np.array(joints)})


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("views", [1, 3])
def test_what_the_network_knows_is_the_shape_that_each_view_has(side: Side, views: int) -> None:
    room = Room(side, views)
    lifted = HandLifter(oracle(room))(room.views())
    assert [view.view for view in lifted] == [f"view{k}" for k in range(views)]
    for view, seen, points in zip(lifted, room.views(), room.in_cameras, strict=True):
        hand = view.hands[side]
        np.testing.assert_allclose(hand.world_m, points - points.mean(axis=0), atol=1e-6)
        np.testing.assert_array_equal(hand.landmarks_px, seen.hands[side].landmarks_px)
        assert view.hands[1 - side] is None


def test_views_without_hands_or_with_hardly_one_stay_as_they_are() -> None:
    room = Room(Side.RIGHT, 1)
    lifter = HandLifter(oracle(room))
    empty = ViewHands("empty", SIZE, (None, None))
    assert lifter([empty]) == [empty]
    assert lifter([]) == []
    hand = room.view(0).hands[1]
    unsure = replace(room.view(0), hands=(None, replace(hand, confidence=np.zeros(21))))
    assert lifter([unsure])[0].hands[1] is unsure.hands[1]
    both = lifter([empty, room.view(0)])
    assert both[0] == empty
    np.testing.assert_allclose(both[1].hands[1].world_m.mean(0), 0, atol=1e-9)


def test_a_missing_network_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lift, "_NET", "simahand/weights/nowhere.onnx")
    with pytest.raises(ModelError, match=r"nowhere\.onnx cannot be read.*train and export"):
        shipped_lifter.__wrapped__()


@pytest.mark.parametrize("content", [b"no network", b""])
def test_a_damaged_network_is_one_clear_error(content: bytes) -> None:
    with pytest.raises(ModelError, match="cannot open"):
        HandLifter(content)


def test_networks_with_other_inputs_or_outputs_are_refused() -> None:
    joints = {"joints_m": np.zeros((1, 1, 21, 3))}
    with pytest.raises(ModelError, match=r"landmark stem: it has no confidence, landmarks\."):
        HandLifter(net(joints, inputs=("images", "focal")))
    with pytest.raises(ModelError, match=r"it has no joints_m\. Export one with"):
        HandLifter(net({"vertices_m": np.zeros((1, 1, 9, 3))}))


@pytest.mark.parametrize("side", list(Side))
def test_the_shipped_network_sees_a_hand(side: Side) -> None:
    room = Room(side, 1, seed=4)
    hand = HandSpaceFuser().fuse(0, shipped_lifter()(room.views())).hands[side]
    found = hand.joints_m * [1, -1, -1]
    assert pa_mpjpe_mm(found, room.in_cameras[0]).value < 15
    assert mpjpe_mm(found, room.in_cameras[0], root=0).value < 40
