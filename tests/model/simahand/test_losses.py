"""Eq. 7 to 12: nothing at the truth, sizes worked out by hand, stages, and whose gradient."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from bridge.model.simahand import LossWeights, SimaHand, SimaHandOutput, simahand_loss
from bridge.model.simahand.adaptation import feature_distance
from bridge.model.simahand.losses import edge_loss, face_edges, normal_loss, rotation_loss
from bridge.model.training.sample import HandViews
from bridge.model.training.schedule import Moment
from tests.model.simahand.tiny import close, hand, network, said, samples, tiny

LATE, EARLY = Moment(9, 10), Moment(0, 10)
SHAPE = {"joints", "mesh", "normal", "edge", "keypoints"}
TURNED = {"rotation", "turned_joints", "turned_mesh"}
TURN = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])


def truth(views: HandViews) -> SimaHandOutput:
    """What a perfect SVR-Hand says."""
    turn = views.wrist_rotation
    wrist = views.joints_m[:, :, :1]
    seen = views.focal[..., None, None] * views.joints_m[..., :2] / views.joints_m[..., 2:]
    known = said(network(tiny()), views)
    return replace(
        known,
        vertices=(views.vertices_m - wrist) @ turn,
        joints=(views.joints_m - wrist) @ turn,
        rotation=turn,
        keypoints=seen.clamp(-3, 3),
    )


def terms(output: SimaHandOutput, views: HandViews, moment: Moment = LATE) -> dict[str, Tensor]:
    return simahand_loss(output, views, tiny(orientation_from=0.5), moment)


def test_nothing_at_the_truth() -> None:
    views = samples(2, 3)
    found = terms(truth(views), views)
    assert set(found) == SHAPE | TURNED | {"total"}
    assert all(float(v) < 2e-3 for v in found.values()), found


def test_lengths_count_in_tenths_of_a_metre() -> None:
    views = samples(2, 3)
    perfect = truth(views)
    moved = replace(
        perfect,
        vertices=perfect.vertices + torch.tensor([0.03, 0, 0]),
        joints=perfect.joints + torch.tensor([0, 0.06, 0]),
        keypoints=perfect.keypoints + torch.tensor([0.2, 0]),
    )
    found = terms(moved, views)
    assert float(found["mesh"]) == pytest.approx(0.1, abs=1e-4)
    assert float(found["joints"]) == pytest.approx(0.2, abs=1e-4)
    assert float(found["keypoints"]) == pytest.approx(0.1, abs=1e-3)
    # A mesh that is moved as a whole keeps its edges.
    assert float(found["edge"]) < 1e-4


def test_eq_9_on_one_triangle() -> None:
    faces = torch.tensor([[0, 1, 2]])
    flat = torch.tensor([[[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]]]])
    tilted = torch.tensor([[[[0.0, 0, 0], [1, 0, 0], [0, 3, 4]]]])
    edges, true_edges = face_edges(tilted, faces), face_edges(flat, faces)
    # Edges (1,0,0), (0,3,4)/5, (-1,3,4)/sqrt(26) along the normal (0,0,1).
    close(normal_loss(edges, true_edges), torch.tensor([[(0 + 0.8 + 4 / 26**0.5) / 3]]))
    close(edge_loss(edges, true_edges), torch.tensor([[(0 + 4 + 26**0.5 - 2**0.5) / 3]]))


def test_eq_10_is_the_norm_of_what_is_left_to_turn() -> None:
    assert float(rotation_loss(torch.eye(3), torch.eye(3))) == 0
    # R - 1 of a quarter turn has entries -1, -1, 1, -1 in the plane: norm 2.
    assert float(rotation_loss(TURN, torch.eye(3))) == pytest.approx(2)
    assert float(rotation_loss(torch.eye(3), TURN)) == pytest.approx(2)
    both = torch.linalg.qr(torch.randn(3, 3))[0]
    assert float(rotation_loss(both @ TURN, both)) == pytest.approx(2, abs=1e-5)


def test_eq_11_and_12_are_weighted_sums() -> None:
    views = samples(2, 3)
    output = said(network(tiny()), views)
    output = replace(output, teacher=output.features._replace(vertex=output.features.vertex + 2))
    weights = LossWeights(mesh=3, normal=0, shape_enhancement=7)
    plain = simahand_loss(output, views, tiny(orientation_from=0), LATE)
    found = simahand_loss(output, views, tiny(orientation_from=0, loss=weights), LATE)
    close(found["mesh"], 3 * plain["mesh"])
    assert float(found["normal"]) == 0
    assert float(found["distil_vertex"]) == pytest.approx(14, rel=1e-4)
    assert float(found["distil_enhanced"]) == pytest.approx(0, abs=1e-3)
    total = sum(value for name, value in found.items() if name != "total")
    close(found["total"], total)


def test_eq_4_is_a_norm_over_the_features_of_a_token() -> None:
    student, teacher = torch.zeros(1, 2, 3, 4), torch.full((1, 1, 3, 4), 2.0)
    valid = torch.tensor([[True, False]])
    # The norm is 2 sqrt(4); in units of sqrt(4): 2.
    assert float(feature_distance(student, teacher, valid)) == pytest.approx(2)
    student[:, 1] = float("nan")
    assert float(feature_distance(student, teacher, valid)) == pytest.approx(2)


def test_the_orientation_comes_in_the_second_stage() -> None:
    views = samples(2, 3)
    output = truth(views)
    output = replace(output, teacher=output.features)
    assert set(terms(output, views, EARLY)) == SHAPE | {"total", "distil_vertex"}
    late = SHAPE | TURNED | {"total", "distil_vertex", "distil_enhanced"}
    assert set(terms(output, views)) == late


@pytest.mark.parametrize("views_of_network", [1, 3])
def test_the_branches_do_not_pull_at_each_other(views_of_network: int) -> None:
    views = samples(2, 3)
    torch.manual_seed(0)
    net = SimaHand(tiny(views=views_of_network, view_mask_probability=0.0), hand())
    found = simahand_loss(net(views), views, net.config, LATE)
    turned = {name: found[name] for name in TURNED}
    sum(turned.values()).backward(retain_graph=True)
    orientation = ("orientation.", "fuse_image.", "fuse_joint.")
    for name, parameter in net.named_parameters():
        heard = parameter.grad is not None and bool(parameter.grad.any())
        assert heard == name.startswith(orientation) or "bias" in name, name
    net.zero_grad(set_to_none=True)
    sum(found[name] for name in SHAPE).backward()
    for name, parameter in net.named_parameters():
        assert (parameter.grad is None) == name.startswith(orientation), name


def test_terms_without_truth_are_left_out() -> None:
    views = samples(2, 3)
    output = truth(views)
    assert set(terms(output, replace(views, vertices_m=None))) == {
        "total",
        "joints",
        "keypoints",
        "rotation",
        "turned_joints",
    }
    assert set(terms(output, replace(views, wrist_rotation=None))) == {"total", "keypoints"}
    nothing = terms(output, replace(views, wrist_rotation=None, joints_m=None))
    assert float(nothing["total"]) == 0


def test_absent_views_do_not_count() -> None:
    views = samples(2, 3)
    output = truth(views)
    valid = output.valid.clone()
    valid[:, 2] = False
    wrong = output.vertices.clone()
    wrong[:, 2] += 1
    spoilt = replace(output, vertices=wrong, valid=valid, present=valid)
    labels = {}
    for name in ("joints_m", "vertices_m", "wrist_rotation", "focal"):
        labels[name] = getattr(views, name).clone()
        labels[name][:, 2] = float("nan")
    found = terms(spoilt, replace(views, **labels))
    assert all(float(v) < 2e-3 for v in found.values()), found


def test_a_hand_without_truth_follows_the_teacher_alone() -> None:
    views = samples(2, 3)
    labels = {}
    for name in ("joints_m", "vertices_m", "wrist_rotation"):
        labels[name] = getattr(views, name).clone()
        labels[name][1] = float("nan")
    labels["joint_valid"] = views.joint_valid & torch.tensor([[[True]], [[False]]])
    half = replace(views, **labels)
    student = network(tiny())
    output = student(half)
    further = output.features._replace(vertex=(output.features.vertex + 2).detach())
    found = terms(replace(output, teacher=further), half)
    first = terms(student(samples(1, 3)), samples(1, 3))
    for name in set(first) - {"total"}:
        close(found[name], first[name])
    assert found["distil_vertex"].item() == pytest.approx(2, rel=1e-4)
    gradients = torch.autograd.grad(found["total"], [output.vertices, output.features.vertex])
    assert all(g.isfinite().all() for g in gradients)
    assert not gradients[0][1].any()
    assert gradients[1][1].any()
