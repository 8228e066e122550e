"""Metrics by sample against hand-computed cases, and intervals against their theory."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from bridge.errors import InputError, ModelError
from bridge.model.metrics import auc, mpjpe_mm, pa_mpjpe_mm
from bridge.model.training.bootstrap import bootstrap_mean
from bridge.model.training.evaluation import evaluate, evaluate_all
from bridge.model.training.sample import ROOT, HandViews

TURN = torch.tensor(Rotation.from_rotvec([0.1, 0.2, 0.3]).as_matrix(), dtype=torch.float32)


class Truth:
    """Ten random hands with meshes, some of them with an unknown joint."""

    def __init__(self, unknown: int = 0) -> None:
        generator = torch.Generator().manual_seed(1)
        self.joints = 0.05 * torch.randn(10, 1, 21, 3, generator=generator)
        self.vertices = 0.05 * torch.randn(10, 1, 30, 3, generator=generator)
        self.valid = torch.ones(10, 1, 21, dtype=torch.bool)
        self.valid[:unknown, 0, 5] = False

    def __len__(self) -> int:
        return 10

    def batch(self, numbers, *, views, augment) -> HandViews:
        return HandViews(
            focal=torch.ones(len(numbers), views),
            present=torch.ones(len(numbers), views, dtype=torch.bool),
            joints_m=self.joints[numbers],
            vertices_m=self.vertices[numbers],
            joint_valid=self.valid[numbers],
        )


def relative(views: HandViews) -> tuple[torch.Tensor, torch.Tensor]:
    root = views.joints_m[:, 0, ROOT : ROOT + 1]
    return views.joints_m[:, 0] - root, views.vertices_m[:, 0] - root


def test_the_truth_has_no_error() -> None:
    found = evaluate(relative, Truth(), views=1)
    for name in ("mpjpe_mm", "root_relative_mm", "pa_mpjpe_mm", "mpvpe_mm", "pa_mpvpe_mm"):
        assert found.metrics[name].mean == pytest.approx(0, abs=1e-4)
    assert found.metrics["f_5"].mean == 1
    assert found.metrics["auc"].mean == pytest.approx(1, abs=0.006)  # Rounding misses 0 mm.


def test_a_mesh_that_is_shifted_by_3_4_mm_is_5_mm_off() -> None:
    def shifted(views):
        joints, vertices = relative(views)
        return joints, vertices + torch.tensor([0.003, 0.004, 0.0])

    found = evaluate(shifted, Truth(), views=1)
    assert found.metrics["mpvpe_mm"].mean == pytest.approx(5, abs=1e-3)
    assert found.metrics["pa_mpvpe_mm"].mean == pytest.approx(0, abs=1e-3)
    assert found.metrics["mpjpe_mm"].mean == pytest.approx(0, abs=1e-3)


def test_a_turned_hand_is_right_only_after_alignment() -> None:
    found = evaluate(lambda v: (relative(v)[0] @ TURN.T, None), Truth(), views=1)
    assert found.metrics["pa_mpjpe_mm"].mean == pytest.approx(0, abs=1e-3)
    assert found.metrics["mpjpe_mm"].mean > 10
    assert "mpvpe_mm" not in found.metrics


def test_means_are_those_of_the_metrics_module() -> None:
    noise = 0.01 * torch.randn(10, 21, 3, generator=torch.Generator().manual_seed(2))
    truth = Truth()
    found = evaluate(lambda v: (relative(v)[0] + noise, None), truth, views=1)
    true = (truth.joints[:, 0] - truth.joints[:, 0, ROOT : ROOT + 1]).numpy()
    predicted = true + noise.numpy()
    assert found.metrics["mpjpe_mm"].mean == pytest.approx(
        mpjpe_mm(predicted, true, root=ROOT).value, rel=1e-5
    )
    assert found.metrics["root_relative_mm"].mean == pytest.approx(
        mpjpe_mm(predicted, true, root=0).value, rel=1e-5
    )
    assert found.metrics["pa_mpjpe_mm"].mean == pytest.approx(
        pa_mpjpe_mm(predicted, true).value, rel=1e-5
    )
    moved = predicted - predicted[:, ROOT, None]
    assert found.metrics["auc"].mean == pytest.approx(auc(moved, true).value, rel=1e-5)
    assert found.per_joint_mm[ROOT] == 0
    assert found.per_joint_mm.mean() == pytest.approx(found.metrics["mpjpe_mm"].mean)


def test_hands_with_unknown_joints_are_left_out() -> None:
    def wrong_where_unknown(views):
        joints, vertices = relative(views)
        wrong = ~views.joint_valid[:, 0].all(-1)
        return joints + wrong[:, None, None] * torch.randn(21, 3), vertices

    found = evaluate(wrong_where_unknown, Truth(unknown=3), views=1)
    assert found.metrics["pa_mpjpe_mm"].mean == pytest.approx(0, abs=1e-3)
    assert np.isnan(found.per_sample["mpjpe_mm"]).sum() == 3


def test_predictions_that_are_not_finite_are_counted() -> None:
    """A method may not improve its mean by failing where it is bad."""

    def fails_on_two(views):
        joints, vertices = relative(views)
        joints[1, 4] = torch.nan
        vertices[2, 7] = torch.inf
        return joints, vertices

    found = evaluate(fails_on_two, Truth(), views=1)
    assert (found.samples, found.unknown, found.failed) == (10, 0, 2)
    assert found.to_dict()["failed"] == 2
    for values in found.per_sample.values():
        assert np.isnan(values).nonzero()[0].tolist() == [1, 2]
    with pytest.raises(ModelError, match="all predictions of method"):
        evaluate(lambda v: (relative(v)[0] * torch.nan, None), Truth(), views=1)


def test_methods_are_scored_on_the_same_batches() -> None:
    truth = Truth()
    asked = []

    class Counted:
        def __len__(self) -> int:
            return 10

        def batch(self, numbers, *, views, augment):
            asked.append(numbers)
            return truth.batch(numbers, views=views, augment=augment)

    methods = {"right": relative, "turned": lambda v: (relative(v)[0] @ TURN.T, None)}
    found = evaluate_all(methods, Counted(), views=1)
    assert asked == [list(range(10))]
    assert (
        found["turned"].metrics["mpjpe_mm"]
        == evaluate(methods["turned"], truth, views=1).metrics["mpjpe_mm"]
    )
    assert found["right"].metrics["mpjpe_mm"].mean < found["turned"].metrics["mpjpe_mm"].mean


def test_samples_without_truth_cannot_be_scored() -> None:
    with pytest.raises(InputError, match="nothing to compare with"):
        evaluate(relative, Truth(unknown=10), views=1)


def test_meshes_of_two_models_do_not_compare() -> None:
    with pytest.raises(InputError, match="two hand models"):
        evaluate(lambda v: (relative(v)[0], torch.zeros(len(v.focal), 7, 3)), Truth(), views=1)


def test_the_interval_is_the_central_limit_theorems() -> None:
    values = np.random.default_rng(0).exponential(2.0, 4000)
    found = bootstrap_mean(values)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert found.mean == pytest.approx(values.mean())
    assert found.high - found.mean == pytest.approx(half, rel=0.1)
    assert found.mean - found.low == pytest.approx(half, rel=0.1)


def test_the_interval_leaves_out_what_is_not_finite() -> None:
    assert bootstrap_mean([1.0, np.nan, 3.0]).mean == 2
    with pytest.raises(InputError, match="no finite value"):
        bootstrap_mean([np.nan])
