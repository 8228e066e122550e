"""A network's errors on a set of samples, sample by sample, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from bridge.errors import InputError, ModelError
from bridge.model.metrics import f_score, procrustes_align
from bridge.model.training.bootstrap import Interval, bootstrap_mean
from bridge.model.training.sample import ROOT, HandViews, SampleSource

__all__ = ["Evaluation", "Prediction", "Predictor", "evaluate", "evaluate_all", "fused"]

Array = NDArray[np.float64]

_BATCH = 64
_WRIST = 0
_AUC_STEPS = np.linspace(0.0, 50.0, 100)

Prediction = tuple[Tensor, Tensor | None]
"""Joints ``(B, 21, 3)`` and, if the method has a mesh, vertices ``(B, V, 3)``: metres, the first
view's axes, any origin that both share."""

Predictor = Callable[[HandViews], Prediction]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Errors of one method.

    Attributes:
        samples: How many samples.
        unknown: Those among them without complete truth; they count nowhere.
        failed: Those among them for which the method gave numbers that are not finite. They are in
            no mean either, so a method with failures must not be compared by its means alone.
        metrics: By name, each with its interval. ``mpjpe_mm`` and ``mpvpe_mm`` are relative to the
            middle knuckle (the papers'), ``root_relative_mm`` and ``root_relative_mpvpe_mm`` to
            the wrist; ``pa_`` after Procrustes alignment with scale; ``f_5`` and ``f_15`` of
            aligned meshes as in FreiHAND; ``auc`` of the knuckle-relative joints from 0 to 50 mm.
        per_joint_mm: ``(21,)`` mean error of each keypoint, relative to the middle knuckle.
        per_sample: Each metric's values, ``(S,)``, in the order of the samples.
    """

    samples: int
    unknown: int
    failed: int
    metrics: dict[str, Interval]
    per_joint_mm: Array
    per_sample: dict[str, Array]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON: means, intervals and per-joint errors."""
        return {
            "samples": self.samples,
            "unknown": self.unknown,
            "failed": self.failed,
            "metrics": {
                name: {"mean": round(i.mean, 4), "low": round(i.low, 4), "high": round(i.high, 4)}
                for name, i in self.metrics.items()
            },
            "per_joint_mm": [round(float(error), 3) for error in self.per_joint_mm],
        }


def fused(network: torch.nn.Module) -> Predictor:
    """The network's own prediction: joints off the points, and the mesh."""

    def predict(views: HandViews) -> Prediction:
        output = network(views)
        # The mesh has its own keypoint 9 at the origin, as the joints have.
        return output.joints_m, output.vertices_m

    return predict


def evaluate(
    predict: Predictor,
    source: SampleSource[HandViews],
    *,
    views: int,
    samples: int | None = None,
    device: torch.device | str = "cpu",
    on_progress: Callable[[int], None] = lambda _: None,
) -> Evaluation:
    """Runs one method over a source and scores it; arguments as for `evaluate_all`."""
    methods = {"method": predict}
    return evaluate_all(
        methods, source, views=views, samples=samples, device=device, on_progress=on_progress
    )["method"]


def evaluate_all(
    methods: Mapping[str, Predictor],
    source: SampleSource[HandViews],
    *,
    views: int,
    samples: int | None = None,
    device: torch.device | str = "cpu",
    on_progress: Callable[[int], None] = lambda _: None,
) -> dict[str, Evaluation]:
    """Runs methods over a source and scores them, on the very same batches.

    Args:
        methods: By name.
        source: Samples with ``joints_m``; vertices are scored where both have them.
        views: How many views the methods are given.
        samples: The first so many; all where None.
        device: Where to compute.
        on_progress: Called with the number of samples done.

    Raises:
        InputError: The samples have no truth, or there are none.
        ModelError: A method failed on all of them.
    """
    total = min(samples or len(source), len(source))
    if total < 1:
        raise InputError("there is no sample to evaluate on")
    parts: dict[str, list[dict[str, Array]]] = {name: [] for name in methods}
    for first in range(0, total, _BATCH):
        numbers = list(range(first, min(first + _BATCH, total)))
        batch = source.batch(numbers, views=views, augment=False)
        if batch.joints_m is None:
            raise InputError("these samples have no true joints to compare with")
        true_vertices = None if batch.vertices_m is None else batch.vertices_m[:, 0]
        valid = None if batch.joint_valid is None else batch.joint_valid[:, 0]
        there = batch.to(device)
        for name, predict in methods.items():
            with torch.inference_mode():
                joints, vertices = predict(there)
            found = _errors(joints, vertices, batch.joints_m[:, 0], true_vertices, valid)
            parts[name].append(found)
        on_progress(numbers[-1] + 1)
    return {name: _summary(name, found) for name, found in parts.items()}


def _summary(name: str, parts: list[dict[str, Array]]) -> Evaluation:
    """All batches of one method."""
    per_sample = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    per_joint = per_sample.pop("joints")
    total = len(per_joint)
    unknown, failed = (int(per_sample.pop(key).sum()) for key in ("unknown", "failed"))
    if unknown == total:
        raise InputError("no sample has all of its true joints: there is nothing to compare with")
    if unknown + failed == total:
        raise ModelError(f"all predictions of {name} are numbers that are not finite")
    metrics = {
        key: bootstrap_mean(values)
        for key, values in per_sample.items()
        if np.isfinite(values).any()
    }
    mean = np.nanmean(per_joint, axis=0)
    return Evaluation(total, unknown, failed, metrics, mean, per_sample)


def _errors(
    joints: Tensor,
    vertices: Tensor | None,
    true_joints: Tensor,
    true_vertices: Tensor | None,
    valid: Tensor | None,
) -> dict[str, Array]:
    """Every metric of each sample, ``(B,)``, and ``joints`` ``(B, 21)``, mm."""
    predicted, truth = _numpy(joints), _numpy(true_joints)
    if valid is not None:
        # A hand with an unknown joint is scored on none: metrics over fewer joints do not compare.
        truth[~valid.cpu().numpy().all(-1)] = np.nan
    labelled = np.isfinite(truth).all((1, 2))
    usable = np.isfinite(predicted).all((1, 2))
    mesh = None if vertices is None else _numpy(vertices)
    if mesh is not None:
        usable &= np.isfinite(mesh).all((1, 2))
        # Joints and mesh are one answer: a hand with half of one is in no mean.
        predicted[~usable] = mesh[~usable] = np.nan
    known = np.asarray(labelled & usable)
    by_root = _distances_mm(predicted, truth, ROOT)
    errors = {
        "unknown": ~labelled,
        "failed": labelled & ~usable,
        "joints": by_root,
        "mpjpe_mm": by_root.mean(-1),
        "root_relative_mm": _distances_mm(predicted, truth, _WRIST).mean(-1),
        "pa_mpjpe_mm": _aligned_mm(predicted, truth, known),
        "auc": _auc(by_root),
    }
    if mesh is None or true_vertices is None:
        return errors
    true_mesh = _numpy(true_vertices)
    if mesh.shape != true_mesh.shape:
        raise InputError(
            f"the mesh has {mesh.shape[1]} vertices and the truth {true_mesh.shape[1]}: they are "
            "of two hand models"
        )
    true_root = truth[:, ROOT : ROOT + 1]
    errors["mpvpe_mm"] = 1000 * np.linalg.norm(mesh - (true_mesh - true_root), axis=-1).mean(-1)
    wrist = (mesh - predicted[:, :1]) - (true_mesh - truth[:, :1])
    errors["root_relative_mpvpe_mm"] = 1000 * np.linalg.norm(wrist, axis=-1).mean(-1)
    errors["pa_mpvpe_mm"] = _aligned_mm(mesh, true_mesh, known)
    aligned = procrustes_align(mesh[known], true_mesh[known])
    for limit in (5, 15):
        scores = [
            f_score(a, b, threshold_m=limit / 1000).value
            for a, b in zip(aligned, true_mesh[known], strict=True)
        ]
        errors[f"f_{limit}"] = np.full(len(known), np.nan)
        errors[f"f_{limit}"][known] = scores
    return errors


def _numpy(points: Tensor) -> Array:
    return points.detach().cpu().double().numpy().copy()


def _distances_mm(predicted: Array, truth: Array, root: int) -> Array:
    moved = (predicted - predicted[:, root, None]) - (truth - truth[:, root, None])
    return 1000 * np.linalg.norm(moved, axis=-1)


def _aligned_mm(predicted: Array, truth: Array, known: NDArray[np.bool_]) -> Array:
    errors = np.full(len(truth), np.nan)
    aligned = procrustes_align(predicted[known], truth[known])
    errors[known] = 1000 * np.linalg.norm(aligned - truth[known], axis=-1).mean(-1)
    return errors


def _auc(errors_mm: Array) -> Array:
    """Area under each sample's curve of correct keypoints, as `bridge.model.metrics.auc`."""
    correct = (errors_mm[..., None] <= _AUC_STEPS).mean(-2)
    area = np.trapezoid(correct, _AUC_STEPS, axis=-1) / _AUC_STEPS[-1]
    return np.where(np.isfinite(errors_mm).all(-1), area, np.nan)
