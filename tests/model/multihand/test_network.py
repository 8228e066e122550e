"""The single-stage network: shapes, sides, cells, gradients, and that it can learn."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from bridge.errors import InputError
from bridge.model.multihand import MultiHandConfig, complexity, multihand_loss
from bridge.model.multihand.decoding import cell_of, local_keypoints, peaks
from bridge.model.multihand.scoring import match, score_scenes
from bridge.model.training.sample import ROOT
from bridge.model.training.schedule import Moment
from tests.model.multihand.tiny import SIZE, hand, network, pasted, scenes, tiny, tiny_full


def test_shapes_and_the_hands_that_are_asked_for() -> None:
    batch = scenes(3)
    net = network().eval()
    output = net(batch)
    n, cells = int(batch.valid.sum()), SIZE // 8
    assert output.maps.centre.shape == (3, cells, cells)
    assert output.maps.keypoints.shape == (3, 21, cells, cells)
    assert output.hands.joints_m.shape == (n, 21, 3)
    assert output.hands.vertices_m.shape == (n, 1609, 3)
    assert output.hands.albedo.shape == (n, 1609, 3)
    assert output.hands.light.shape == (n, 27)
    assert output.hands.rotations.shape == (n, 16, 3, 3)
    assert torch.equal(output.hands.left, batch.left[output.picture, output.slot])


@pytest.mark.parametrize("stride", [4, 8])
def test_pictures_of_other_sizes_go_through(stride: int) -> None:
    net = network(tiny(stride=stride)).eval()
    output = net.detect(torch.rand(2, 3, 96, 64), threshold=1e-6)
    assert output.maps.centre.shape == (2, 96 // stride, 64 // stride)
    assert len(output.picture) <= 2 * net.config.most_hands


def test_a_hand_is_told_61_numbers_as_in_the_paper() -> None:
    paper = MultiHandConfig.weak()
    assert paper.parameters_per_hand == 61
    net = network(tiny(rotation="vector"))
    assert net.heads.mano[-1].out_features == 2 * 61
    assert net.heads.texture[-1].out_features == 1609 * 3
    assert net.heads.light[-1].out_features == 27


def test_the_root_begins_in_its_cell_at_the_usual_depth() -> None:
    net = network().eval()
    for parameter in net.heads.mano[-1].parameters():
        torch.nn.init.zeros_(parameter)
    batch = scenes(3)
    with torch.no_grad():
        output = net(batch)
    assert output.hands.depth_m.tolist() == pytest.approx([0.8] * len(output.picture))
    apart = output.hands.root_px - batch.centre_px[output.picture, output.slot]
    assert apart.abs().max() <= 4
    torch.testing.assert_close(
        output.hands.keypoints_px[:, ROOT], output.hands.root_px, atol=1e-3, rtol=0
    )
    torch.testing.assert_close(
        output.hands.rotations, torch.eye(3).expand_as(output.hands.rotations)
    )


def test_a_cells_left_hand_is_not_its_right_hand() -> None:
    batch = scenes(2)
    net = network().eval()
    other = replace(batch, left=~batch.left)
    with torch.no_grad():
        a, b = net(batch), net(other)
    assert torch.equal(a.maps.centre, b.maps.centre)
    assert (a.hands.betas - b.hands.betas).abs().max() > 1e-4


def test_a_hand_does_not_depend_on_the_other_hands_or_pictures() -> None:
    batch = scenes(3)
    net = network().eval()
    alone = replace(
        batch,
        **{
            name: getattr(batch, name)[1:2]
            for name in ("images", "valid", "left", "keypoints_px", "visible", "box_px", "skin")
        },
    )
    with torch.no_grad():
        whole, part = net(batch), net(alone)
    rows = whole.picture == 1
    torch.testing.assert_close(whole.hands.joints_m[rows], part.hands.joints_m, atol=1e-5, rtol=0)


def test_peaks_are_local_maxima_in_falling_order() -> None:
    logits = torch.full((1, 6, 6), -5.0)
    logits[0, 1, 1], logits[0, 1, 2], logits[0, 4, 4] = 2.0, 1.5, 3.0
    score, cells = peaks(logits, 3)
    assert cells[0, :2].tolist() == [4 * 6 + 4, 1 * 6 + 1]
    assert score[0, :2].tolist() == pytest.approx([1 / (1 + 2.718281828**-x) for x in (3, 2)])
    assert score[0, 2] < 0.01  # the neighbour of a higher one is none


def test_detected_hands_are_those_of_their_cells() -> None:
    net = network().eval()
    batch = scenes(2)
    with torch.no_grad():
        output = net.detect(batch.images, threshold=1e-6)
        exported = net.export_forward(batch.images)
    assert len(output.picture)
    for n, (p, k) in enumerate(zip(output.picture.tolist(), output.slot.tolist(), strict=True)):
        torch.testing.assert_close(exported[0][p, k], output.score[n])
        torch.testing.assert_close(exported[3][p, k], output.hands.joints_m[n])
        assert bool(exported[1][p, k] < 0.5) == bool(output.hands.left[n])


def test_every_part_learns() -> None:
    batch, config = scenes(3), tiny()
    net = network(config)
    multihand_loss(net(batch), batch, config, Moment(9, 10))["total"].backward()
    still = [
        name for name, p in net.named_parameters() if p.grad is None or p.grad.abs().max() == 0
    ]
    assert not still


def test_it_overfits_a_few_pictures() -> None:
    batch, config = scenes(2), tiny(channels=24, width=0.25, hidden=64, stride=4)
    net = network(config)
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3)
    history = []
    for _ in range(60):
        losses = multihand_loss(net(batch), batch, config, Moment(0, 1))
        optimizer.zero_grad()
        losses["total"].backward()
        optimizer.step()
        history.append({name: value.item() for name, value in losses.items()})
    for name, share in (("centre", 0.1), ("side", 0.3), ("reprojection", 0.6), ("bones", 0.6)):
        assert history[-1][name] < share * history[0][name], name
    assert history[-1]["photometric"] < 0.7 * history[0]["photometric"]

    class Same:
        def __len__(self) -> int:
            return 2

        def batch(self, numbers, *, views, augment):
            return batch

    net.eval()
    scores = score_scenes(net, Same(), pictures=2, located=True)
    assert scores.labelled == scores.matched == int(batch.valid.sum())
    assert scores.metrics["side"].mean == 1


def test_half_the_precision_is_for_features_alone() -> None:
    """What follows from the heads' numbers is computed in single precision, bit for bit."""
    batch, config = scenes(3), tiny_full(mean_pose="at_ease")
    net, camera, late = network(config).eval(), batch.camera, Moment(9, 10)
    with torch.no_grad():
        whole = multihand_loss(net(batch), batch, config, late)
        with torch.autocast("cpu", torch.bfloat16):
            output = net(batch)
            losses = multihand_loss(output, batch, config, late)
        again = multihand_loss(output, batch, config, late)
    for name, value in losses.items():
        assert torch.equal(value, again[name]), name
        assert float(value) == pytest.approx(float(whole[name]), rel=0.1, abs=0.02), name
    hands, at = output.hands, (output.picture, output.slot)
    for told in (hands.side, hands.albedo, hands.light, output.maps.centre, output.maps.keypoints):
        assert told.dtype == torch.float32
    turned = hands.rotations @ hands.rotations.transpose(-1, -2)
    torch.testing.assert_close(turned, torch.eye(3).expand_as(turned), atol=1e-5, rtol=0)
    cells = cell_of(batch.centre_px, 8, (SIZE // 8, SIZE // 8))[at]
    local = local_keypoints(output.maps.keypoints[output.picture], cells, 8, 0.2 * SIZE)
    assert torch.equal(local.pixel, hands.local_px)
    points = net.hand(hands.betas, hands.rotations).keypoints
    points = points - points[:, ROOT : ROOT + 1]
    placed = camera.place(points, hands.left, hands.root_px, hands.depth_m)
    assert torch.equal(placed, hands.joints_m)


def test_complexity_counts_the_picture_not_the_hands() -> None:
    small, more = (complexity(network(tiny(most_hands=n))) for n in (1, 10))
    assert small.parameters == more.parameters == sum(p.numel() for p in network().parameters())
    assert small.flops < more.flops < 1.5 * small.flops + 10_000_000
    assert more._asdict().keys() == {"parameters", "flops", "size_px", "hands", "vertices"}


def test_the_hand_model_is_not_among_the_weights() -> None:
    assert not [k for k in network().state_dict() if k.startswith(("hand.", "limits."))]


def test_configurations_survive_their_dictionary() -> None:
    config = tiny(threshold=0.2)
    assert MultiHandConfig.from_dict(config.to_dict()) == config
    full = MultiHandConfig.full()
    assert full.loss.joints > 0
    assert MultiHandConfig.weak().loss.joints == MultiHandConfig.weak().loss.vertices == 0
    for changes, message in (
        ({"stride": 6}, "stride"),
        ({"size": 100}, "size"),
        ({"depth": 34}, "depth"),
        ({"threshold": 1.0}, "threshold"),
        ({"loss": {"bones": -1}}, "bones"),
        ({"loss": {"bone": 1}}, "bone"),
        ({"sizes": 3}, "sizes"),
    ):
        with pytest.raises(InputError, match=message):
            MultiHandConfig.from_dict(changes)


def test_scores_of_perfect_hands_are_perfect() -> None:
    source = pasted()
    net = network().eval()

    class Oracle(torch.nn.Module):
        hand, config = hand(), net.config

        def detect(self, images):
            from bridge.model.multihand.reconstruction import true_hands

            batch = source.batch(list(range(len(images))), views=1, augment=False)
            with torch.no_grad():
                output = net(batch)
            at = output.picture, output.slot
            joints, vertices = true_hands(batch, *at, hand())
            hands = replace(
                output.hands,
                joints_m=joints,
                vertices_m=vertices,
                keypoints_px=batch.keypoints_px[at],
            )
            # One hand is not found, one is found where there is none.
            kept = torch.arange(len(at[0])) != 0
            parts = {
                name: torch.cat([getattr(hands, name)[kept], getattr(hands, name)[-1:].clone()])
                for name in hands.__dataclass_fields__
            }
            parts["keypoints_px"][-1] += 1000
            picture = torch.cat([at[0][kept], at[0][-1:]])
            return replace(output, hands=type(hands)(**parts), picture=picture, slot=picture)

    scores = score_scenes(Oracle(), source, pictures=6)  # type: ignore[arg-type]
    assert scores.matched == scores.labelled - 1 == scores.found - 1
    assert scores.precision == pytest.approx(scores.matched / scores.found)
    assert scores.metrics["epe_mm"].mean < 1e-3
    assert scores.metrics["pa_mpvpe_mm"].mean < 1e-3
    assert scores.metrics["pixel"].mean < 1e-3
    assert scores.metrics["side"].mean == 1


def test_a_find_far_from_all_hands_draws_none_away_from_its_own() -> None:
    """The least sum of distances would match both, and both too far apart to count."""

    def keypoints(*across: float) -> torch.Tensor:
        points = torch.zeros(len(across), 21, 2)
        points[..., 0] = torch.tensor(across)[:, None]
        return points

    truth = SimpleNamespace(
        images=torch.zeros(1, 3, 8, 8),
        valid=torch.ones(1, 2, dtype=torch.bool),
        keypoints_px=keypoints(0, 200)[None],
        box_px=torch.tensor([[[-50.0, -50, 50, 50], [150, -50, 250, 50]]]),
    )
    found = SimpleNamespace(
        hands=SimpleNamespace(keypoints_px=keypoints(40, -300)), picture=torch.zeros(2)
    )
    rows, pictures, slots = match(found, truth)  # type: ignore[arg-type]
    assert (rows.tolist(), pictures.tolist(), slots.tolist()) == ([0], [0], [0])


def test_a_network_that_says_nothing_of_the_pose_means_the_mean_pose() -> None:
    """Eq. 5: pose parameters are what a hand differs by from the mean."""
    for mean, bent_deg in (("flat", 0.0), ("at_ease", 20.0)):
        net = network(tiny(mean_pose=mean))
        for parameter in net.heads.mano.parameters():
            torch.nn.init.zeros_(parameter)
        with torch.inference_mode():
            hands = net(scenes()).hands
        angles = torch.rad2deg(net.limits.angles(hands.rotations[:, 1:]))
        # First joints of the index, middle, little and ring finger.
        torch.testing.assert_close(
            angles[:, [0, 3, 6, 9], 0], torch.full((len(angles), 4), bent_deg), atol=0.1, rtol=0
        )


def test_active_limits_do_not_let_fingers_bend_backwards() -> None:
    wide, active = (network(tiny(limits=name)).limits for name in ("passive", "active"))
    back = torch.deg2rad(torch.tensor(-14.0))
    turn = torch.tensor([[1.0, 0, 0], [0, 0, 0], [0, 0, 0]])
    turn[1:, 1:] = torch.stack(
        [torch.stack([back.cos(), -back.sin()]), torch.stack([back.sin(), back.cos()])]
    )
    pose = torch.eye(3).repeat(15, 1, 1)
    pose[1] = wide.frames[1] @ turn @ wide.frames[1].T  # the index finger's second joint
    assert wide.excess(pose).sum() < 1e-4
    assert active.excess(pose).sum() == pytest.approx(math.radians(9), abs=1e-3)
