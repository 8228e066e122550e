"""Rotation conversions against SciPy, their gradients against differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from bridge.model.hand.rotation_torch import (
    axis_angle_from_rotation,
    kabsch,
    quat_from_rotation,
    rotation_from_6d,
    rotation_from_axis_angle,
    rotation_from_quat,
    six_d_from_rotation,
)

RANDOM = Rotation.random(500, rng=np.random.default_rng(0))
# No turn, nearly none, half turns about each axis and between, nearly half turns.
HARD = Rotation.from_rotvec(
    [
        [0, 0, 0],
        [1e-9, 0, 0],
        [1e-4, -1e-4, 0],
        [np.pi, 0, 0],
        [0, np.pi, 0],
        [0, 0, np.pi],
        list(np.pi / np.sqrt(3) * np.ones(3)),
        [0, np.pi - 1e-6, 0],
    ]
)
BOTH = Rotation.concatenate([RANDOM, HARD])


def tensor(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(array, dtype=torch.float64)


def test_conversions_are_scipys() -> None:
    matrices = tensor(BOTH.as_matrix())
    quat = tensor(BOTH.as_quat(canonical=False))
    torch.testing.assert_close(rotation_from_quat(3 * quat), matrices)
    torch.testing.assert_close(rotation_from_axis_angle(tensor(BOTH.as_rotvec())), matrices)
    torch.testing.assert_close(rotation_from_quat(quat_from_rotation(matrices)), matrices)
    torch.testing.assert_close(
        rotation_from_axis_angle(axis_angle_from_rotation(matrices)), matrices
    )
    torch.testing.assert_close(rotation_from_6d(six_d_from_rotation(matrices)), matrices)
    assert (quat_from_rotation(matrices)[:, 3] >= 0).all()
    assert (axis_angle_from_rotation(matrices).norm(dim=-1) <= np.pi + 1e-9).all()


def test_any_six_numbers_make_a_rotation() -> None:
    rotation = rotation_from_6d(torch.randn(1000, 6, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(
        rotation @ rotation.transpose(-1, -2), torch.eye(3).expand(1000, 3, 3)
    )
    torch.testing.assert_close(torch.linalg.det(rotation), torch.ones(1000))


@pytest.mark.parametrize(
    ("function", "values"),
    [
        (rotation_from_6d, six_d_from_rotation(tensor(RANDOM[:4].as_matrix())) * 1.7),
        (rotation_from_quat, tensor(RANDOM[:4].as_quat())),
        (rotation_from_axis_angle, tensor(HARD.as_rotvec())),
        (
            lambda v: axis_angle_from_rotation(rotation_from_axis_angle(v)),
            tensor(Rotation.concatenate([RANDOM[:4], HARD[:3]]).as_rotvec()),
        ),
        (
            lambda v: quat_from_rotation(rotation_from_axis_angle(v)),
            tensor(RANDOM[:8].as_rotvec()),
        ),
    ],
)
def test_gradients(function, values) -> None:
    assert torch.autograd.gradcheck(function, values.clone().requires_grad_())


def test_gradients_are_finite_at_half_turns() -> None:
    matrices = tensor(HARD.as_matrix()).requires_grad_()
    axis_angle_from_rotation(matrices).sum().backward()
    assert matrices.grad is not None
    assert matrices.grad.isfinite().all()


def test_kabsch_finds_the_rotation_and_ignores_weightless_points() -> None:
    generator = torch.Generator().manual_seed(1)
    source = torch.randn(6, 21, 3, generator=generator, dtype=torch.float64)
    rotation = tensor(RANDOM[:6].as_matrix())
    target = source @ rotation.transpose(-1, -2) + 5
    torch.testing.assert_close(kabsch(source, target), rotation)
    weights = torch.ones(6, 21, dtype=torch.float64)
    weights[:, 3] = 0
    target[:, 3] += 100
    torch.testing.assert_close(kabsch(source, target, weights), rotation)
    assert not torch.allclose(kabsch(source, target), rotation)


def test_kabsch_never_mirrors() -> None:
    source = torch.randn(50, 21, 3, generator=torch.Generator().manual_seed(2))
    found = kabsch(source, source * torch.tensor([-1.0, 1.0, 1.0]))
    torch.testing.assert_close(torch.linalg.det(found), torch.ones(50))


def test_kabsch_is_exactly_differentiable_also_where_singular_values_are_equal() -> None:
    generator = torch.Generator().manual_seed(3)
    source = torch.randn(3, 7, 3, generator=generator, dtype=torch.float64)
    # Points on the axes: all singular values are equal, and no SVD has a gradient.
    corners = torch.cat((torch.eye(3), -torch.eye(3))).double()
    weights = torch.rand(3, 7, generator=generator, dtype=torch.float64)
    turned = source @ tensor(RANDOM[0].as_matrix()).T + torch.randn_like(source) / 5
    mirrored = source * tensor(np.array([1.0, 1.0, -1.0]))
    for arguments in ((source, turned, weights), (source, mirrored, weights), (corners, corners)):
        inputs = [argument.clone().requires_grad_() for argument in arguments]
        assert torch.autograd.gradcheck(kabsch, inputs)


@pytest.mark.parametrize("points", [torch.zeros(5, 3), torch.arange(15.0).reshape(5, 3), None])
def test_kabsch_has_a_finite_gradient_where_points_determine_no_rotation(points) -> None:
    """All in one place, on a line, or all without weight."""
    source = torch.randn(5, 3) if points is None else points
    weights = torch.zeros(5) if points is None else torch.ones(5)
    inputs = [value.clone().requires_grad_() for value in (source, source, weights)]
    rotation = kabsch(*inputs)
    torch.testing.assert_close(torch.linalg.det(rotation), torch.tensor(1.0))
    rotation[0, 1].backward()
    assert all(value.grad is not None and value.grad.isfinite().all() for value in inputs)


def test_kabsch_takes_half_precision_and_autocast() -> None:
    source = torch.randn(2, 21, 3, generator=torch.Generator().manual_seed(4))
    rotation = torch.tensor(RANDOM[:2].as_matrix(), dtype=torch.float32)
    target = source @ rotation.transpose(-1, -2)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(kabsch(source, target), rotation)
        assert kabsch(source.bfloat16(), target.bfloat16()).dtype == torch.float32
