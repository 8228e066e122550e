"""Rendered sets as samples: what is written is what is read; augmentation, labels, truth."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from bridge.commands import app
from bridge.errors import InputError
from bridge.model.synthetic import (
    SyntheticImages,
    rendered_set,
)
from bridge.model.synthetic.rendered_set import RenderedSet
from bridge.model.training.config import DataConfig
from bridge.model.training.sample import HandViews
from bridge.model.training.sources import open_source
from tests.model.synthetic.rendered import SAMPLES, SEED, SIZE, VIEWS, write

pytestmark = pytest.mark.usefixtures("small_shards")


def projected(views: HandViews) -> torch.Tensor:
    return views.focal[..., None, None] * views.joints_m[..., :2] / views.joints_m[..., 2:]


def test_a_set_holds_what_was_rendered(made: Path) -> None:
    numbers = list(range(SAMPLES))
    stored = RenderedSet(made).batch(numbers, views=VIEWS, augment=False)
    fresh = SyntheticImages(SEED, size=SIZE).batch(numbers, views=VIEWS, augment=True)
    for name in ("focal", "joints_m", "wrist_rotation", "pose", "betas", "present"):
        torch.testing.assert_close(getattr(stored, name), getattr(fresh, name), msg=name)
    torch.testing.assert_close(stored.vertices_m, fresh.vertices_m, atol=1e-5, rtol=0)
    assert (stored.masks == fresh.masks).all()
    # JPEG at quality 95 of pictures this small and noisy.
    assert (stored.images - fresh.images).abs().mean() < 0.03


def test_steady_sets_have_the_crops_of_scoring(tmp_path: Path) -> None:
    write(tmp_path, samples=1, steady=True)
    stored = RenderedSet(tmp_path).batch([0], views=VIEWS, augment=False)
    fresh = SyntheticImages(SEED, size=SIZE).batch([0], views=VIEWS, augment=False)
    torch.testing.assert_close(stored.focal, fresh.focal)


def test_pictures_shrink_by_area(made: Path) -> None:
    large = RenderedSet(made).batch([1], views=2, augment=False)
    small = RenderedSet(made, size=16).batch([1], views=2, augment=False)
    expected = torch.nn.functional.avg_pool2d(large.images[0], 2)
    torch.testing.assert_close(small.images[0], expected, atol=1 / 255, rtol=0)


def test_augmented_views_are_the_same_hands_seen_otherwise(made: Path) -> None:
    source = RenderedSet(made, rotation_deg=180, zoom=0.3)
    plain = source.batch([0], views=VIEWS, augment=False)
    turned = source.batch([0], views=VIEWS, augment=True)
    for n in range(VIEWS):
        joints = turned.joints_m[0, n]
        # Turning about the axis of view leaves depths and lengths; one of the views has these.
        matches = [
            bool(torch.allclose(joints[:, 2], plain.joints_m[0, m, :, 2], atol=1e-5))
            for m in range(VIEWS)
        ]
        assert sum(matches) == 1
        m = matches.index(True)
        ratio = turned.focal[0, n] / plain.focal[0, m]
        assert 0.7 <= ratio <= 1.3
        radius = projected(turned)[0, n].norm(dim=-1) / projected(plain)[0, m].norm(dim=-1)
        torch.testing.assert_close(radius, ratio.expand(21), atol=1e-4, rtol=0)
    orders = {
        tuple(source.batch([number], views=VIEWS, augment=True).joints_m[0, :, 0, 2].argsort())
        for number in range(SAMPLES)
    }
    assert len(orders) > 1


def test_picture_mask_and_truth_turn_together(made: Path) -> None:
    """The mask covers the projected mesh, however the view was turned and scaled."""
    source = RenderedSet(made, zoom=0.1)
    for augment in (False, True):
        views = source.batch(list(range(SAMPLES)), views=VIEWS, augment=augment)
        image = views.focal[..., None, None] * views.vertices_m[..., :2] / views.vertices_m[..., 2:]
        cells = ((image + 1) * SIZE / 2).long().clamp(0, SIZE - 1)
        row, column = cells[..., 1], cells[..., 0]
        b, n = torch.arange(SAMPLES)[:, None, None], torch.arange(VIEWS)[None, :, None]
        covered = views.masks[b, n, row, column].mean((0, 2))
        assert covered.mean() > 0.7


def test_a_turn_by_a_quarter_moves_pixels_as_it_moves_points(made: Path, monkeypatch) -> None:
    source = RenderedSet(made, rotation_deg=180, zoom=0, colour=0)
    plain = source.batch([2], views=1, augment=False)
    from bridge.model.synthetic.draws import Draws

    original = Draws.uniform

    def fixed(self, name, *shape, **bounds):
        drawn = original(self, name, *shape, **bounds)
        if name == "order":
            return torch.arange(float(drawn.numel())).reshape(drawn.shape)
        return torch.full_like(drawn, 0.5) if name == "angle" else drawn

    monkeypatch.setattr(Draws, "uniform", fixed)
    turned = source.batch([2], views=1, augment=True)
    # x goes to where y was: (x, y) -> (-y, x); rows are y, so columns run against former rows.
    expected = plain.images[0, 0].transpose(-1, -2).flip(-1)
    torch.testing.assert_close(turned.images[0, 0], expected, atol=2 / 255, rtol=0)
    x, y = projected(plain)[0, 0].unbind(-1)
    torch.testing.assert_close(projected(turned)[0, 0], torch.stack((-y, x), -1))
    roll = turned.wrist_rotation[0, 0] @ plain.wrist_rotation[0, 0].T
    assert math.atan2(roll[1, 0], roll[0, 0]) == pytest.approx(math.pi / 2, abs=1e-5)


def test_labels_are_noisy_and_the_same_every_time(made: Path) -> None:
    source = RenderedSet(made, landmarks=True)
    first = source.batch([0, 1], views=VIEWS, augment=False)
    again = source.batch([SAMPLES], views=VIEWS, augment=False)
    torch.testing.assert_close(first.landmarks[:1], again.landmarks)
    off = (first.landmarks - projected(first)).norm(dim=-1)
    assert 0.01 < off.mean() < 0.5
    # Turned with the picture: as far from the truth as before, in whatever view.
    turned = RenderedSet(made, landmarks=True, zoom=0).batch([0, 1], views=VIEWS, augment=True)
    away = (turned.landmarks - projected(turned)).norm(dim=-1)
    torch.testing.assert_close(away.sum(1).sort().values, off.sum(1).sort().values)


def test_the_same_numbers_give_the_same_batch(made: Path) -> None:
    source = RenderedSet(made)
    both = source.batch([1, 3], views=2, augment=True)
    alone = source.batch([3], views=2, augment=True)
    torch.testing.assert_close(both.images[1:], alone.images)
    later = source.batch([3 + SAMPLES], views=2, augment=True)
    assert not torch.equal(later.images, alone.images)


def test_visibility_is_kept(made: Path) -> None:
    seen = RenderedSet(made).visible([0, 4])
    assert seen.shape == (2, VIEWS, 21)
    assert seen.dtype == torch.bool
    assert seen.any()


def test_options_out_of_range(made: Path) -> None:
    for options in ({"size": 64}, {"size": 8}, {"zoom": 1}, {"rotation_deg": -5}, {"colour": 2}):
        with pytest.raises(InputError, match=f"{next(iter(options))} must be"):
            RenderedSet(made, **options)
    with pytest.raises(InputError, match="1 to 3 views"):
        RenderedSet(made).batch([0], views=4, augment=False)


def test_a_configuration_opens_it(made: Path) -> None:
    data = DataConfig(source="rendered", path=made, options={"size": 16})
    assert open_source(data, seed=0).batch([0], views=1, augment=True).images.shape[-1] == 16
    with pytest.raises(InputError, match=r"do not fit rendered"):
        open_source(DataConfig(source="rendered", path=made, options={"colours": 1}), seed=0)
    with pytest.raises(InputError, match=r"give its folder"):
        open_source(DataConfig(source="rendered"), seed=0)


def test_the_verb_renders(tmp_path: Path) -> None:
    options = ["-n", "1", "--views", "1", "--size", "32", "--seed", "9", "--device", "cpu"]
    result = CliRunner().invoke(app, ["data", "render", *options, "-o", str(tmp_path / "set")])
    assert result.exit_code == 0, result.output
    assert len(RenderedSet(tmp_path / "set")) == 1


def test_upright_views_point_up_by_their_labels(made: Path) -> None:
    source = RenderedSet(made, landmarks=True, upright=True, rotation_deg=0)
    for augment in (False, True):
        views = source.batch(list(range(SAMPLES)), views=VIEWS, augment=augment)
        up = views.landmarks[:, :, 9] - views.landmarks[:, :, 0]
        torch.testing.assert_close(up[..., 0], torch.zeros(SAMPLES, VIEWS), atol=1e-5, rtol=0)
        assert (up[..., 1] < 0).all()
    with pytest.raises(InputError, match="landmarks = true"):
        RenderedSet(made, upright=True)


def test_without_pictures_labels_and_truth_are_the_same(made: Path) -> None:
    whole = RenderedSet(made, landmarks=True).batch([0, 3], views=2, augment=True)
    bare = RenderedSet(made, landmarks=True, images=False).batch([0, 3], views=2, augment=True)
    assert bare.images is None
    assert bare.masks is None
    for name in ("landmarks", "confidence", "focal", "joints_m"):
        torch.testing.assert_close(getattr(bare, name), getattr(whole, name))


def losing(monkeypatch: pytest.MonkeyPatch, found: list[list[bool]]) -> None:
    """The landmark net finds hands in these views alone."""
    original = rendered_set.landmark_noise

    def lost(draws, truth):
        return original(draws, truth)._replace(found=torch.tensor(found))

    monkeypatch.setattr(rendered_set, "landmark_noise", lost)


def test_views_that_the_net_loses_are_absent_where_labels_are_all_there_is(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = RenderedSet(made, landmarks=True).batch([0, 1], views=VIEWS, augment=False)
    seen = RenderedSet(made).visible([0, 1])
    losing(monkeypatch, [[False, True, False], [False, False, False]])
    labels = RenderedSet(made, landmarks=True, images=False)
    batch = labels.batch([0, 1], views=VIEWS, augment=False)
    # The first that was found comes first; of a hand that was found nowhere, the first view is.
    assert batch.present.tolist() == [[True, False, False], [True, False, False]]
    assert ((batch.confidence > 0).any(-1) == batch.present).all()
    torch.testing.assert_close(batch.joints_m[0], whole.joints_m[0, [1, 2, 0]])
    torch.testing.assert_close(batch.joints_m[1], whole.joints_m[1])
    assert torch.equal(labels.visible([0, 1]), torch.stack([seen[0, [1, 2, 0]], seen[1]]))
    assert labels.batch([0, 1], views=1, augment=True).present.all()
    # A picture of a hand shows it, with a label or without.
    assert RenderedSet(made, landmarks=True).batch([0, 1], views=2, augment=False).present.all()


def test_some_hands_have_truth_and_the_others_their_views_alone(made: Path) -> None:
    labels = {"landmarks": True, "images": False}
    some, all_of_it = RenderedSet(made, truth_of=2, **labels), RenderedSet(made, **labels)
    batch = some.batch([0, 1, 2, 3, 4, 5], views=VIEWS, augment=False)
    # The set has five hands: sample 5 is its hand 0 in the next epoch, then without truth.
    same = all_of_it.batch([0, 1, 1, 3, 0, 0], views=VIEWS, augment=False)
    known = torch.tensor([True, False, True, False, True, False])
    for name in ("landmarks", "confidence", "focal", "present"):
        torch.testing.assert_close(getattr(batch, name), getattr(same, name))
    for name in ("joints_m", "vertices_m", "wrist_rotation", "pose", "betas"):
        found = getattr(batch, name)
        torch.testing.assert_close(found[known], getattr(same, name)[known])
        assert found[~known].isnan().all()
    assert torch.equal(batch.joint_valid.all(-1).all(-1), known)
    assert not batch.joint_valid[~known].any()
    # However many have it, each of these is seen with it.
    most = RenderedSet(made, truth_of=SAMPLES, **labels)
    numbers = list(range(2 * SAMPLES))
    batch = most.batch(numbers, views=1, augment=False)
    found = {n // 2 for n in numbers if batch.joint_valid[n].any()}
    assert found == set(range(SAMPLES))
    every = RenderedSet(made, **labels).batch([n // 2 for n in numbers], views=1, augment=False)
    torch.testing.assert_close(batch.joints_m[::2], every.joints_m[::2])
    for number in (0, SAMPLES + 1, 2.5, True):
        with pytest.raises(InputError, match="truth_of must be 1 to"):
            RenderedSet(made, truth_of=number)
