"""A3-Net as a fuser: a network that knows the truth, none at all, and a real one."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from scipy.spatial.transform import Rotation

from bridge.errors import ModelError
from bridge.model.fusion import A3NetSeer, HandSpaceFuser, make_fuser
from bridge.model.fusion import a3net as a3net_fusion
from bridge.model.fusion.camera import FOCAL_PRIOR
from bridge.model.fusion.crop_camera import MIRROR, CropCamera
from bridge.model.hand import open_hand
from bridge.model.metrics import mpjpe_mm
from bridge.model.pose import ViewHand, ViewHands
from bridge.protocol.joints import Side

SIZE = (1280, 720)
ROOT = 9


def net(outputs: dict[str, np.ndarray], inputs: tuple[str, ...] = ()) -> bytes:
    """An ONNX file with A3-Net's inputs, or others, that always says the same."""
    names = inputs or ("landmarks", "confidence", "focal")
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.float32(value)))
        for name, value in outputs.items()
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    return model.SerializeToString()


class Room:
    """A hand that cameras from several sides look at."""

    def __init__(self, side: Side, views: int, seed: int = 3) -> None:
        rng = np.random.default_rng(seed)
        bent = Rotation.from_rotvec(0.3 * rng.normal(size=(16, 3))).as_quat()
        wrist = np.array([0.05, -0.02, 0.55])
        points = open_hand(side).keypoints(np.zeros(10), bent, wrist)
        self.side = side
        turns = Rotation.from_rotvec([[0, -0.6 * k, 0.2 * k] for k in range(views)]).as_matrix()
        middle = points.mean(axis=0)
        #: ``(N, 21, 3)`` in each camera's axes, the hand always about as far and as high.
        self.in_cameras = (points - middle) @ turns.transpose(0, 2, 1) + middle
        self.turns = turns

    def view(self, number: int, confidence: float = 0.9) -> ViewHands:
        points = self.in_cameras[number]
        pixels = points[:, :2] / points[:, 2:] * FOCAL_PRIOR * SIZE[0] + np.array(SIZE) / 2
        # What the landmark net thinks of depth is wrong, and not asked.
        hand = ViewHand(self.side, pixels, np.zeros((21, 3)), np.full(21, confidence))
        hands = (hand, None) if self.side is Side.LEFT else (None, hand)
        return ViewHands(f"view{number}", SIZE, hands)

    def views(self) -> list[ViewHands]:
        return [self.view(k) for k in range(len(self.turns))]

    def oracle(self) -> bytes:
        """A network that says where the right hand in the mirror, or not, really is."""
        mirror = np.diag(MIRROR) if self.side is Side.LEFT else np.eye(3)
        crops = [CropCamera.around(view.hands[self.side], SIZE).rotation for view in self.views()]
        # From the first camera's axes to each crop camera's.
        turns = [c @ mirror @ t @ self.turns[0].T for c, t in zip(crops, self.turns, strict=True)]
        joints = (self.in_cameras[0] - self.in_cameras[0][ROOT]) @ turns[0].T
        to_first = np.array([turns[0] @ turn.T for turn in turns])
        return net({"joints_m": joints[None], "to_first": to_first[None]})


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("views", [1, 2, 3])
def test_what_the_network_knows_is_what_every_view_sees(side: Side, views: int) -> None:
    room = Room(side, views)
    seen = A3NetSeer(room.oracle())(room.views())
    assert list(seen) == [f"view{k}" for k in range(views)]
    for k, points in enumerate(room.in_cameras):
        assert list(seen[f"view{k}"]) == [side]
        known = seen[f"view{k}"][side]
        middle = points.mean(axis=0)
        np.testing.assert_allclose(known.local_m, points - middle, atol=1e-6)
        np.testing.assert_allclose(known.place_m, middle, atol=1e-5)


@pytest.mark.parametrize("side", list(Side))
def test_the_fuser_puts_the_hand_that_the_network_knows_on_the_stage(side: Side) -> None:
    room = Room(side, 2)
    fuser = HandSpaceFuser(A3NetSeer(room.oracle()))
    for k in range(5):
        hands = fuser.fuse(k, room.views()).hands
    assert hands[1 - side] is None
    # As near as the hand model can bend to it.
    assert mpjpe_mm(hands[side].joints_m * [1, -1, -1], room.in_cameras[0]).value < 2


def test_views_without_a_usable_hand_are_left_out() -> None:
    room = Room(Side.RIGHT, 2)
    seer = A3NetSeer(Room(Side.RIGHT, 1).oracle())
    empty = ViewHands("empty", SIZE, (None, None))
    unsure = room.view(1, confidence=0.0)
    assert list(seer([empty, room.view(0), unsure])) == ["view0"]
    assert seer([]) == {}
    assert seer([empty]) == {}


def test_a_missing_network_is_one_clear_error(monkeypatch) -> None:
    monkeypatch.setattr(a3net_fusion, "_NET", "a3net/weights/nowhere.onnx")
    with pytest.raises(ModelError, match=r"nowhere\.onnx cannot be read.*train and export"):
        make_fuser("a3net")


@pytest.mark.parametrize("content", [b"no network", b""])
def test_a_damaged_network_is_one_clear_error(content: bytes) -> None:
    with pytest.raises(ModelError, match="cannot open"):
        A3NetSeer(content)


def test_networks_with_other_inputs_or_outputs_are_refused() -> None:
    joints, turns = np.zeros((1, 21, 3)), np.eye(3)[None, None]
    outputs = {"joints_m": joints, "to_first": turns}
    with pytest.raises(ModelError, match=r"landmark stem: it has no confidence, landmarks\."):
        A3NetSeer(net(outputs, inputs=("images", "focal")))
    with pytest.raises(ModelError, match=r"it has no to_first\. Export one with"):
        A3NetSeer(net({"joints_m": joints}))


@pytest.mark.parametrize("views", [1, 2, 3])
def test_the_shipped_network_runs_on_any_number_of_views(views: int) -> None:
    rooms = [Room(side, views, seed=4) for side in Side]  # backs of both hands to the cameras
    both = [
        ViewHands(a.view, SIZE, (a.hands[0], b.hands[1]))
        for a, b in zip(*(room.views() for room in rooms), strict=True)
    ]
    shipped = resources.files("bridge.model") / "a3net/weights/a3net_landmarks.onnx"
    hands = HandSpaceFuser(A3NetSeer(shipped.read_bytes())).fuse(0, both).hands
    for hand, room in zip(hands, rooms, strict=True):
        found = hand.joints_m * [1, -1, -1]
        assert mpjpe_mm(found, room.in_cameras[0], root=0).value < 25
