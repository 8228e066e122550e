"""Every loss against a calculation of its own; when each is on; where its gradient goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bridge.errors import InputError
from bridge.model.hamuco import HaMuCo, HaMuCoConfig, HaMuCoOutput, hamuco_loss
from bridge.model.hamuco.fusion import fit, fuse
from bridge.model.training.sample import HandViews
from bridge.model.training.schedule import Moment
from tests.model.hamuco.tiny import close, hand, network, samples, tiny

EARLY, EVEN, ODD = Moment(0, 100), Moment(98, 100), Moment(99, 100)


def losses(moment: Moment, views: HandViews | None = None, **changes):
    net = network(tiny(**changes))
    views = samples() if views is None else views
    with torch.no_grad():
        return hamuco_loss(net(views), views, net.config, moment)


def true_output(views: HandViews, config: HaMuCoConfig) -> HaMuCoOutput:
    """An output in which every view says what is true."""
    net = network(config)
    with torch.no_grad():
        output = net(views)
    root = views.joints_m[:, :, 9:10]
    joints = views.joints_m - root
    hands = replace(
        output.single,
        joints_m=joints,
        vertices_m=views.vertices_m - root,
        reprojection=views.landmarks,
    )
    depth = root[:, :, 0, 2:]
    camera = torch.cat(
        (
            views.focal[..., None] * 0.2 / depth,
            views.focal[..., None] * root[:, :, 0, :2] / depth,
        ),
        -1,
    )
    first = joints[:, :1].expand_as(joints)
    return replace(
        output,
        single=hands,
        interact=hands,
        camera=camera,
        to_first=fit(joints, first, views.to_first),
    )


def test_the_truth_costs_nothing_but_the_prior() -> None:
    views, config = samples(2, 4), tiny()
    output = true_output(views, config)
    for moment in (EVEN, ODD):
        terms = hamuco_loss(output, views, config, moment)
        for name, value in terms.items():
            if name not in ("prior", "total"):
                assert value < 1e-5, name
        close(terms["total"], terms["prior"], 1e-4)


def test_labels_count_as_much_as_the_detector_trusts_them() -> None:
    views, config = samples(1, 1), tiny(interaction=False)
    output = true_output(views, config)
    trust = torch.zeros(1, 1, 21)
    trust[..., 4], trust[..., 7] = 1.0, 0.5
    labels = views.landmarks.clone()
    labels[..., 4, 0] += 0.3  # x alone is off
    labels[..., 7, :] -= 0.2
    labels[..., 9, :] = torch.nan  # not found: it may hold anything
    views = replace(views, landmarks=labels, confidence=trust)
    found = hamuco_loss(output, views, config, EARLY)["labels"]
    assert float(found) == pytest.approx((1.0 * 0.3 / 2 + 0.5 * 0.2) / 21, rel=1e-4)


def test_collaboration_begins_after_the_warm_up_and_alternates() -> None:
    assert set(losses(EARLY)) == {"total", "labels", "interact_labels", "prior"}
    assert "distillation" in losses(EVEN)
    assert "consistency_2d" in losses(EVEN)
    assert "consistency_fusion" not in losses(EVEN)
    assert "consistency_fusion" in losses(ODD)
    assert "consistency_2d" not in losses(ODD)


@pytest.mark.parametrize(
    ("off", "left"),
    [("consistency_2d", "consistency_fusion"), ("consistency_fusion", "consistency_2d")],
)
def test_with_one_consistency_off_the_other_is_always_on(off: str, left: str) -> None:
    for moment in (EVEN, ODD):
        terms = losses(moment, **{off: False})
        assert left in terms
        assert off not in terms


def test_the_total_is_the_sum() -> None:
    for moment in (EARLY, EVEN, ODD):
        terms = losses(moment)
        total = terms.pop("total")
        close(total, torch.stack(list(terms.values())).sum())


def points(output: HaMuCoOutput, name: str) -> torch.Tensor:
    per_view = getattr(output, name)
    return torch.cat((per_view.vertices_m, per_view.joints_m), 2)


def test_fusion_consistency_and_distillation_are_distances_from_the_mean() -> None:
    net, views = network(tiny()), samples()
    with torch.no_grad():
        output = net(views)
        terms = hamuco_loss(output, views, net.config, ODD)
    interact, single = points(output, "interact"), points(output, "single")
    to_first = output.to_first
    fused = fuse(interact, to_first, output.present)
    far, near = [], []
    for b in range(2):
        for i in range(3):
            turn, scale = to_first.rotation[b, i], to_first.scale[b, i]
            there = ((fused[b] - to_first.shift[b, i]) / scale) @ turn
            near.append((interact[b, i] - there).abs().mean() / 0.2)
            far.append((single[b, i] - there).abs().mean() / 0.2)
    close(terms["consistency_fusion"], torch.stack(near).mean())
    close(terms["distillation"], torch.stack(far).mean())


def test_2d_consistency_is_the_mean_over_all_pairs_of_views() -> None:
    net, views = network(tiny()), samples(1, 2)
    with torch.no_grad():
        output = net(views)
        found = hamuco_loss(output, views, net.config, EVEN)["consistency_2d"]
    hands, to_first = points(output, "interact")[0], output.to_first
    pairs = []
    for i in range(2):
        s, tx, ty = output.camera[0, i]
        for j in range(2):
            first = to_first.scale[0, j] * hands[j] @ to_first.rotation[0, j].T
            first = first + to_first.shift[0, j]
            here = (first - to_first.shift[0, i]) @ to_first.rotation[0, i] / to_first.scale[0, i]

            def image(p, s=s, tx=tx, ty=ty, f=views.focal[0, i]):
                p = p / 0.2
                depth = (1 + s * p[:, 2:] / f).clamp(min=0.2)
                return (s * p[:, :2] + torch.stack((tx, ty))) / depth

            pairs.append((image(hands[i]) - image(here)).abs().mean())
    assert pairs[0] < 1e-5  # a view agrees with itself
    close(found, torch.stack(pairs).mean())


@pytest.mark.parametrize(
    ("term", "moment"), [("consistency_2d", EVEN), ("consistency_fusion", ODD)]
)
def test_a_view_alone_learns_nothing_of_agreeing_with_itself(term: str, moment: Moment) -> None:
    views = samples(2, 3)
    views = replace(views, present=views.present & (torch.arange(3) < 1))
    net = HaMuCo(tiny(), hand()).train()
    hamuco_loss(net(views), views, net.config, moment)[term].backward()
    for value in net.parameters():
        assert value.grad is None or not value.grad.any()


def gradient_of(term: str, moment: Moment, **changes) -> dict[str, bool]:
    """Which parts of the network a loss teaches."""
    torch.manual_seed(4)
    net = HaMuCo(tiny(**changes), hand()).train()
    terms = hamuco_loss(net(samples()), samples(), net.config, moment)
    terms[term].backward()
    parts = {
        "encoder": net.single_view.encoder,
        "pose": net.single_view.pose,
        "camera": net.single_view.camera,
        "interaction": net.interaction,
    }
    return {
        name: any(p.grad is not None and bool(p.grad.any()) for p in part.parameters())
        for name, part in parts.items()
    }


def test_distillation_teaches_the_single_view_alone() -> None:
    taught = gradient_of("distillation", EVEN)
    assert taught == {"encoder": True, "pose": True, "camera": False, "interaction": False}


@pytest.mark.parametrize(
    ("term", "moment"), [("consistency_2d", EVEN), ("consistency_fusion", ODD)]
)
def test_consistency_teaches_the_interaction_and_what_it_sees(term: str, moment: Moment) -> None:
    taught = gradient_of(term, moment)
    assert taught == {"encoder": True, "pose": False, "camera": False, "interaction": True}


def test_the_prior_is_of_the_fingers_and_the_shape() -> None:
    config = tiny(interaction=False, prior=2.0, shape_prior=3.0)
    output = true_output(samples(1, 1), config)
    turns = torch.eye(3).repeat(1, 1, 16, 1, 1)
    half = torch.tensor([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # a quarter about x
    turns[0, 0, 0] = half  # the wrist's does not count
    turns[0, 0, 5] = half
    single = replace(output.single, rotations=turns, betas=torch.full((1, 1, 10), 0.5))
    output = replace(output, single=single, interact=single)
    found = hamuco_loss(output, samples(1, 1), config, EARLY)["prior"]
    assert float(found) == pytest.approx(2 * (torch.pi / 2 / 45 + 3 * 0.5), rel=1e-4)


def test_samples_without_labels_are_refused() -> None:
    with pytest.raises(InputError, match="learns from 2D labels"):
        losses(EARLY, replace(samples(), landmarks=None))


def test_a_broken_view_reaches_no_gradient() -> None:
    views = samples()
    labels = views.landmarks.clone()
    labels[0, 2] = torch.nan
    trust = views.confidence.clone()
    trust[0, 2] = torch.nan
    net = HaMuCo(tiny(), hand()).train()
    views = replace(views, landmarks=labels, confidence=trust)
    for moment in (EVEN, ODD):
        hamuco_loss(net(views), views, net.config, moment)["total"].backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())
