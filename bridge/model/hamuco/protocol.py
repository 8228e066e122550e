"""Section 4.1, evaluation by the paper's protocol: Single, Interact and Fusion, N-JE and PA-JE.

Normalised errors (N-) are those after joint 9 is brought onto joint 9 and the bone from the wrist
to it (0 to 9) to its true length; PA- after Procrustes alignment with scale.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridge.errors import InputError
from bridge.model.hamuco.absolute import Cameras, opt_center, ransac, triangulate
from bridge.model.hamuco.network import HaMuCo
from bridge.model.hamuco.output import HaMuCoOutput, PerView
from bridge.model.metrics import procrustes_align
from bridge.model.training.sample import ROOT, HandViews, SampleSource

__all__ = ["OTHER_OUTPUTS", "normalised_mm", "score"]

Array = NDArray[np.float64]

_WRIST = 0
_BATCH = 32
_PIXELS = 128.0
"""Half of the 256 pixels in which the paper gives 2D errors (figure 4)."""


def _first_of(hand: PerView) -> tuple[Tensor, Tensor]:
    return hand.joints_m[:, 0], hand.vertices_m[:, 0]


OTHER_OUTPUTS: dict[str, Callable[[Any, Any], Any]] = {
    "first_view": lambda net, views: _first_of(net(views).single),
    "first_view_after_interaction": lambda net, views: _first_of(net(views).interact),
}
"""What ``ghosthands eval`` compares the fused hand with."""


def score(
    net: HaMuCo,
    source: SampleSource[HandViews],
    *,
    views: int,
    samples: int | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Array]:
    """Errors of every sample.

    Args:
        net: The network, in evaluation mode.
        source: Samples with all truth; with ``landmarks``, these labels are scored too.
        views: How many views each has.
        samples: The first so many; all where None.
        on_progress: Called with samples done, and in all.

    Returns:
        ``(S,)`` arrays. ``single_n_mm``, ``interact_n_mm``, ``fusion_n_mm``, and the same with
        ``pa`` for ``n``: the first two are means over the views that see the hand. With ``size``
        instead the length of bone 0 to 9, as a share of its true one. ``single_2d_px`` and
        ``interact_2d_px``, pixels of a 256-pixel crop. With labels the same of those keypoints
        alone that the detector found, ``single_2d_found_px``, ``interact_2d_found_px`` and, its
        own, ``labels_2d_found_px``; NaN where it found none. Of hands that two views or more see,
        the absolute errors ``opt_center_mm``, ``ransac_mm`` and with labels ``labels_dlt_mm`` and
        ``labels_ransac_mm``, and each after Procrustes alignment.

    Raises:
        InputError: There is nothing to evaluate on, or it has no truth.
    """
    total = min(samples or len(source), len(source))
    if total < 1:
        raise InputError("there is no sample to evaluate on")
    parts: list[dict[str, Array]] = []
    for first in range(0, total, _BATCH):
        numbers = list(range(first, min(first + _BATCH, total)))
        batch = source.batch(numbers, views=views, augment=False)
        with torch.inference_mode():
            parts.append(_errors(net, batch))
        on_progress(numbers[-1] + 1, total)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _errors(net: HaMuCo, views: HandViews) -> dict[str, Array]:
    """All errors of one batch."""
    if views.joints_m is None:
        raise InputError("these samples have no true joints to compare with")
    output = net(views)
    truth = _numpy(views.joints_m)
    exact = views.focal[..., None, None] * views.joints_m[..., :2] / views.joints_m[..., 2:]
    errors: dict[str, Array] = {}
    images = {"single": output.single.reprojection, "interact": output.interact.reprojection}
    for name, hand in (("single", output.single), ("interact", output.interact)):
        joints = _numpy(hand.joints_m)
        found = {
            "n_mm": normalised_mm(joints, truth),
            "pa_mm": _aligned_mm(joints, truth),
            "2d_px": _image_px(images[name], exact).mean(2),
            "size": _size(joints) / _size(truth),
        }
        for kind, values in found.items():
            errors[f"{name}_{kind}"] = _mean_of(values, output.valid)
    fused = _numpy(output.joints_m)
    errors["fusion_size"] = _size(fused) / _size(truth[:, 0])
    errors["fusion_n_mm"] = normalised_mm(fused, truth[:, 0])
    errors["fusion_pa_mm"] = _aligned_mm(fused, truth[:, 0])
    if views.landmarks is not None and views.confidence is not None:
        known = views.confidence > 0
        for name, image in (images | {"labels": views.landmarks}).items():
            errors[f"{name}_2d_found_px"] = _mean_of(_image_px(image, exact), known)
    if views.focal.shape[1] > 1:
        errors |= _absolute_errors(views, output)
    return errors


def _absolute_errors(views: HandViews, output: HaMuCoOutput) -> dict[str, Array]:
    """Table 3's errors, in the first camera's axes; NaN where a single view sees the hand."""
    cameras, images = Cameras.of(views), output.interact.reprojection
    seen = output.valid[..., None].expand(images.shape[:-1])
    placed = {
        "opt_center": (opt_center(cameras, images, output.joints_m, seen), seen),
        "ransac": (ransac(cameras, images, seen), seen),
    }
    if views.landmarks is not None and views.confidence is not None:
        trust = seen * views.confidence
        placed["labels_dlt"] = (triangulate(cameras, views.landmarks, trust), trust)
        placed["labels_ransac"] = (ransac(cameras, views.landmarks, trust), trust)
    errors: dict[str, Array] = {}
    assert views.joints_m is not None  # noqa: S101 - checked by the caller
    truth = _numpy(views.joints_m[:, 0])
    for name, (joints, weights) in placed.items():
        found = _numpy(joints)
        enough = _numpy(weights.amax(-1) > 0).sum(1) >= 2
        off, aligned = np.full((2, len(found)), np.nan)
        off[enough] = 1000 * np.linalg.norm(found - truth, axis=-1).mean(-1)[enough]
        aligned[enough] = _aligned_mm(found[enough], truth[enough])
        errors |= {f"{name}_mm": off, f"{name}_pa_mm": aligned}
    return errors


def normalised_mm(joints: Array, truth: Array) -> Array:
    """N-JE: mean error of ``(..., 21, 3)`` after translation and scale, ``(...)`` millimetres."""
    moved = joints - joints[..., ROOT : ROOT + 1, :]
    there = truth - truth[..., ROOT : ROOT + 1, :]
    scale = (_size(truth) / np.maximum(_size(joints), 1e-9))[..., None, None]
    errors: Array = 1000 * np.linalg.norm(scale * moved - there, axis=-1).mean(-1)
    return errors


def _size(joints: Array) -> Array:
    """Length of bone 0 to 9 of ``(..., 21, 3)``."""
    length: Array = np.linalg.norm(joints[..., _WRIST, :] - joints[..., ROOT, :], axis=-1)
    return length


def _aligned_mm(joints: Array, truth: Array) -> Array:
    flat, there = joints.reshape(-1, *joints.shape[-2:]), truth.reshape(-1, *truth.shape[-2:])
    aligned = procrustes_align(flat, there)
    errors: Array = 1000 * np.linalg.norm(aligned - there, axis=-1).mean(-1)
    return errors.reshape(joints.shape[:-2])


def _mean_of(values: Array, which: Tensor) -> Array:
    """Mean of some of each sample's values ``(B, ...)``; NaN where there are none."""
    chosen = _numpy(which)
    axes = tuple(range(1, values.ndim))
    count = chosen.sum(axes)
    total = (values * chosen).sum(axes)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _image_px(images: Tensor, exact: Tensor) -> Array:
    """Distances ``(B, N, 21)``."""
    return _numpy(_PIXELS * (images - exact).norm(dim=-1))


def _numpy(values: Tensor) -> Array:
    return values.detach().cpu().double().numpy()
