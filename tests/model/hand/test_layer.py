"""The torch layer against the NumPy hand, which its own tests hold to its file."""

from __future__ import annotations

import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from scipy.spatial.transform import Rotation

from bridge.errors import InputError
from bridge.model.hand.layer import HandLayer, open_hand_layer
from bridge.model.hand.open_hand import open_hand
from bridge.protocol.joints import Side

RNG = np.random.default_rng(0)


def random_pose(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    betas = RNG.normal(size=(count, 10))
    quat = Rotation.random(count * 16, rng=RNG).as_quat().reshape(count, 16, 4)
    return betas, quat, RNG.normal(size=(count, 3))


def matrices(quat: np.ndarray) -> torch.Tensor:
    rotations = Rotation.from_quat(quat.reshape(-1, 4)).as_matrix()
    return torch.tensor(rotations.reshape(*quat.shape[:-1], 3, 3), dtype=torch.float32)


@pytest.mark.parametrize("side", list(Side))
def test_it_is_the_numpy_hand(side) -> None:
    betas, quat, wrist = random_pose(5)
    mesh = open_hand_layer(side)(
        torch.tensor(betas).float(), matrices(quat), torch.tensor(wrist).float()
    )
    hand = open_hand(side)
    for mine, theirs in (
        (mesh.vertices, hand.vertices(betas, quat, wrist)),
        (mesh.joints, hand.joints(betas, quat, wrist)),
        (mesh.keypoints, hand.keypoints(betas, quat, wrist)),
    ):
        np.testing.assert_allclose(mine.numpy(), theirs, atol=2e-6)


def test_leading_axes_broadcast_and_the_wrist_is_at_the_origin() -> None:
    layer = open_hand_layer()
    _, quat, _ = random_pose(6)
    mesh = layer(torch.zeros(10), matrices(quat).unflatten(0, (2, 3)))
    assert mesh.vertices.shape == (2, 3, layer.n_vertices, 3)
    assert mesh.keypoints[..., 0, :].abs().max() == 0
    one = layer(torch.zeros(10), matrices(quat)[4])
    torch.testing.assert_close(mesh.keypoints[1, 1], one.keypoints)


def test_gradients_are_exact() -> None:
    layer = open_hand_layer().double()
    betas, quat, wrist = random_pose(1)
    turns = matrices(quat).double().requires_grad_()
    arguments = (
        torch.tensor(betas, requires_grad=True),
        turns,
        torch.tensor(wrist, requires_grad=True),
    )

    def some(*values: torch.Tensor) -> torch.Tensor:
        mesh = layer(*values)
        return torch.cat((mesh.vertices[:, ::400], mesh.keypoints[:, ::5]), dim=1)

    assert torch.autograd.gradcheck(some, arguments)


def test_pose_blend_shapes_are_manos() -> None:
    class Bent:
        """The open hand with one pose blend shape: joint 1's first matrix entry moves vertex 7."""

        def __init__(self) -> None:
            self.pose_dirs = np.zeros((1609, 3, 135))
            self.pose_dirs[7, 2, 0] = 0.5

        def __getattr__(self, name: str) -> object:
            return getattr(open_hand(Side.RIGHT), name)

    rest = torch.eye(3).expand(16, 3, 3)
    turned = rest.clone()
    turned[1] = matrices(Rotation.from_rotvec([0, 0, np.pi / 2]).as_quat()[None])[0]
    plain, bent = open_hand_layer(), HandLayer(Bent())
    torch.testing.assert_close(
        bent(torch.zeros(10), rest).vertices, plain(torch.zeros(10), rest).vertices
    )
    moved = bent(torch.zeros(10), turned).vertices - plain(torch.zeros(10), turned).vertices
    assert moved.norm(dim=-1).argmax() == 7
    assert moved[7].norm() == pytest.approx(0.5, abs=1e-5)
    assert moved.norm(dim=-1).count_nonzero() == 1


def test_points_are_spread_and_repeatable() -> None:
    layer = open_hand_layer()
    index = layer.point_indices(200)
    assert len(set(index.tolist())) == 200
    assert torch.equal(index[:50], layer.point_indices(50))
    points = layer.template[index]
    nearest = (torch.cdist(points, points) + 9 * torch.eye(200)).min(1).values
    covered = torch.cdist(layer.template, points).min(1).values.max()
    # Farthest point sampling: no two points are nearer than any vertex is to its point.
    assert nearest.min() >= covered - 1e-6
    with pytest.raises(InputError, match="1 to 1609"):
        layer.point_indices(1610)


def test_it_has_nothing_to_train_or_save_and_exports_whole() -> None:
    layer = open_hand_layer()
    assert not list(layer.parameters())
    assert not layer.state_dict()
    betas, quat, wrist = random_pose(2)
    arguments = (torch.tensor(betas).float(), matrices(quat), torch.tensor(wrist).float())
    exported = torch.export.export(layer, arguments).module()
    torch.testing.assert_close(exported(*arguments).vertices, layer(*arguments).vertices)


def test_autocast_does_not_touch_it() -> None:
    layer = open_hand_layer()
    betas, quat, _ = random_pose(2)
    arguments = (torch.tensor(betas).float(), matrices(quat))
    with torch.autocast("cpu", torch.bfloat16):
        cast = layer(*arguments)
    assert torch.equal(cast.vertices, layer(*arguments).vertices)
    rough = layer(torch.tensor(betas).bfloat16(), matrices(quat).bfloat16())
    assert rough.vertices.dtype == torch.float32


def test_it_exports_to_onnx(tmp_path) -> None:
    layer = open_hand_layer()
    names = ("betas", "rotations", "wrist_m")
    betas, quat, wrist = random_pose(3)
    arguments = (torch.tensor(betas).float(), matrices(quat), torch.tensor(wrist).float())
    with warnings.catch_warnings():
        # What the exporter says of its own parts.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(layer, arguments, input_names=names, dynamo=True, verbose=False)
    path = tmp_path / "hand.onnx"
    program.save(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(None, dict(zip(names, (a.numpy() for a in arguments), strict=True)))
    for mine, theirs in zip(found, layer(*arguments), strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-5)


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(InputError, match=r"betas \(\.\.\., 10\)"):
        open_hand_layer()(torch.zeros(9), torch.zeros(16, 3, 3))
    with pytest.raises(InputError, match=r"rotations \(\.\.\., 16, 3, 3\)"):
        open_hand_layer()(torch.zeros(10), torch.zeros(15, 3, 3))
