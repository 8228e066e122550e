"""Pasted pictures: the greedy layout, labels that went the pictures' way, repeatable draws."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from bridge.errors import InputError
from bridge.model.multihand.layout import Square, greedy_layout
from bridge.model.multihand.pasting import open_pasted
from bridge.model.multihand.reconstruction import true_hands
from bridge.model.synthetic.rendered_writer import write_rendered_set
from bridge.model.training.sample import ROOT
from tests.model.multihand.tiny import SIZE, few_hands, hand, pasted, scenes


def fields(batch):
    names = ("images", "valid", "left", "keypoints_px", "visible", "box_px", "skin", "turn")
    return {name: getattr(batch, name) for name in (*names, "pose", "betas", "depth_m")}


def test_the_layout_goes_from_the_lower_right_to_the_upper_left() -> None:
    # Chance 0 is the smallest square; the last two chances share out what is left over.
    got = greedy_layout(100, (30, 60), 10, iter([0.0] * 11), 0.0)
    assert got[:4] == [Square(70, 70, 30), Square(40, 70, 30), Square(10, 70, 30), (70, 40, 30)]
    assert len(got) == 9
    assert got[-1] == Square(10, 10, 30)
    moved = greedy_layout(100, (30, 60), 10, iter([0.0] * 9 + [1.0, 0.5]), 0.0)
    assert moved[-1] == Square(0, 5, 30)


@pytest.mark.parametrize("seed", range(8))
def test_squares_fit_and_overlap_no_more_than_they_may(seed: int) -> None:
    chances = torch.rand(12, generator=torch.Generator().manual_seed(seed)).tolist()
    for overlap in (0.0, 0.2):
        squares = greedy_layout(128, (24, 80), 10, iter(chances), overlap)
        assert 1 <= len(squares) <= 10
        for k, a in enumerate(squares):
            assert 0 <= a.left <= 128 - a.side
            assert 0 <= a.top <= 128 - a.side
            assert 24 <= a.side <= 80
            for b in squares[:k]:
                wide = min(a.left + a.side, b.left + b.side) - max(a.left, b.left)
                tall = min(a.top + a.side, b.top + b.side) - max(a.top, b.top)
                if overlap == 0:
                    assert wide <= 0 or tall <= 0


def test_samples_depend_on_seed_and_number_alone() -> None:
    source = pasted()
    whole = fields(source.batch([5, 6, 7], views=1, augment=False))
    alone = fields(source.batch([6], views=1, augment=False))
    for name, value in alone.items():
        assert torch.equal(value[0], whole[name][1]), name
    other = pasted(seed=1).batch([6], views=1, augment=False)
    assert not torch.equal(other.images, alone["images"])


def test_left_hands_are_mirrored_right_ones() -> None:
    right = pasted(flip=0.0, least=1, most=1).batch([3], views=1, augment=False)
    left = pasted(flip=1.0, least=1, most=1).batch([3], views=1, augment=False)
    assert left.left[0, 0]
    assert not right.left[0, 0]
    low, high = right.box_px[0, 0, [0, 2]], left.box_px[0, 0, [0, 2]]
    torch.testing.assert_close(low[1] - low[0], high[1] - high[0])
    # The square is in the same place, so mirroring is about its middle.
    points, others = right.keypoints_px[0, 0], left.keypoints_px[0, 0]
    total = points[:, 0] + others[:, 0]
    torch.testing.assert_close(total, total[:1].expand(21))
    torch.testing.assert_close(points[:, 1], others[:, 1])
    torch.testing.assert_close(left.turn, right.turn)


def test_truth_in_the_one_camera_projects_to_the_labels() -> None:
    batch = pasted().batch(list(range(16)), views=1, augment=False)
    picture, slot = batch.valid.nonzero(as_tuple=True)
    truth = true_hands(batch, picture, slot, hand())
    assert truth is not None
    found, labels = batch.camera.project(truth[0]), batch.keypoints_px[picture, slot]
    torch.testing.assert_close(found[:, ROOT], labels[:, ROOT], atol=1e-3, rtol=0)
    box = batch.box_px[picture, slot]
    side = (box[:, 2:] - box[:, :2]).amax(-1)
    # A pasted hand was seen from another distance: a few hundredths of its size at most.
    apart = (found - labels).norm(dim=-1).mean(-1) / side
    assert apart.median() < 0.03
    assert apart.max() < 0.12


def test_skin_is_where_the_keypoints_of_hands_are() -> None:
    batch = scenes(4)
    assert 0.02 < batch.skin.mean() < 0.9
    at = batch.keypoints_px.round().long().clamp(0, SIZE - 1)
    hits = []
    for p, k in batch.valid.nonzero().tolist():
        shown = batch.visible[p, k]
        hits.append(batch.skin[p, at[p, k, shown, 1], at[p, k, shown, 0]].mean())
    assert torch.stack(hits).mean() > 0.5


def test_what_an_upper_hand_covers_is_not_visible() -> None:
    batch = pasted(overlap=0.6, least=6).batch(list(range(12)), views=1, augment=False)
    whole = pasted(overlap=0.0, least=6).batch(list(range(12)), views=1, augment=False)
    hidden = (batch.valid[..., None] & ~batch.visible).sum()
    assert hidden > (whole.valid[..., None] & ~whole.visible).sum()
    assert not (batch.visible & ~batch.valid[..., None]).any()


def test_the_first_stage_has_one_hand_in_the_middle() -> None:
    batch = scenes(4, centred=True)
    assert batch.centred
    assert (batch.valid.sum(1) <= 1).all()
    assert batch.valid[:, 0].any()
    middle = (batch.images.shape[-1] - 1) / 2
    assert (batch.centre_px[:, 0] - middle).abs().max() < 12


def test_a_size_that_rounds_up_beyond_the_largest_is_the_largest() -> None:
    # This sample's chance is 1 - 5e-8.
    batch = pasted(epoch=2_000_000, crop_epochs=1).batch([1935092], views=1, augment=False)
    assert batch.images.shape == (1, 3, SIZE, SIZE)


def test_the_centre_is_the_mean_of_the_visible_keypoints() -> None:
    batch = scenes(2)
    k = int(batch.valid[0].nonzero()[0])
    shown = batch.visible[0, k]
    wanted = batch.keypoints_px[0, k][shown].mean(0)
    torch.testing.assert_close(batch.centre_px[0, k], wanted)


def test_upright_hands_point_up(tmp_path: Path) -> None:
    write_rendered_set(tmp_path, samples=4, views=2, size=32, seed=3)

    def directions(**options: float) -> Tensor:
        source = open_pasted(tmp_path, size=64, sides=(32, 48), whole=0.0, **options)
        batch = source.batch(list(range(6)), views=1, augment=True)
        hands = batch.keypoints_px[batch.valid]
        up = hands[:, ROOT] - hands[:, 0]
        return torch.atan2(up[:, 0], -up[:, 1]).rad2deg().abs()

    # By the labels' wrist and knuckle, which are some degrees off.
    assert directions(upright=True, rotation_deg=0.0).median() < 15
    assert directions(upright=True, rotation_deg=40.0).median() < 45
    assert directions().max() > 60


def test_without_truth_there_is_none() -> None:
    batch = pasted(truth=False).batch([0], views=1, augment=False)
    bare = scenes(2).without_3d()
    for one in (batch, bare):
        assert one.turn is one.pose is one.betas is one.depth_m is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 50}, "size"),
        ({"sides": (40, 20)}, "sides"),
        ({"most": 11}, "most"),
        ({"least": 0}, "most"),
        ({"overlap": 1.0}, "overlap"),
        ({"whole": 2}, "whole"),
        ({"flip": -1}, "flip"),
        ({"epoch": 0}, "epoch"),
    ],
)
def test_options_out_of_range_are_errors(options, message) -> None:
    with pytest.raises(InputError, match=message):
        pasted(**options)


def test_batches_of_two_stages_or_views_are_errors() -> None:
    source = pasted(crop_epochs=1)
    with pytest.raises(InputError, match="not of both"):
        source.batch([99, 100], views=1, augment=True)
    with pytest.raises(InputError, match=r"data\.views must be 1"):
        source.batch([0], views=2, augment=True)


def test_hands_without_masks_cannot_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    few = few_hands()
    monkeypatch.setattr(few, "views", replace(few.views, masks=None))
    monkeypatch.setattr(
        type(few), "batch", lambda self, numbers, views, augment: replace(self.views, masks=None)
    )
    with pytest.raises(InputError, match="lack masks"):
        pasted().batch([0], views=1, augment=False)
