"""Rotations in torch: conversions that differentiate everywhere; the best rotation of points."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.nn.functional import normalize

__all__ = [
    "axis_angle_from_rotation",
    "full_precision",
    "kabsch",
    "quat_from_rotation",
    "rotation_from_6d",
    "rotation_from_axis_angle",
    "rotation_from_quat",
    "six_d_from_rotation",
]


# Share of the spread that a rotation's curvature has at least: bounds the gradient of `kabsch`.
_DAMPING = 1e-5
_TINY_M2 = 1e-9


def full_precision(tensor: Tensor) -> AbstractContextManager[object]:
    """A block without autocast: bfloat16 would move a fingertip by a millimetre.

    Nothing at all where autocast is off, so that exported graphs do not contain it.
    """
    kind = tensor.device.type
    if torch.is_autocast_enabled(kind):
        return torch.autocast(kind, enabled=False)
    return nullcontext()


def rotation_from_6d(six: Tensor) -> Tensor:
    """Rotations from their first two columns, made orthonormal (Gram-Schmidt).

    Zhou et al., "On the Continuity of Rotation Representations in Neural Networks", CVPR 2019,
    eq. 16: continuous, so networks learn it better than angles.

    Args:
        six: ``(..., 6)`` first column, then second.

    Returns:
        ``(..., 3, 3)``.
    """
    first = normalize(six[..., :3], dim=-1)
    second = six[..., 3:] - (first * six[..., 3:]).sum(-1, keepdim=True) * first
    second = normalize(second, dim=-1)
    x, y = first.unbind(-1), second.unbind(-1)
    # torch.linalg.cross has no ONNX operator.
    third = torch.stack(
        (x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]), -1
    )
    return torch.stack((first, second, third), dim=-1)


def six_d_from_rotation(rotation: Tensor) -> Tensor:
    """First two columns of rotations ``(..., 3, 3)``, as ``(..., 6)``."""
    return torch.cat((rotation[..., 0], rotation[..., 1]), dim=-1)


def rotation_from_quat(quat: Tensor) -> Tensor:
    """Rotations ``(..., 3, 3)`` of quaternions ``(..., 4)`` xyzw of any length but zero."""
    x, y, z, w = normalize(quat, dim=-1).unbind(-1)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def quat_from_rotation(rotation: Tensor) -> Tensor:
    """Unit quaternions ``(..., 4)`` xyzw, w >= 0, of rotations ``(..., 3, 3)``.

    Of the four ways to divide, the one with the largest divisor is taken (Shepperd 1978), so the
    gradient is finite for every rotation.
    """
    m = rotation
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    yz, zx, xy = (m[..., i, j] + m[..., j, i] for i, j in ((1, 2), (2, 0), (0, 1)))
    wx, wy, wz = (m[..., i, j] - m[..., j, i] for i, j in ((2, 1), (0, 2), (1, 0)))
    # Rows: 4 q_i q for i = x, y, z, w.
    ways = torch.stack(
        (
            torch.stack((1 + xx - yy - zz, xy, zx, wx), -1),
            torch.stack((xy, 1 - xx + yy - zz, yz, wy), -1),
            torch.stack((zx, yz, 1 - xx - yy + zz, wz), -1),
            torch.stack((wx, wy, wz, 1 + xx + yy + zz), -1),
        ),
        -2,
    )
    best = torch.diagonal(ways, dim1=-2, dim2=-1).argmax(-1)
    index = best[..., None, None].expand(*best.shape, 1, 4)
    quat = normalize(ways.gather(-2, index).squeeze(-2), dim=-1)
    return torch.where(quat[..., 3:] < 0, -quat, quat)


def rotation_from_axis_angle(axis_angle: Tensor) -> Tensor:
    """Rotations ``(..., 3, 3)`` of rotation vectors ``(..., 3)``, radians, smooth through zero."""
    squared = (axis_angle * axis_angle).sum(-1, keepdim=True)
    # Half angles through the quaternion; the series where the square root has no derivative.
    small = squared < 1e-8
    angle = torch.where(small, torch.ones_like(squared), squared).sqrt()
    sinc = torch.where(small, 0.5 - squared / 48, torch.sin(angle / 2) / angle)
    cosine = torch.where(small, 1 - squared / 8, torch.cos(angle / 2))
    return rotation_from_quat(torch.cat((axis_angle * sinc, cosine), -1))


def axis_angle_from_rotation(rotation: Tensor) -> Tensor:
    """Rotation vectors ``(..., 3)``, radians, at most pi long, of rotations ``(..., 3, 3)``."""
    quat = quat_from_rotation(rotation)
    axis, w = quat[..., :3], quat[..., 3:]
    squared = (axis * axis).sum(-1, keepdim=True)
    small = squared < 1e-10
    sine = torch.where(small, torch.ones_like(squared), squared).sqrt()
    factor = torch.where(small, 2 / w.clamp_min(0.5), 2 * torch.atan2(sine, w) / sine)
    return axis * factor


def kabsch(source: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
    """The rotation that best turns points into others (Kabsch 1976), weighted, both centred first.

    The gradient is that of the optimum (implicit function theorem), once differentiable. Unlike
    the gradient of a singular value decomposition it is exact where singular values are equal, and
    it stays finite where the points do not determine the rotation: on a line, or all in one place.

    Args:
        source: ``(..., K, 3)``.
        target: ``(..., K, 3)``.
        weights: ``(..., K)`` non-negative; equal where None.

    Returns:
        ``(..., 3, 3)`` proper rotations R with ``R source ~ target``, float32 at least.
    """
    source, target = _float(source), _float(target)
    weights = torch.ones_like(source[..., 0]) if weights is None else weights.to(source.dtype)
    with full_precision(source):
        share = (weights / weights.sum(-1, keepdim=True).clamp_min(1e-9))[..., None]
        a = source - (share * source).sum(-2, keepdim=True)
        b = target - (share * target).sum(-2, keepdim=True)
        covariance = (share * b).transpose(-1, -2) @ a
        best = _nearest_rotation(covariance.detach())
        return best @ _towards_symmetric(best.transpose(-1, -2) @ covariance)


def _nearest_rotation(matrix: Tensor) -> Tensor:
    """The proper rotation R with the largest trace of R^T M."""
    u, _, vt = torch.linalg.svd(matrix)
    sign = torch.linalg.det(u @ vt)
    flip = torch.stack((torch.ones_like(sign), torch.ones_like(sign), sign), -1)
    return (u * flip[..., None, :]) @ vt


def _towards_symmetric(local: Tensor) -> Tensor:
    """One Newton step, I + [w], that makes a nearly symmetric R^T M symmetric.

    R is best where R^T M = S is symmetric. With R turned on by a small w, the antisymmetric part
    of R^T M loses [(tr(S) I - S) w]. The step's value is rounding error; its gradient is R's.
    """
    fixed = local.detach()
    symmetric = (fixed + fixed.transpose(-1, -2)) / 2
    spread = torch.linalg.matrix_norm(symmetric)[..., None, None]
    trace = torch.diagonal(symmetric, dim1=-2, dim2=-1).sum(-1)[..., None, None]
    eye = torch.eye(3, dtype=local.dtype, device=local.device)
    curvature = (trace + _DAMPING * spread + _TINY_M2) * eye - symmetric
    odd = local - local.transpose(-1, -2)
    off = torch.stack((odd[..., 2, 1], odd[..., 0, 2], odd[..., 1, 0]), -1)
    x, y, z = torch.linalg.solve(curvature, off[..., None]).squeeze(-1).unbind(-1)
    one = torch.ones_like(x)
    rows = ((one, -z, y), (z, one, -x), (-y, x, one))
    return torch.stack([torch.stack(row, -1) for row in rows], -2)


def _float(tensor: Tensor) -> Tensor:
    """Half precision as float32: no decomposition takes it."""
    return tensor if tensor.dtype == torch.float64 else tensor.float()
