"""The whole network: what it gives, of which views, and that it learns; adaptation's teacher."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from bridge.errors import InputError, ModelError
from bridge.model.hand.layer import open_hand_layer
from bridge.model.simahand import SimaHand, SimaHandConfig, build_svr, complexity, simahand_loss
from bridge.model.training.networks import architecture
from bridge.model.training.sample import ROOT, HandViews
from bridge.model.training.schedule import Moment
from bridge.model.training.weights import load_network, save_weights
from tests.model.simahand.tiny import close, hand, network, said, samples, tiny, tiny_rgb

MVR = tiny(views=4)


def pick(views: HandViews, order: list[int]) -> HandViews:
    """Some views of a batch, in another order."""
    names = ("focal", "present", "images", "landmarks", "confidence", "joints_m", "vertices_m")
    return replace(views, **{name: getattr(views, name)[:, order] for name in names})


@pytest.mark.parametrize("config", [tiny(), tiny_rgb(), MVR, tiny_rgb(views=3)])
def test_what_it_gives(config: SimaHandConfig) -> None:
    out = said(network(config), samples(2, 3))
    shapes = 1 if config.views > 1 else 3
    assert out.vertices.shape == (2, shapes, 1609, 3)
    assert out.joints.shape == (2, shapes, 21, 3)
    assert out.rotation.shape == (2, 3, 3, 3)
    assert out.keypoints.shape == (2, 3, 21, 2)
    assert out.view_joints_m.shape == (2, 3, 21, 3)
    assert out.features.vertex.shape == (2, shapes, 30, 12)
    assert out.features.vertex_last.shape == (2, shapes, 1609, 4)
    deep = config.deep_size**2, config.deep_channels
    for name in ("joint", "orientation", "enhanced"):
        assert getattr(out.features, name).shape == (2, 3, *deep)


def test_joints_and_mesh_are_turned_about_the_middle_knuckle() -> None:
    out = said(network(tiny()), samples(2, 3))
    assert out.joints_m.shape == (2, 21, 3)
    close(out.joints_m[:, ROOT], torch.zeros(2, 3))
    close(network(tiny()).regressor @ out.vertices_m, out.joints_m)
    turned = torch.einsum("bij,bkj->bki", out.rotation[:, 0], out.joints[:, 0])
    close(out.joints_m, turned - turned[:, ROOT : ROOT + 1])


def test_an_svr_hand_sees_every_view_alone() -> None:
    net, views = network(tiny()), samples(2, 3)
    all_views = said(net, views)
    for k in range(3):
        alone = said(net, pick(views, [k]))
        close(alone.vertices[:, 0], all_views.vertices[:, k], 1e-4)
        close(alone.rotation[:, 0], all_views.rotation[:, k], 1e-4)


def test_an_mvr_hand_fuses_one_shape_and_turns_it_into_every_view() -> None:
    net, views = network(MVR), samples(2, 3)
    out, swapped = said(net, views), said(net, pick(views, [2, 0, 1]))
    close(swapped.vertices, out.vertices)
    two = said(net, pick(views, [0, 1]))
    assert (two.vertices - out.vertices).abs().max() > 1e-4
    assert (out.rotation[:, 0] - out.rotation[:, 1]).abs().max() > 1e-2


@pytest.mark.parametrize("present", [[1, 1, 0], [1, 0, 1]])
def test_an_absent_view_is_as_one_that_is_not_there(present: list[int]) -> None:
    net, views = network(MVR), samples(2, 3)
    here = torch.tensor([present] * 2, dtype=torch.bool)
    kept = [k for k in range(3) if present[k]]
    out = said(net, replace(views, present=here))
    less = said(net, pick(views, kept))
    close(out.vertices, less.vertices)
    close(out.rotation[:, 0], less.rotation[:, 0])


def test_more_views_than_it_fuses_are_an_error() -> None:
    with pytest.raises(InputError, match="at most 2 views, not 3"):
        network(tiny(views=2))(samples(2, 3))


@pytest.mark.parametrize("switch", ["image_fusion", "joint_fusion", "orientation_enhancement"])
def test_every_switch_makes_a_network(switch: str) -> None:
    out = said(network(replace(MVR, **{switch: "none"})), samples(2, 3))
    assert torch.isfinite(out.vertices_m).all()


@pytest.mark.parametrize("views", [1, 3])
def test_it_learns_two_hands_by_heart(views: int) -> None:
    torch.manual_seed(0)
    config = tiny(views=views, view_mask_probability=0.0, orientation_from=0.0)
    net, batch = SimaHand(config, hand()).train(), samples(2, 3)
    optimiser = torch.optim.Adam(net.parameters(), 4e-3)
    losses = []
    for step in range(25):
        loss = simahand_loss(net(batch), batch, config, Moment(step, 25))["total"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.6 * losses[0]


@pytest.mark.parametrize("config", [tiny(orientation_from=0.0), tiny_rgb(views=3)])
def test_half_the_precision_changes_little(config: SimaHandConfig) -> None:
    net, views = network(config), samples(2, 3)
    found = []
    for enabled in (False, True):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            found.append(simahand_loss(net(views), views, config, Moment(9, 10)))
    for name, value in found[0].items():
        assert float(found[1][name]) == pytest.approx(float(value), rel=0.1, abs=0.02), name


def saved(folder: Path, config: SimaHandConfig = MVR, name: str = "simahand-mvr") -> Path:
    path = folder / "weights.safetensors"
    save_weights(path, network(config), name=name, config=config, about={})
    return path


def test_the_teacher_gives_its_features_and_stays_as_it_is(tmp_path: Path) -> None:
    config = tiny(teacher=str(saved(tmp_path)))
    net, views = build_svr(config, hand()).train(), samples(2, 3)
    out = net(views)
    teacher = load_network(saved(tmp_path), hand())[0]
    for ours, theirs in zip(out.teacher, said(teacher, views).features, strict=True):
        close(ours, theirs)
        assert not ours.requires_grad
    assert net.state_dict().keys() == network(tiny()).state_dict().keys()
    assert len(list(net.parameters())) == len(list(network(tiny()).parameters()))
    assert net.eval()(views).teacher is None
    # A copy for the moving average has a teacher of its own; a move takes it along.
    assert copy.deepcopy(net)._teacher[0] is not net._teacher[0]
    moved = build_svr(config, open_hand_layer()).double()
    assert next(moved._teacher[0].parameters()).dtype == torch.float64


def test_distillation_reaches_the_branch_that_it_is_of(tmp_path: Path) -> None:
    config = tiny(teacher=str(saved(tmp_path)))
    net, views = build_svr(config, hand()).train(), samples(2, 3)
    found = simahand_loss(net(views), views, config, Moment(9, 10))
    found["distil_vertex"].backward(retain_graph=True)
    assert net.shape.lifting.grad.any()
    assert net.orientation.enhance.cross.join.weight.grad is None
    net.zero_grad(set_to_none=True)
    found["distil_enhanced"].backward()
    assert net.shape.lifting.grad is None
    assert net.orientation.enhance.cross.join.weight.grad.any()


def test_distilling_f_j_teaches_the_encoder_that_makes_it(tmp_path: Path) -> None:
    config = tiny(teacher=str(saved(tmp_path)), distil=("joint",))
    net, views = build_svr(config, hand()).train(), samples(2, 3)
    found = simahand_loss(net(views), views, config, Moment(9, 10))
    found["distil_joint"].backward(retain_graph=True)
    assert all(value.grad.any() for value in net.shape.encoder.parameters() if value.ndim > 1)
    net.zero_grad(set_to_none=True)
    found["rotation"].backward()
    assert all(value.grad is None for value in net.shape.encoder.parameters())


def test_trained_weights_do_without_the_teacher(tmp_path: Path) -> None:
    config = tiny(teacher=str(saved(tmp_path)))
    path = tmp_path / "svr" / "weights.safetensors"
    save_weights(path, build_svr(config, hand()), name="simahand-svr", config=config, about={})
    saved(tmp_path).unlink()
    net, _ = load_network(path, hand())
    assert net.config.teacher is None
    assert torch.isfinite(said(net, samples(2, 1)).joints_m).all()


def test_teachers_that_cannot_be_used(tmp_path: Path) -> None:
    def refused(path: Path, message: str, kind: type[Exception], **changes: object) -> None:
        with pytest.raises(kind, match=message):
            build_svr(tiny(teacher=str(path), **changes), hand())

    refused(tmp_path / "nowhere.safetensors", "no weights file .*nowhere", ModelError)
    path = saved(tmp_path)
    refused(path, "has another vertex_channels", InputError, vertex_channels=16)
    refused(
        path,
        "another decoder_channels",
        InputError,
        decoder_channels=(8, 6),
        distil=["vertex_last"],
    )
    build_svr(tiny(teacher=str(path), decoder_channels=(8, 6)), hand())
    content = bytearray(path.read_bytes())
    content[-9] ^= 0xFF
    path.write_bytes(content)
    refused(path, "damaged", ModelError)
    refused(saved(tmp_path, tiny(), "simahand-svr"), "a teacher is a simahand-mvr", InputError)
    larger = copy.deepcopy(hand())
    larger.template = 1.1 * larger.template
    with pytest.raises(InputError, match="was trained on another hand: open"):
        build_svr(tiny(teacher=str(saved(tmp_path))), larger)
    with pytest.raises(InputError, match="the teacher MVR-Hand fuses at most 4 views, not 5"):
        build_svr(tiny(teacher=str(saved(tmp_path))), hand())(samples(2, 5))


def test_sizes_are_the_papers() -> None:
    net = SimaHand(SimaHandConfig.paper(), hand())
    size = complexity(net, views=1)
    assert size.parameters == pytest.approx(78.42e6, rel=0.05)
    assert size.flops == pytest.approx(1.65e9, rel=0.3)
    with pytest.raises(InputError, match="fuses at most 4 views, not 9"):
        complexity(network(MVR), views=9)


def test_the_registry_knows_both() -> None:
    for name, preset, views in (("simahand-mvr", "landmarks_mvr", 4), ("simahand-svr", "paper", 1)):
        entry = architecture(name)
        config = entry.configure(preset, {"heads": 2})
        assert (config.views, config.heads) == (views, 2)
        assert entry.restore(config.to_dict() | {"teacher": "/etc/passwd"}) == config
