"""HaMuCo as a fuser: with a network that knows the truth, with none, and the shipped one."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from bridge.errors import InputError, ModelError
from bridge.model.fusion import HaMuCoSeer, HandSpaceFuser, make_fuser
from bridge.model.fusion import hamuco as hamuco_fusion
from bridge.model.fusion.crop_camera import MIRROR, CropCamera
from bridge.model.metrics import mpjpe_mm, pa_mpjpe_mm
from bridge.model.pose import ViewHands
from bridge.protocol.joints import Side
from tests.model.fusion.test_a3net import ROOT, SIZE, Room, net


def oracle(room: Room) -> bytes:
    """A network that says where each view's hand really is, in its upright crop's axes."""
    mirror = np.diag(MIRROR) if room.side is Side.LEFT else np.eye(3)
    joints = []
    for view, points in zip(room.views(), room.in_cameras, strict=True):
        crop = CropCamera.around(view.hands[room.side], SIZE).upright()
        joints.append((points - points[ROOT]) @ mirror @ crop.rotation.T)
    both = np.array(joints)[None]
    return net({"joints_m": both, "single_joints_m": both})


def test_an_upright_crop_points_up_and_sees_the_same() -> None:
    hand = Room(Side.RIGHT, 1, seed=8).view(0).hands[1]
    plain = CropCamera.around(hand, SIZE)
    up = plain.upright()
    direction = up.landmarks[9] - up.landmarks[0]
    assert direction[0] == pytest.approx(0, abs=1e-9)
    assert direction[1] < 0
    # The roll of the camera is that of its picture.
    ray = np.append(plain.landmarks[4] / plain.focal, 1) @ plain.rotation
    turned = up.rotation @ ray
    np.testing.assert_allclose(up.focal * turned[:2] / turned[2], up.landmarks[4], atol=1e-9)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("views", [1, 3])
def test_what_the_network_knows_is_what_every_view_sees(side: Side, views: int) -> None:
    room = Room(side, views)
    seen = HaMuCoSeer(oracle(room))(room.views())
    for k, points in enumerate(room.in_cameras):
        known = seen[f"view{k}"][side]
        np.testing.assert_allclose(known.local_m, points - points.mean(axis=0), atol=1e-6)
        np.testing.assert_allclose(known.place_m, points.mean(axis=0), atol=1e-5)


def test_a_missing_or_wrong_network_is_one_clear_error(monkeypatch) -> None:
    with pytest.raises(ModelError, match=r"not a HaMuCo.*no joints_m.*models export hamuco"):
        HaMuCoSeer(net({"others": np.zeros(1)}))
    # A3-Net's and SVR-Hand's hands have the same name, and mean other things.
    with pytest.raises(ModelError, match=r"not a HaMuCo.*no single_joints_m"):
        HaMuCoSeer(net({"joints_m": np.zeros((1, 1, 21, 3))}))
    monkeypatch.setattr(hamuco_fusion, "_NET", "hamuco/weights/nowhere.onnx")
    with pytest.raises(ModelError, match=r"nowhere\.onnx cannot be read"):
        make_fuser("hamuco")


def test_a_network_of_ones_own_is_a_fuser(tmp_path: Path) -> None:
    room = Room(Side.RIGHT, 2)
    mine = tmp_path / "mine.onnx"
    mine.write_bytes(oracle(room))
    found = make_fuser(f"hamuco={mine}").fuse(0, room.views()).hands[1]
    assert mpjpe_mm(found.joints_m * [1, -1, -1], room.in_cameras[0]).value < 3
    (tmp_path / "other.onnx").write_bytes(net({"others": np.zeros(1)}))
    with pytest.raises(ModelError, match="not a HaMuCo"):
        make_fuser(f"hamuco={tmp_path / 'other.onnx'}")
    with pytest.raises(InputError, match=r"nowhere\.onnx cannot be read .*models export"):
        make_fuser(f"hamuco={tmp_path / 'nowhere.onnx'}")
    with pytest.raises(InputError, match=r"selfcal takes no network; choose: a3net=FILE, hamuco=F"):
        make_fuser("selfcal=mine.onnx")


@pytest.mark.parametrize("views", [1, 2, 3])
def test_the_shipped_network_runs_on_any_number_of_views(views: int) -> None:
    rooms = [Room(side, views, seed=4) for side in Side]
    both = [
        ViewHands(a.view, SIZE, (a.hands[0], b.hands[1]))
        for a, b in zip(*(room.views() for room in rooms), strict=True)
    ]
    shipped = resources.files("bridge.model") / "hamuco/weights/hamuco_landmarks.onnx"
    hands = HandSpaceFuser(HaMuCoSeer(shipped.read_bytes())).fuse(0, both).hands
    for hand, room in zip(hands, rooms, strict=True):
        found = hand.joints_m * [1, -1, -1]
        assert pa_mpjpe_mm(found, room.in_cameras[0]).value < 25
