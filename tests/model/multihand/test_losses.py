"""Every loss against a calculation by hand (eq. 2, 3, 8 to 11), and what weak supervision sees."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from bridge.model.hand.limits_torch import JointLimits
from bridge.model.multihand import LossWeights, multihand_loss
from bridge.model.multihand.decoding import cell_of, local_keypoints
from bridge.model.multihand.localisation import focal_loss, gaussian_radius, peak_maps
from bridge.model.multihand.reconstruction import (
    bone_directions,
    consistency,
    labelled_unit,
    photometric,
    regularisation,
    reprojection,
    true_hands,
    truth_terms,
)
from bridge.model.training.schedule import Moment
from bridge.protocol.joints import BONES
from tests.model.multihand.tiny import hand, network, scenes, tiny, tiny_full

LATE = Moment(9, 10)


def near(value: float) -> object:
    return pytest.approx(value, rel=1e-5, abs=1e-6)


def test_focal_loss_is_eq_3_and_its_other_half() -> None:
    logits, target = torch.tensor([0.4, -1.2, 2.0]), torch.tensor([1.0, 0.0, 0.5])
    p = [1 / (1 + math.exp(-x)) for x in logits.tolist()]
    wanted = -((1 - p[0]) ** 2) * math.log(p[0])
    wanted -= p[1] ** 2 * math.log(1 - p[1])
    wanted -= (1 - 0.5) ** 4 * p[2] ** 2 * math.log(1 - p[2])
    assert focal_loss(logits, target).item() == near(wanted)


def overlap(size: tuple[float, float], moved: tuple[float, float, float, float]) -> float:
    """Intersection over union of a box from (0, 0) and one whose corners moved."""
    h, w = size
    top, left, bottom, right = moved[0], moved[1], h + moved[2], w + moved[3]
    tall, wide = min(h, bottom) - max(0, top), min(w, right) - max(0, left)
    shared = max(tall, 0) * max(wide, 0)
    return shared / (h * w + (bottom - top) * (right - left) - shared)


@pytest.mark.parametrize("size", [(10.0, 10.0), (4.0, 12.0), (7.5, 3.0)])
def test_the_radius_is_the_largest_that_keeps_the_overlap(size) -> None:
    r = gaussian_radius(torch.tensor(size[0]), torch.tensor(size[1])).item()
    worst = min(overlap(size, (s * r, s * r, t * r, t * r)) for s, t in ((1, 1), (1, -1), (-1, 1)))
    assert worst == near(0.7)


def test_peak_maps_are_one_at_the_cell_and_gaussian_around() -> None:
    cells, spread = torch.tensor([[6, 11]]), torch.tensor([[1.5, 0.5]])
    maps = peak_maps(cells, spread, torch.tensor([[True, False]]), (4, 5))
    assert maps.shape == (1, 4, 5)
    assert maps[0, 1, 1] == 1  # cell 6 of rows of 5
    assert maps[0, 2, 3].item() == near(math.exp(-(1 + 4) / (2 * 1.5**2)))
    both = peak_maps(cells, spread, torch.tensor([[True, True]]), (4, 5))
    assert both[0, 2, 1] == 1
    assert (both >= maps).all()


def test_cells_are_counted_row_by_row_and_kept_within() -> None:
    pixel = torch.tensor([[0.0, 0.0], [7.4, 8.0], [-3.0, 900.0]])
    assert cell_of(pixel, 8, (3, 4)).tolist() == [0, 4, 8]


def test_distances_are_in_lengths_of_the_middle_fingers_first_section() -> None:
    labels = torch.zeros(2, 21, 2)
    labels[0, 9], labels[0, 10] = torch.tensor([3.0, 4.0]), torch.tensor([9.0, 12.0])
    box = torch.tensor([[0.0, 0.0, 9.0, 12.0], [0.0, 0.0, 40.0, 20.0]])
    # The second hand's section points at the camera: a share of its box stands in.
    assert labelled_unit(labels, box).tolist() == [near(10.0), near(6.0)]


def test_reprojection_is_the_first_sum_of_eq_8() -> None:
    found, labels = torch.zeros(1, 21, 2), torch.zeros(1, 21, 2)
    found[0, 3], found[0, 20] = torch.tensor([3.0, 4.0]), torch.tensor([0.0, 2.0])
    assert reprojection(found, labels, torch.tensor([10.0])).item() == near(7.0 / 21 / 10)


def test_bones_are_directions_that_fade_where_they_point_at_the_camera() -> None:
    found, labels = torch.zeros(1, 21, 2), torch.zeros(1, 21, 2)
    # A fan of bones, so that each has a direction; the other hand's are the same, turned by 90
    # degrees and a hundredth as long.
    for parent, child in BONES:
        angle = torch.tensor(0.3 * child)
        labels[0, child] = labels[0, parent] + 5 * torch.stack([angle.cos(), angle.sin()])
        found[0, child] = found[0, parent] + 0.05 * torch.stack([-angle.sin(), angle.cos()])
    unit = torch.tensor([5.0])
    trust = math.sqrt(1 / (1 + 0.01))
    turned = bone_directions(found, labels, unit).item()
    assert turned == pytest.approx(trust * math.sqrt(2), rel=1e-4)
    assert bone_directions(100 * found, labels, unit).item() == pytest.approx(turned, rel=1e-4)
    assert bone_directions(0.2 * labels + 7, labels, unit).item() == pytest.approx(0, abs=1e-4)
    # A label of a tenth of the unit counts for its share.
    short = bone_directions(found, 0.1 * labels, unit).item()
    assert short == pytest.approx(math.sqrt(0.5) * math.sqrt(2), rel=1e-4)


def test_consistency_is_eq_11_over_visible_keypoints() -> None:
    local, mesh = torch.zeros(1, 21, 2), torch.zeros(1, 21, 2)
    mesh[0, 0], mesh[0, 1] = torch.tensor([6.0, 8.0]), torch.tensor([100.0, 0.0])
    visible = torch.zeros(1, 21, dtype=torch.bool)
    visible[0, [0, 2]] = True
    assert consistency(local, mesh, visible, torch.tensor([5.0])).item() == near(10 / 2 / 5)


def test_local_keypoints_are_the_peaks_near_the_hand() -> None:
    logits = torch.full((1, 21, 8, 8), -8.0)
    logits[0, :, 2, 3] = 8.0
    logits[0, :, 7, 7] = 8.0  # another hand's
    found = local_keypoints(logits, torch.tensor([2 * 8 + 2]), 4, 8.0)
    wanted = torch.tensor([3 * 4 + 1.5, 2 * 4 + 1.5]).expand(1, 21, 2)
    torch.testing.assert_close(found.pixel, wanted, atol=0.1, rtol=0)
    assert found.peak.min() > 0.9


def test_regularisation_is_eq_10() -> None:
    batch = scenes(2)
    with torch.no_grad():
        hands = network()(batch).hands
    far = hands.rotations.clone()
    turn = torch.tensor([[1.0, 0, 0], [0, -1, 0], [0, 0, -1]])  # half a turn, beyond any limit
    far[0, 5] = turn
    hands = replace(hands, rotations=far)
    limits = JointLimits(hand().model)
    found = regularisation(hands, limits, 0.1)
    for n in range(len(found)):
        wanted = limits.excess(far[n, 1:]).sum().item() + 0.1 * hands.betas[n].norm().item()
        assert found[n].item() == pytest.approx(wanted, abs=1e-4)
    assert found[0] > 1


def test_photometric_is_zero_on_its_own_picture_and_counts_skin_only() -> None:
    batch = scenes(2)
    net = network()
    with torch.no_grad():
        output = net(batch)
    # A texture of one colour in ambient light is that colour wherever a hand is drawn.
    light = torch.zeros_like(output.hands.light)
    light[:, [0, 9, 18]] = 1
    flat = torch.tensor([0.2, 0.4, 0.6]).expand_as(output.hands.albedo)
    output = replace(output, hands=replace(output.hands, albedo=flat, light=light))
    same = replace(batch, images=torch.tensor([0.2, 0.4, 0.6])[:, None, None].expand(2, 3, 64, 64))

    def value(scene):
        return photometric(output, scene, hand(), pixel=2, pictures=2).item()

    everywhere = torch.ones_like(batch.skin)
    assert value(replace(same, skin=everywhere)) == pytest.approx(0, abs=2e-4)
    black = replace(same, images=torch.zeros(2, 3, 64, 64), skin=everywhere)
    assert value(black) == pytest.approx(math.sqrt(0.04 + 0.16 + 0.36), rel=1e-4)
    assert value(replace(black, skin=torch.zeros_like(batch.skin))) == 0


def test_truth_terms_are_relative_to_the_root() -> None:
    batch = scenes(2)
    with torch.no_grad():
        output = network()(batch)
    truth = true_hands(batch, output.picture, output.slot, hand())
    assert truth is not None
    moved = replace(output.hands, joints_m=truth[0] + 0.3, vertices_m=truth[1] + 0.3)
    assert max(v.abs().max() for v in truth_terms(moved, *truth).values()) < 1e-5
    bent = truth[0].clone()
    bent[:, 4] += 0.021  # one keypoint of 21, in all axes
    terms = truth_terms(replace(moved, joints_m=bent + 0.3), *truth)
    torch.testing.assert_close(terms["joints"], torch.full_like(terms["joints"], 0.01))


def test_weak_supervision_never_looks_at_3d_truth() -> None:
    batch = scenes(3)
    config = tiny()
    net = network(config).eval()
    bare = multihand_loss(net(batch.without_3d()), batch.without_3d(), config, LATE)
    given = multihand_loss(net(batch), batch, config, LATE)
    assert {"joints", "vertices"}.isdisjoint(given)
    assert bare.keys() == given.keys()
    for name, value in given.items():
        assert torch.equal(value, bare[name]), name
    wrong = replace(batch, turn=batch.turn * float("nan"), depth_m=batch.depth_m * float("nan"))
    assert torch.equal(multihand_loss(net(wrong), wrong, config, LATE)["total"], given["total"])


def test_full_supervision_adds_joints_and_vertices_where_they_are_known() -> None:
    batch, config = scenes(3), tiny_full()
    net = network(config).eval()
    full = multihand_loss(net(batch), batch, config, LATE)
    assert {"joints", "vertices"} <= full.keys()
    bare = multihand_loss(net(batch), batch.without_3d(), config, LATE)
    assert {"joints", "vertices"}.isdisjoint(bare)


def test_the_first_stage_learns_the_reconstruction_only() -> None:
    batch, config = scenes(3, centred=True), tiny()
    net = network(config)
    losses = multihand_loss(net(batch), batch, config, LATE)
    assert losses.keys() == {"total", "reprojection", "bones", "regularisation", "photometric"}
    losses["total"].backward()
    assert net.centre[1].weight.grad.abs().max() == 0
    assert net.heads.mano[-1].weight.grad.abs().max() > 0


def test_the_photometric_term_waits_for_its_moment() -> None:
    batch, config = scenes(2), tiny(photo_from=0.5)
    net = network(config).eval()
    early = multihand_loss(net(batch), batch, config, Moment(4, 10))
    late = multihand_loss(net(batch), batch, config, Moment(5, 10))
    assert late.keys() - early.keys() == {"photometric"}


@pytest.mark.parametrize(
    "name", ["bones", "photometric", "regularisation", "consistency", "side", "keypoints"]
)
def test_a_weight_of_zero_leaves_the_term_out(name: str) -> None:
    batch, usual = scenes(2), tiny()
    config = replace(usual, loss=replace(usual.loss, **{name: 0.0}))
    net = network(config).eval()
    with_it = multihand_loss(net(batch), batch, usual, LATE)
    without = multihand_loss(net(batch), batch, config, LATE)
    assert with_it.keys() - without.keys() == {name}
    total = with_it["total"] - with_it[name]
    torch.testing.assert_close(without["total"], total)


def test_weights_multiply() -> None:
    batch = scenes(2)
    net = network().eval()
    one = multihand_loss(net(batch), batch, tiny(), LATE)
    config = tiny(loss=LossWeights(bones=2.5))
    two = multihand_loss(net(batch), batch, config, LATE)
    torch.testing.assert_close(two["bones"], 2.5 * one["bones"])


def test_pictures_without_hands_have_a_loss_of_finite_gradient() -> None:
    batch = scenes(2)
    none = replace(batch, valid=torch.zeros_like(batch.valid), visible=batch.visible & False)
    net = network()
    losses = multihand_loss(net(none), none, tiny(), LATE)
    assert {"centre", "total"} <= losses.keys()
    losses["total"].backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())
