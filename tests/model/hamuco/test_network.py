"""The whole network: what it gives, to whom it listens, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bridge.errors import InputError, ModelError
from bridge.model.hamuco import HaMuCo
from bridge.model.hamuco.network import project_root_relative
from bridge.model.training.sample import ROOT
from bridge.model.training.weights import load_network, save_weights
from tests.model.hamuco.tiny import close, hand, network, samples, tiny


@pytest.mark.parametrize("views", [1, 2, 4])
def test_any_number_of_views(views: int) -> None:
    with torch.no_grad():
        output = network(tiny())(samples(2, views))
    assert output.joints_m.shape == (2, 21, 3)
    assert output.vertices_m.shape == (2, hand().n_vertices, 3)
    for per_view in (output.single, output.interact):
        assert per_view.joints_m.shape == (2, views, 21, 3)
        assert per_view.reprojection.shape == (2, views, 21, 2)
        close(per_view.joints_m[:, :, ROOT], torch.zeros(2, views, 3))
    close(output.joints_m[:, ROOT], torch.zeros(2, 3))


def test_one_view_is_fused_to_itself() -> None:
    with torch.no_grad():
        output = network(tiny())(samples(2, 1))
    close(output.joints_m, output.interact.joints_m[:, 0], 1e-6)
    close(output.vertices_m, output.interact.vertices_m[:, 0], 1e-6)


@pytest.mark.parametrize("alignment", ["extrinsics", "procrustes"])
def test_the_order_of_the_other_views_changes_nothing(alignment: str) -> None:
    views, order = samples(2, 4), [0, 3, 1, 2]
    shuffled = replace(
        views,
        **{
            name: getattr(views, name)[:, order]
            for name in ("focal", "present", "images", "wrist_rotation")
        },
    )
    with torch.no_grad():
        plain, other = (network(tiny(alignment=alignment))(v) for v in (views, shuffled))
    close(plain.joints_m, other.joints_m, 1e-5)
    close(plain.interact.joints_m[:, order], other.interact.joints_m, 1e-5)


def test_the_single_view_estimator_knows_nothing_of_the_other_views() -> None:
    views = samples(2, 3)
    assert views.images is not None
    images = views.images.clone()
    images[:, 1:] = 0.5
    with torch.no_grad():
        plain, other = (network(tiny())(v) for v in (views, replace(views, images=images)))
    close(plain.single.joints_m[:, 0], other.single.joints_m[:, 0], 1e-6)
    assert (plain.interact.joints_m[:, 0] - other.interact.joints_m[:, 0]).abs().amax() > 1e-5


def test_an_absent_view_changes_nothing() -> None:
    views = samples(2, 3)
    assert views.images is not None
    images = views.images.clone()
    images[:, 1] = torch.nan
    two = replace(
        views,
        **{
            name: getattr(views, name)[:, ::2]
            for name in ("focal", "present", "images", "wrist_rotation")
        },
    )
    with torch.no_grad():
        broken, without = (network(tiny())(v) for v in (replace(views, images=images), two))
    assert not broken.valid[:, 1].any()
    close(broken.joints_m, without.joints_m, 1e-5)


def test_without_interaction_both_outputs_are_one() -> None:
    with torch.no_grad():
        output = network(tiny(interaction=False))(samples())
    assert output.interact is output.single


def test_projection_is_weak_perspective_with_an_infinite_focal_length() -> None:
    points = torch.tensor([[0.02, -0.04, 0.1]])
    camera = torch.tensor([1.5, 0.1, 0.2])
    weak = project_root_relative(points, camera, torch.tensor(torch.inf))
    close(weak, torch.tensor([[1.5 * 0.1 + 0.1, -1.5 * 0.2 + 0.2]]))
    # The root is f / s = 2 units, 0.4 m, ahead: what is 0.1 m behind it is smaller by 4 / 5.
    true = project_root_relative(points, camera, torch.tensor(3.0))
    close(true, weak * 0.8)


def test_betas_of_the_interaction_are_the_single_views_without_gradient() -> None:
    net = HaMuCo(tiny(), hand()).train()
    output = net(samples())
    close(output.interact.betas, output.single.betas)
    assert output.single.betas.requires_grad
    assert not output.interact.betas.requires_grad


def test_masking_hides_views_from_fusion_but_never_the_first() -> None:
    net = HaMuCo(tiny(view_mask_probability=0.9), hand()).train()
    torch.manual_seed(0)
    present = net(samples(2, 3)).present
    assert present[:, 0].all()
    assert not present[:, 1:].all()
    assert net.eval()(samples(2, 3)).present.all()


def test_what_the_network_refuses() -> None:
    net, views = network(tiny()), samples()
    with pytest.raises(InputError, match="needs images"):
        net(replace(views, images=None))
    with pytest.raises(InputError, match="images must be"):
        net(replace(views, images=views.images[..., :16, :16]))
    with pytest.raises(InputError, match="take 'procrustes'"):
        net(replace(views, wrist_rotation=None))
    turns = views.wrist_rotation.clone()
    turns[1, 0] = torch.nan
    with pytest.raises(InputError, match="first view of sample 1 is turned is not known"):
        net(replace(views, wrist_rotation=turns))
    images = views.images.clone()
    images[1, 0, 0, 3, 3] = torch.inf
    with pytest.raises(InputError, match="first view of sample 1"):
        net(replace(views, images=images))


def test_without_rotations_procrustes_works() -> None:
    views = replace(samples(), wrist_rotation=None)
    with torch.no_grad():
        assert network(tiny(alignment="procrustes"))(views).joints_m.isfinite().all()


def test_weights_survive_their_file(tmp_path) -> None:
    net = network(tiny())
    save_weights(tmp_path / "w.safetensors", net, name="hamuco", config=net.config, about={})
    again, about = load_network(tmp_path / "w.safetensors")
    assert about["network"] == "hamuco"
    with torch.no_grad():
        close(again(samples()).joints_m, net(samples()).joints_m, 5e-3)
    content = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "cut.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match="damaged"):
        load_network(tmp_path / "cut.safetensors")


def test_the_landmark_stem_sees_labels_and_their_trust_instead_of_pictures() -> None:
    net, views = network(tiny(stem="landmarks")), replace(samples(2, 3), images=None)
    with torch.no_grad():
        output = net(views)
        unsure = net(replace(views, confidence=views.confidence * 0.3))
        lost = net(replace(views, landmarks=views.landmarks.roll(1, dims=2)))
    assert output.joints_m.shape == (2, 21, 3)
    for other in (unsure, lost):
        assert (output.single.joints_m - other.single.joints_m).abs().amax() > 1e-5
    with pytest.raises(InputError, match="needs landmarks"):
        net(replace(views, landmarks=None))
