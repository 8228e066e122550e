"""The network as a whole: every switch, any number of views, in any order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from bridge.model.a3net import A3Net, A3NetConfig, A3NetOutput, a3net_loss
from bridge.model.hand.rotation_torch import kabsch
from bridge.model.training.sample import ROOT, HandViews
from tests.model.a3net.tiny import (
    changed,
    close,
    hand,
    network,
    pick,
    said,
    samples,
    tiny,
    tiny_rgb,
)

SWITCHES: list[tuple[Any, dict[str, Any]]] = [
    (tiny, {}),
    (tiny, {"alignment": "procrustes"}),
    (tiny, {"alignment": "extrinsics"}),
    (tiny, {"refine_alignment": False}),
    (tiny, {"fusion": "mlp"}),
    (tiny, {"fusion": "transformer"}),
    (tiny, {"image_alignment": "none"}),
    (tiny, {"image_alignment": "unsupervised"}),
    (tiny, {"image_alignment": "segmentation"}),
    (tiny, {"image_alignment": "heatmap2.5d"}),
    (tiny, {"image_alignment": "none", "iterations": 2}),
    (tiny, {"position": False}),
    (tiny, {"global_context": False}),
    (tiny, {"position": False, "global_context": False, "keypoint_feedback": False}),
    (tiny, {"image_convolution": 3}),
    (tiny, {"ball_radii": (0.2,)}),
    (tiny, {"iterations": 2}),
    (tiny, {"iterations": 3, "view_mask_probability": 0.5}),
    (tiny, {"iterations": 4}),
    (tiny_rgb, {}),
    (tiny_rgb, {"refine_alignment": True, "keypoint_feedback": True, "iterations": 2}),
    (tiny_rgb, {"image_convolution": 1, "fusion": "transformer"}),
    (tiny_rgb, {"image_alignment": "none", "fusion": "mlp"}),
    (tiny_rgb, {"image_alignment": "segmentation"}),
    (tiny_rgb, {"image_alignment": "heatmap2.5d", "alignment": "procrustes"}),
]


def named(value: Any) -> str:
    if callable(value):
        return value.__name__
    return ",".join(f"{name}={chosen}" for name, chosen in value.items()) or "default"


def check_shapes(output: A3NetOutput, config: A3NetConfig, batch: int, views: int) -> None:
    vertices = hand().n_vertices
    assert len(output.stages) == config.iterations
    assert output.joints_m.shape == output.mesh_joints_m.shape == (batch, 21, 3)
    assert output.vertices_m.shape == (batch, vertices, 3)
    assert output.rotations.shape == (batch, 16, 3, 3)
    assert output.betas.shape == (batch, 10)
    assert output.to_first.shape == output.initial.to_first.shape == (batch, views, 3, 3)
    assert output.initial.joints.shape == (batch, views, 21, 3)
    assert output.initial.vertices.shape == (batch, views, vertices, 3)
    assert output.initial.heat.shape == (batch, views, 21, config.map_size**2)
    task = config.image_alignment
    for stage in output.stages:
        assert stage.camera.shape == (batch, views, 3)
        assert stage.reprojection.shape == (batch, views, 21, 2)
        assert (stage.heat is not None) == (task != "none")
        assert (stage.mask is not None) == (task == "segmentation")
        assert (stage.depth is not None) == (task == "heatmap2.5d")


@pytest.mark.parametrize("stem", [tiny, tiny_rgb])
@pytest.mark.parametrize("views", [1, 2, 3, 4])
def test_any_number_of_views_gives_one_hand(stem, views: int) -> None:
    config = stem(iterations=2)
    output = said(network(config), samples(2, views))
    check_shapes(output, config, 2, views)
    assert not output.joints_m[:, ROOT].any()
    assert not output.mesh_joints_m[:, ROOT].any()
    # Finite, and as large as a hand; the mesh hangs on its own keypoints.
    assert 0.05 < output.vertices_m.flatten(1).abs().amax() < 1
    rotations = output.rotations
    close(rotations @ rotations.transpose(-1, -2), torch.eye(3).expand_as(rotations), 1e-4)
    mesh = hand()(output.betas, output.rotations)
    close(output.vertices_m, mesh.vertices - mesh.keypoints[:, ROOT : ROOT + 1])


@pytest.mark.parametrize(("stem", "switch"), SWITCHES, ids=named)
def test_every_switch_trains_every_parameter(stem, switch: dict[str, Any]) -> None:
    config = stem(**switch)
    torch.manual_seed(0)
    net = A3Net(config, hand()).train()
    views = samples(3, 3, noise=True)
    output = net(views)
    check_shapes(output, config, 3, 3)
    loss = a3net_loss(output, views, config)
    for name, value in loss.items():
        assert torch.isfinite(value), name
    loss["total"].backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None, f"{name} gets no gradient"
        assert torch.isfinite(parameter.grad).all(), f"{name} gets a gradient that is not finite"
        if parameter.ndim > 1:
            assert parameter.grad.any(), f"{name} gets no gradient"


@pytest.mark.parametrize("views", [1, 2])
def test_training_takes_a_single_hand(views: int) -> None:
    config = tiny(iterations=2)
    net, batch = A3Net(config, hand()).train(), samples(1, views)
    a3net_loss(net(batch), batch, config)["total"].backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


# Views that are absent or in another order


INVARIANT = [
    tiny(iterations=2),
    tiny(iterations=2, fusion="mlp"),
    tiny(iterations=2, fusion="transformer"),
    tiny(alignment="procrustes", image_alignment="heatmap2.5d"),
    tiny(alignment="extrinsics", image_alignment="none"),
    tiny_rgb(iterations=2),
]


def described(config: A3NetConfig) -> str:
    return f"{config.stem}-{config.alignment}-{config.fusion}-{config.image_alignment}"


def hears_other_views(net: A3Net, views: HandViews) -> None:
    """Without this, all that follows would hold for a network that sees its first view alone."""
    step = said(net, views).joints_m - said(net, pick(views, order=[0, 1])).joints_m
    assert step.abs().max() > 1e-3


@pytest.mark.parametrize("config", INVARIANT, ids=described)
def test_a_view_that_is_absent_is_a_view_that_is_not_there(config: A3NetConfig) -> None:
    net, views = network(config), samples(2, 4)
    hears_other_views(net, views)
    kept = said(net, pick(views, order=[0, 1, 3]))
    present = torch.tensor([[True, True, False, True]]).expand(2, 4)
    for value in (0.1, float("nan")):
        fields = ("landmarks", "images", "focal", "wrist_rotation")
        absent = said(net, replace(changed(views, 2, value, *fields), present=present))
        close(absent.joints_m, kept.joints_m)
        close(absent.vertices_m, kept.vertices_m)
        close(absent.to_first[:, [0, 1, 3]], kept.to_first)


@pytest.mark.parametrize("config", INVARIANT, ids=described)
def test_the_order_of_the_other_views_does_not_matter(config: A3NetConfig) -> None:
    net, views = network(config), samples(2, 4)
    order = [0, 3, 1, 2]
    one, other = said(net, views), said(net, pick(views, order=order))
    close(one.joints_m, other.joints_m)
    close(one.vertices_m, other.vertices_m)
    close(one.to_first[:, order], other.to_first)


@pytest.mark.parametrize("config", INVARIANT, ids=described)
def test_a_hand_does_not_depend_on_others_in_its_batch(config: A3NetConfig) -> None:
    net, views = network(config), samples(3, 3)
    together, alone = said(net, views), said(net, pick(views, hands=[1]))
    close(together.joints_m[1:2], alone.joints_m)
    close(together.vertices_m[1:2], alone.vertices_m)
    assert (together.joints_m[0] - together.joints_m[1]).abs().max() > 1e-2


# What the switches mean


def test_extrinsics_are_the_truth_and_are_used() -> None:
    net, views = network(tiny(alignment="extrinsics", iterations=2)), samples(2, 3)
    output = said(net, views)
    close(output.initial.to_first, views.to_first)
    close(output.to_first, views.to_first)
    wrong = views.wrist_rotation.clone()
    wrong[:, 1] = wrong[:, 0]
    step = said(net, replace(views, wrist_rotation=wrong)).joints_m - output.joints_m
    assert step.abs().max() > 1e-3


@pytest.mark.parametrize("alignment", ["learned", "procrustes"])
def test_the_others_do_not_know_the_truth(alignment: str) -> None:
    net, views = network(tiny(alignment=alignment)), samples(2, 3)
    bare = HandViews(
        focal=views.focal,
        present=views.present,
        landmarks=views.landmarks,
        confidence=views.confidence,
    )
    assert torch.equal(said(net, bare).joints_m, said(net, views).joints_m)


def test_procrustes_turns_the_views_own_joints_onto_the_first() -> None:
    net, views = network(tiny(alignment="procrustes")), samples(2, 3)
    initial = said(net, views).initial
    expected = kabsch(initial.joints, initial.joints[:, :1].expand_as(initial.joints))
    expected[:, 0] = torch.eye(3)
    close(initial.to_first, expected, 1e-4)


def test_reprojections_are_where_each_view_sees_the_mesh() -> None:
    net, views = network(tiny(alignment="extrinsics", iterations=2)), samples(2, 3)
    output = said(net, views)
    focal = views.focal[..., None, None]

    def seen(in_view: Tensor, camera: Tensor) -> Tensor:
        # The camera's scale and shift say where the root is: f / Z, and its image.
        depth = focal / camera[..., None, :1]
        root = torch.cat((camera[..., None, 1:] * depth / focal, depth), dim=-1)
        points = in_view / 0.1 + root
        return focal * points[..., :2] / points[..., 2:].clamp(min=1e-3)

    initial = output.initial
    close(initial.reprojection, seen(initial.mesh_joints, initial.camera), 1e-4)
    for stage in output.stages:
        back = torch.linalg.inv(views.to_first)
        in_views = torch.einsum("bnij,bkj->bnki", back, stage.mesh_joints)
        close(stage.reprojection, seen(in_views, stage.camera), 1e-4)


def test_training_hides_views_but_never_the_first() -> None:
    torch.manual_seed(0)
    net, views = A3Net(tiny(view_mask_probability=0.5), hand()).train(), samples(30, 4)
    with torch.no_grad():
        output = net(views)
    assert output.valid.all()
    assert output.present[:, 0].all()
    share = output.present[:, 1:].float().mean()
    assert 0.3 < share < 0.7
    assert said(net.eval(), views).present.all()


def test_the_export_says_what_the_network_says() -> None:
    net, views = network(tiny(iterations=2)), samples(2, 3)
    with torch.no_grad():
        found = net.export_forward(views.landmarks, views.confidence, views.focal, views.present)
    last = said(net, views).stages[-1]
    names = ("joints", "vertices", "rotations", "betas", "to_first", "camera")
    for name, value in zip(names, found, strict=True):
        assert torch.equal(value, getattr(last, name)), name


def test_it_learns_four_hands_by_heart() -> None:
    config = tiny(view_mask_probability=0.0)
    torch.manual_seed(0)
    net, views = A3Net(config, hand()).train(), samples(4, 2)
    optimiser = torch.optim.Adam(net.parameters(), lr=5e-3)
    totals, errors_mm = [], []
    truth = (views.joints_m - views.joints_m[:, :, ROOT : ROOT + 1])[:, 0]
    for step in range(110):
        optimiser.param_groups[0]["lr"] = 5e-3 if step < 80 else 1e-3
        optimiser.zero_grad()
        output = net(views)
        total = a3net_loss(output, views, config)["total"]
        total.backward()
        optimiser.step()
        totals.append(total.item())
        errors_mm.append(1e3 * (output.joints_m - truth).norm(dim=-1).mean().item())
    assert totals[-1] < 0.2 * totals[0]
    assert errors_mm[0] > 40
    assert errors_mm[-1] < 8
