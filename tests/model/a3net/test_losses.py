"""Losses: nothing at the truth, what is not known does not count, and sizes worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from bridge.model.a3net.config import A3NetConfig, LossWeights
from bridge.model.a3net.losses import a3net_loss
from bridge.model.a3net.output import A3NetOutput, InitialOutput, StageOutput
from bridge.model.layers.maps import gaussian_maps, splat_to_map
from bridge.model.training.sample import ROOT, HandViews
from tests.model.a3net.tiny import changed, samples, tiny

HAND_TERMS = {"joints", "mesh_joints", "vertices", "rotations", "betas", "reprojection"}
ALL_TERMS = HAND_TERMS | {"heatmap", "alignment"} | {f"initial_{t}" for t in HAND_TERMS}
ALL_TERMS |= {"initial_heatmap"}
SIZE = 16
ON = LossWeights()


@pytest.fixture(scope="module")
def views() -> HandViews:
    """Hands whose keypoints all lie inside their crops."""
    batch = samples(3, 2)
    return replace(batch, landmarks=None, confidence=None, images=None)


def image(points: Tensor, focal: Tensor) -> Tensor:
    return focal[..., None, None] * points[..., :2] / points[..., 2:]


def truth(views: HandViews, **of_stage: Any) -> A3NetOutput:
    """What a perfect network says of samples."""
    root = views.joints_m[:, :, ROOT : ROOT + 1]
    joints, vertices = views.joints_m - root, views.vertices_m - root
    wrist = views.wrist_rotation[:, :, None]
    pose = views.pose[:, None].expand(-1, wrist.shape[1], -1, -1, -1)
    rotations = torch.cat((wrist, pose), dim=2)
    keypoints = image(views.joints_m, views.focal)
    bells = gaussian_maps(keypoints, SIZE, 1.0).flatten(-2)
    known = {
        "to_first": views.to_first,
        "camera": torch.ones(*views.focal.shape, 3),
        "reprojection": keypoints,
        "heat": bells.clamp(min=1e-30).log(),
    }
    initial = InitialOutput(
        joints=joints,
        rotations=rotations,
        betas=views.betas[:, None].expand(-1, wrist.shape[1], -1),
        vertices=vertices,
        mesh_joints=joints,
        shift_m=torch.zeros(*views.focal.shape, 3),
        **known,
    )
    stage = StageOutput(
        joints=joints[:, 0],
        rotations=rotations[:, 0],
        betas=views.betas,
        vertices=vertices[:, 0],
        mesh_joints=joints[:, 0],
        **(known | of_stage),
    )
    return A3NetOutput(
        initial=initial, stages=(stage, stage), valid=views.present, present=views.present
    )


def with_stages(output: A3NetOutput, *stages: StageOutput) -> A3NetOutput:
    return replace(output, stages=stages)


def loss(output: A3NetOutput, views: HandViews, **changes: Any) -> dict[str, Tensor]:
    return a3net_loss(output, views, tiny(**changes))


def test_there_is_no_loss_at_the_truth(views) -> None:
    found = loss(truth(views), views)
    assert set(found) == ALL_TERMS | {"total"}
    for name, value in found.items():
        assert value == pytest.approx(0, abs=2e-4), name


def test_the_total_is_the_sum(views) -> None:
    output = truth(views)
    stage = replace(output.stages[0], joints=torch.zeros(3, 21, 3), betas=torch.ones(3, 10))
    found = loss(with_stages(output, stage), views)
    total = found.pop("total")
    assert total == pytest.approx(sum(v.item() for v in found.values()), rel=1e-5)
    assert total > 1


@pytest.mark.parametrize(
    ("field", "step", "value"),
    [
        ("joints", 0.02, ON.joints * 0.2),  # 2 cm are 0.2 units
        ("mesh_joints", 0.02, ON.mesh_joints * 0.2),
        ("vertices", 0.03, ON.vertices * 0.3),
        ("betas", 2.0, ON.betas * 2),
        ("rotations", 0.1, ON.rotations * 0.1),
        ("reprojection", 0.5, ON.reprojection * 0.5),
    ],
)
def test_a_hand_that_is_off_costs_its_mean_distance(views, field, step, value) -> None:
    output = truth(views)
    good = output.stages[0]
    bad = replace(good, **{field: getattr(good, field) + step})
    # The terms of the iterations are means over them.
    assert loss(with_stages(output, bad), views)[field] == pytest.approx(value, rel=1e-3)
    assert loss(with_stages(output, good, bad), views)[field] == pytest.approx(value / 2, rel=1e-3)
    initial = replace(output.initial, **{field: getattr(output.initial, field) + step})
    found = loss(replace(output, initial=initial), views)
    assert found[f"initial_{field}"] == pytest.approx(ON.initial * value, rel=1e-3)
    assert found[field] == pytest.approx(0, abs=1e-4)


def test_the_first_view_alone_judges_the_iterations(views) -> None:
    moved = views.joints_m.clone()
    moved[:, 1] += torch.rand(3, 21, 3) * 0.02
    found = loss(truth(views), replace(views, joints_m=moved))
    assert found["joints"] == pytest.approx(0, abs=1e-5)
    assert found["initial_joints"] > 0.01


def test_joints_without_a_label_do_not_count(views) -> None:
    known = torch.ones(3, 2, 21, dtype=torch.bool)
    known[:, :, 4] = False
    wrong = views.joints_m.clone()
    wrong[:, :, 4] += 0.5
    labelled = replace(views, joints_m=wrong, joint_valid=known)
    assert loss(truth(views), labelled)["joints"] == pytest.approx(0, abs=1e-5)
    assert loss(truth(views), replace(labelled, joint_valid=None))["joints"] > 0.1
    wrong[:, :, 4] = float("nan")  # as good as not labelled
    found = loss(truth(views), replace(labelled, joint_valid=None))
    assert found["total"] == pytest.approx(0, abs=1e-3)


def test_the_mean_is_over_what_is_labelled(views) -> None:
    known = torch.zeros(3, 2, 21, dtype=torch.bool)
    known[:, :, [ROOT, 4]] = True
    output = truth(views)
    joints = output.stages[0].joints.clone()
    joints[:, 4] += 0.05
    bad = replace(output.stages[0], joints=joints)
    found = loss(with_stages(output, bad), replace(views, joint_valid=known))
    assert found["joints"] == pytest.approx(ON.joints * 0.5 / 2, rel=1e-3)


def test_without_the_roots_label_nothing_relative_is_known(views) -> None:
    known = torch.ones(3, 2, 21, dtype=torch.bool)
    known[:, :, ROOT] = False
    wrong = replace(truth(views).stages[0], joints=torch.ones(3, 21, 3))
    found = loss(with_stages(truth(views), wrong), replace(views, joint_valid=known))
    assert found["joints"] == 0
    assert found["vertices"] == 0


@pytest.mark.parametrize(
    ("missing", "terms"),
    [
        ("vertices_m", {"vertices"}),
        ("betas", {"betas"}),
        ("wrist_rotation", {"alignment"}),
        ("joints_m", {"joints", "mesh_joints", "vertices", "reprojection", "heatmap"}),
    ],
)
def test_truth_that_a_batch_does_not_have_leaves_its_terms_out(views, missing, terms) -> None:
    found = set(loss(truth(views), replace(views, **{missing: None})))
    gone = terms | {f"initial_{term}" for term in terms - {"alignment"}}
    assert found == (ALL_TERMS | {"total"}) - gone


def test_rotations_need_wrist_or_pose_and_use_what_there_is(views) -> None:
    output = truth(views)
    turned = output.stages[0].rotations.clone()
    turned[:, 0] += 0.1  # the wrist of 16 joints
    output = with_stages(output, replace(output.stages[0], rotations=turned))
    both = loss(output, views)["rotations"]
    assert both == pytest.approx(ON.rotations * 0.1 / 16, rel=1e-3)
    wrist_only = loss(output, replace(views, pose=None))["rotations"]
    assert wrist_only == pytest.approx(ON.rotations * 0.1, rel=1e-3)
    assert loss(output, replace(views, wrist_rotation=None))["rotations"] == pytest.approx(
        0, abs=1e-5
    )
    assert "rotations" not in loss(output, replace(views, wrist_rotation=None, pose=None))


def test_without_any_truth_the_total_is_zero_and_differentiable(views) -> None:
    output = truth(views)
    joints = output.stages[0].joints.clone().requires_grad_()
    output = with_stages(output, replace(output.stages[0], joints=joints))
    found = loss(output, HandViews(focal=views.focal, present=views.present))
    assert list(found) == ["total"]
    found["total"].backward()
    assert not joints.grad.any()


def test_views_that_are_not_valid_do_not_count(views) -> None:
    output = replace(truth(views), valid=torch.tensor([[True, False]]).expand(3, 2))
    wrong = changed(views, 1, float("nan"), "joints_m", "vertices_m", "wrist_rotation", "focal")
    for batch in (wrong, changed(views, 1, 7.0, "joints_m", "vertices_m", "wrist_rotation")):
        for name, value in loss(output, batch).items():
            assert value == pytest.approx(0, abs=2e-4), name


def test_a_hand_without_truth_does_not_count(views) -> None:
    output = truth(views)
    found = [
        value.clone().requires_grad_()
        for value in (output.stages[0].rotations, output.stages[0].betas, output.stages[0].to_first)
    ]
    stage = replace(
        output.stages[0], rotations=found[0] + 0.1, betas=found[1] + 0.1, to_first=found[2] + 0.1
    )
    names = ("joints_m", "vertices_m", "wrist_rotation", "pose", "betas")
    unknown = {name: getattr(views, name).clone() for name in names}
    for value in unknown.values():
        value[1] = torch.nan
    wrong = loss(with_stages(output, stage), replace(views, **unknown))
    usual = loss(with_stages(output, stage), views)
    for name in ("rotations", "betas", "alignment"):
        torch.testing.assert_close(wrong[name], usual[name])
    for gradient in torch.autograd.grad(wrong["total"], found):
        assert gradient.isfinite().all()
        assert not gradient[1].any()


def test_alignment_costs_its_wrong_entries_and_any_shift(views) -> None:
    output = truth(views)
    off = output.initial.to_first.clone()
    off[:, 1] += 0.3
    wrong = replace(output, initial=replace(output.initial, to_first=off))
    # One of two terms: its rotations, its shifts; refinement adds one for every iteration.
    plain = loss(wrong, views, refine_alignment=False)["alignment"]
    assert plain == pytest.approx(ON.alignment * 0.3 / 2, rel=1e-3)
    refined = loss(wrong, views, refine_alignment=True)["alignment"]
    assert refined == pytest.approx(ON.alignment * 0.3 / 4, rel=1e-3)
    shifted = output.initial.shift_m.clone()
    shifted[:, 1, 2] = 0.04
    shifted = replace(output, initial=replace(output.initial, shift_m=shifted))
    found = loss(shifted, views, refine_alignment=False)["alignment"]
    assert found == pytest.approx(ON.alignment * 0.4 / 2, rel=1e-3)
    assert "alignment" not in loss(wrong, views, alignment="procrustes")


def test_a_heatmap_elsewhere_costs_its_divergence(views) -> None:
    output = truth(views)
    flat = torch.zeros_like(output.initial.heat)
    target = gaussian_maps(image(views.joints_m, views.focal), SIZE, 1.0).flatten(-2)
    inside = (image(views.joints_m, views.focal).abs() < 1).all(dim=-1)
    target = target / target.sum(dim=-1, keepdim=True)
    entropy = -(target * target.clamp(min=1e-30).log()).sum(dim=-1)
    # KL from the uniform distribution: log of the number of cells less the target's entropy.
    divergence = (torch.tensor(SIZE**2).log() - entropy)[inside].mean()
    found = loss(replace(output, initial=replace(output.initial, heat=flat)), views)
    expected = ON.initial * ON.heatmap * divergence.item()
    assert found["initial_heatmap"] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("task", ["none", "unsupervised"])
def test_2d_alignment_without_a_task_has_no_loss(views, task: str) -> None:
    stage = truth(views).stages[0]
    heat = None if task == "none" else torch.zeros_like(stage.heat)
    output = with_stages(truth(views), replace(stage, heat=heat))
    assert "heatmap" not in loss(output, views, image_alignment=task)


def test_the_silhouette_is_asked_of_masks_or_of_the_mesh(views) -> None:
    config = tiny(image_alignment="segmentation")
    size = config.map_size
    hit = splat_to_map(
        torch.ones_like(views.vertices_m[..., :1]).flatten(0, 1),
        image(views.vertices_m, views.focal).flatten(0, 1),
        size,
    )
    silhouette = (hit.view(3, 2, -1) > 0.5).float()
    assert 0.05 < silhouette.mean() < 0.9

    def cost(mask: Tensor, batch: HandViews) -> float:
        stage = replace(truth(views).stages[0], mask=mask)
        return a3net_loss(with_stages(truth(views), stage), batch, config)["heatmap"].item()

    sure = (silhouette * 2 - 1) * 30
    seen = silhouette.view(3, 2, size, size).repeat_interleave(8, 2).repeat_interleave(8, 3)
    masked, unmasked = replace(views, masks=seen), replace(views, masks=None)
    assert cost(sure, masked) == pytest.approx(0, abs=1e-5)
    assert cost(sure, unmasked) < 0.2 * cost(-sure, unmasked)
    half = ON.heatmap * torch.tensor(2.0).log().item()
    assert cost(torch.zeros_like(sure), masked) == pytest.approx(half, rel=1e-4)


def test_depths_are_asked_of_the_25d_heatmap(views) -> None:
    relative = (views.joints_m - views.joints_m[:, :, ROOT : ROOT + 1])[..., 2] / 0.1
    for step, expected in ((0.0, 0.0), (0.2, ON.heatmap * 0.2)):
        output = truth(views, depth=relative + step)
        found = loss(output, views, image_alignment="heatmap2.5d")["heatmap"]
        assert found == pytest.approx(expected, abs=2e-4)


def test_weights_are_the_configurations(views) -> None:
    stage = replace(truth(views).stages[0], betas=views.betas + 1)
    config = A3NetConfig.landmarks(loss=LossWeights(betas=3.0))
    found = a3net_loss(with_stages(truth(views), stage), views, config)
    assert found["betas"] == pytest.approx(3.0, rel=1e-4)
