"""Mesh to joint, joint to mesh and 2D alignment (sections 3.3 and 3.4), against plain loops."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from bridge.model.a3net.image_alignment import ImageAlignment
from bridge.model.a3net.joint_to_mesh import JointReadout, JointToMesh, interpolation_weights
from bridge.model.a3net.mesh_to_joint import MeshToJoint, ball_query, squared_distances
from bridge.model.a3net.point_features import FeatureUpdate, InitialFeatures, KeypointFeedback
from bridge.model.layers.basic import PointNorm

C = 8


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def stirred(module: nn.Module) -> nn.Module:
    """In evaluation mode with statistics that are not those of the start."""
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
            nn.init.uniform_(part.weight, 0.5, 2)
            nn.init.normal_(part.bias)
    return module.eval()


def test_squared_distances() -> None:
    a, b = torch.tensor([[0.0, 0, 0], [1, 0, 0]]), torch.tensor([[0.0, 3, 4], [1, 1, 0]])
    assert squared_distances(a, b).tolist() == [[25, 2], [26, 1]]


def test_a_ball_query_finds_the_nearest_within_its_radius() -> None:
    distances = torch.tensor([[9.0, 1.0, 4.0, 6.25], [100.0, 81.0, 400.0, 81.5]])
    index, inside = ball_query(distances, 2.5, 3)
    assert index[0].tolist() == [1, 2, 3]
    assert inside.tolist() == [[True, True, True], [False, False, False]]
    assert index[1, 0] == 1
    # A point at the radius counts; points beyond it do not.
    assert ball_query(distances, 2.0, 3)[1][0].tolist() == [True, True, False]
    # More samples than points: all points.
    assert ball_query(distances, 9.0, 64)[0].shape == (2, 4)


def region_by_loops(
    region: nn.Module, anchor: Tensor, at: Tensor, points: Tensor, places: Tensor, radius: float
) -> Tensor:
    """Equation 2 for one anchor, point by point, with the nearest first and at most 5."""
    order = (places - at).norm(dim=-1).argsort()[:5]
    near = [j for j in order.tolist() if (places[j] - at).norm() <= radius]
    if not near:
        return torch.zeros(C)
    weight = torch.cat((region.place.weight, region.feature.weight), dim=1)
    rows = [torch.cat((places[j] - at, points[j] - anchor)) @ weight.T for j in near]
    return region.rest(torch.stack(rows)).amax(dim=0)


@pytest.mark.parametrize("shared", [False, True])
def test_mesh_to_joint_is_equations_2_and_3(shared: bool) -> None:
    layer = stirred(MeshToJoint(C, (0.4, 0.8), 5))
    views = 2
    anchors, points = torch.randn(2, views, 21, C), torch.randn(2, views, 30, C)
    anchor_places = torch.rand(2, 1 if shared else views, 21, 3) * 2
    point_places = torch.rand(2, 1 if shared else views, 30, 3) * 2
    found = layer(anchors, points, anchor_places, point_places)
    empty = 0
    for b, n, i in [(b, n, i) for b in range(2) for n in range(views) for i in range(21)]:
        m = 0 if shared else n
        parts = [anchors[b, n, i]]
        # The larger ball asks every second point: any first part of them is an even cloud.
        for region, radius, count in zip(layer.regions, (0.4, 0.8), (30, 15), strict=True):
            parts.append(
                region_by_loops(
                    region,
                    anchors[b, n, i],
                    anchor_places[b, m, i],
                    points[b, n, :count],
                    point_places[b, m, :count],
                    radius,
                )
            )
            empty += not parts[-1].any()
        expected = layer.phi_2(torch.cat(parts)[None])[0]
        torch.testing.assert_close(found[b, n, i], expected, atol=1e-5, rtol=1e-5)
    assert 0 < empty < 2 * 2 * views * 21  # both empty and filled balls were met


def test_points_take_from_their_nearest_anchors_by_inverse_squared_distance() -> None:
    anchors = torch.tensor([[0.0, 0, 0], [3, 0, 0], [0, 50, 0], [0, 0, 60]])
    points = torch.tensor([[1.0, 0, 0], [1.5, 0, 0], [3, 0, 0]])
    weights = interpolation_weights(points, anchors, 2)
    expected = torch.tensor([[0.8, 0.2, 0, 0], [0.5, 0.5, 0, 0], [0, 1, 0, 0]])
    torch.testing.assert_close(weights, expected, atol=1e-5, rtol=0)


def test_joint_to_mesh_interpolates_and_keeps_the_point() -> None:
    layer = stirred(JointToMesh(C))
    anchors, points = torch.randn(1, 2, 21, C), torch.randn(1, 2, 5, C)
    weights = torch.zeros(1, 1, 5, 21)  # shared by the views
    weights[..., 3] = 0.25
    weights[..., 20] = 0.75
    spread = 0.25 * anchors[:, :, 3:4] + 0.75 * anchors[:, :, 20:]
    expected = layer.layers(torch.cat((spread.expand_as(points), points), dim=-1))
    torch.testing.assert_close(layer(anchors, points, weights), expected)


def readout(*, offset: float = 0.0) -> tuple[JointReadout, Tensor]:
    """A readout that puts joint j on point j: features are one-hot, and their own weight."""
    layer = JointReadout(21)
    with torch.no_grad():
        layer.linear.weight.zero_()
        layer.linear.weight[:21] = 60 * torch.eye(21)
        layer.linear.bias[42:45] = offset  # of joint 0 only
    return layer, torch.eye(21)[None, None]


def test_joints_are_averages_of_points_by_their_weights() -> None:
    layer, features = readout()
    places = torch.randn(1, 1, 21, 3)
    joints = layer(features, places, torch.ones(1, 1, dtype=torch.bool))
    torch.testing.assert_close(joints, places[0] - places[0, :, 9:10], atol=1e-5, rtol=0)


def test_a_points_offset_counts_by_its_closeness() -> None:
    places = torch.randn(1, 1, 21, 3)
    present = torch.ones(1, 1, dtype=torch.bool)
    plain, features = readout()
    moved, _ = readout(offset=0.5)
    step = moved(features, places, present) - plain(features, places, present)
    expected = torch.zeros(1, 21, 3)
    expected[:, 0] = 0.8 * (1 - 0.5) * 0.5  # kernel (1 - sigmoid(0)) o
    torch.testing.assert_close(step, expected, atol=1e-5, rtol=0)


def test_points_of_absent_views_say_nothing_of_joints() -> None:
    layer = JointReadout(C)
    features, places = torch.randn(1, 3, 5, C), torch.randn(1, 3, 5, 3)
    present = torch.tensor([[True, False, True]])
    kept = layer(features[:, ::2], places[:, ::2], present[:, ::2])
    torch.testing.assert_close(layer(features, places, present), kept)
    features[:, 1], places[:, 1] = 100, 100
    torch.testing.assert_close(layer(features, places, present), kept)


@pytest.mark.parametrize("task", ["unsupervised", "segmentation", "heatmap2.5d", "heatmap2d"])
def test_2d_alignment_sums_the_map_up_by_joint(task: str) -> None:
    layer = stirred(ImageAlignment(C, task, 3))
    with torch.no_grad():  # no cell says more than another
        layer.maps.weight.zero_()
        layer.maps.bias.zero_()
    f_3d, f_vis = torch.randn(2, 3, 5, C), torch.randn(6, C, 8, 8)
    present = torch.tensor([[True, True, False], [True, True, True]])
    found = layer(f_3d, f_vis, torch.rand(2, 3, 5, 2) - 0.5, present)
    assert found.f_vis.shape == f_vis.shape
    assert found.heat.shape == (6, 21, 64)
    assert (found.mask is not None) == (task == "segmentation")
    assert (found.depth is not None) == (task == "heatmap2.5d")
    # Equation 5 with W constant: the mean over the cells; then each view's beside all views'.
    own = found.f_vis.mean(dim=(2, 3)).unflatten(0, (2, 3))
    shared = torch.stack((own[0, :2].mean(dim=0), own[1].mean(dim=0)))[:, None].expand_as(own)
    fused = layer.fuse(torch.cat((own, shared), dim=-1))[:, :, None].expand(2, 3, 21, C)
    torch.testing.assert_close(found.f_2d, fused, atol=1e-5, rtol=1e-5)


def test_2d_alignment_looks_where_the_joint_is_hot() -> None:
    layer = stirred(ImageAlignment(C, "heatmap2d", 1))
    with torch.no_grad():
        layer.maps.weight.mul_(1e3)
    present = torch.ones(1, 1, dtype=torch.bool)
    found = layer(
        torch.randn(1, 1, 5, C), torch.randn(1, C, 8, 8), torch.zeros(1, 1, 5, 2), present
    )
    hottest = found.heat.argmax(dim=-1)[0]
    picked = found.f_vis[0].flatten(1).T[hottest]
    weight = found.heat.softmax(dim=-1).amax(dim=-1)[0] > 0.999
    assert weight.sum() > 5
    fused = layer.fuse(torch.cat((picked, picked), dim=-1))
    torch.testing.assert_close(found.f_2d[0, 0][weight], fused[weight], atol=1e-2, rtol=1e-2)


def test_a_segmentation_takes_the_background_from_every_joint() -> None:
    layer = stirred(ImageAlignment(C, "segmentation", 1))
    with torch.no_grad():
        layer.maps.weight[21] *= 300
    present = torch.ones(1, 1, dtype=torch.bool)
    inputs = torch.randn(1, 1, 5, C), torch.randn(1, C, 8, 8), torch.zeros(1, 1, 5, 2), present
    with torch.no_grad():  # half of the cells are background
        layer.maps.bias[21] -= layer(*inputs).mask.median()
    found = layer(*inputs)
    background = found.mask[0] < -10
    assert 0 < background.sum() < 64
    assert found.heat.softmax(dim=-1)[0][:, background].max() < 1e-3


def test_initial_features_are_the_sum_of_what_is_switched_on() -> None:
    sampled, places = torch.randn(2, 3, 5, C), torch.randn(2, 3, 5, 3)
    context = torch.randn(2, 3, 12 + 6)
    full = stirred(InitialFeatures(C, 12, position=True, global_context=True))
    expected = full.visual(sampled) + full.position(places) + full.context(context)[:, :, None]
    torch.testing.assert_close(full(sampled, places, context), expected.relu())
    visual = InitialFeatures(C, 12, position=False, global_context=False)
    assert {name.split(".")[0] for name, _ in visual.named_parameters()} == {"visual"}
    assert torch.equal(visual(sampled, places, context), visual.visual(sampled).relu())


def test_the_feature_update_normalises_each_term() -> None:
    f_3d, f_2d, f_glo = (
        5 * torch.randn(4, 3, 40, C),
        torch.randn(4, 3, 40, C),
        torch.randn(4, 3, 12),
    )
    layer = FeatureUpdate(C, 12, image=True, global_context=True)
    norms = [term[1] for term in (layer.w3, layer.w4, layer.w5)]
    assert all(isinstance(norm, PointNorm) for norm in norms)
    parts = (layer.w3(f_3d), layer.w4(f_2d), layer.w5(f_glo)[:, :, None])
    torch.testing.assert_close(layer(f_3d, f_2d, f_glo), sum(parts).relu())
    torch.testing.assert_close(parts[0].std(dim=(0, 1, 2)), torch.ones(C), atol=0.01, rtol=0)
    bare = FeatureUpdate(C, 12, image=False, global_context=False)
    torch.testing.assert_close(bare(f_3d, None, f_glo), bare.w3(f_3d).relu())


def test_feedback_trusts_what_was_found() -> None:
    layer = KeypointFeedback(C)
    anchors, projected = torch.randn(1, 2, 21, C), torch.rand(1, 2, 21, 2)
    lost = torch.zeros(1, 2, 21, 3)
    elsewhere = lost + torch.tensor([0.5, -0.5, 0.0])
    found = lost + torch.tensor([0.0, 0.0, 1.0])
    base = layer(anchors, lost, projected)
    assert torch.equal(layer(anchors, elsewhere, projected), base)
    assert (layer(anchors, found, projected) - base).abs().max() > 1e-2
