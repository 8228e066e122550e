"""Absolute positions from views whose cameras are known, and the paper's protocol."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from bridge.errors import InputError
from bridge.model.hamuco.absolute import Cameras, opt_center, ransac, triangulate
from bridge.model.hamuco.protocol import normalised_mm, score
from bridge.model.synthetic import SyntheticLandmarks
from tests.model.hamuco.tiny import close, hand, network, samples, tiny


def seen(count: int = 3, views: int = 4):
    """Cameras, exact images and true positions."""
    batch = samples(count, views)
    cameras = Cameras.of(batch)
    return cameras, batch.landmarks.double(), batch.joints_m[:, 0].double()


def test_cameras_project_the_truth_where_it_was_seen() -> None:
    cameras, images, truth = seen()
    close(cameras.project(truth), images, 1e-4)
    close(cameras.rotation[:, 0], torch.eye(3).expand(3, 3, 3).double(), 1e-6)


@pytest.mark.parametrize("views", [2, 4])
def test_exact_images_give_exact_positions(views: int) -> None:
    cameras, images, truth = seen(3, views)
    ones = torch.ones_like(images[..., 0])
    for found in (triangulate(cameras, images, ones), ransac(cameras, images)):
        close(found, truth, 1e-4)
    close(opt_center(cameras, images, truth - truth[:, 9:10]), truth, 1e-4)


def test_ransac_leaves_out_a_view_that_is_wrong() -> None:
    cameras, images, truth = seen()
    images[:, 2, 5] += 0.8
    ones = torch.ones_like(images[..., 0])
    plain = (triangulate(cameras, images, ones) - truth).norm(dim=-1)[:, 5]
    robust = (ransac(cameras, images) - truth).norm(dim=-1)
    assert (robust < 1e-4).all()
    assert (plain > 0.003).all()


def test_ransac_does_not_use_what_nobody_trusts() -> None:
    cameras, images, truth = seen()
    trust = torch.ones_like(images[..., 0])
    trust[:, 1], trust[:, 3] = 0.0, 0.0
    images[:, 1], images[:, 3] = 0.9, 0.9  # two that agree on nonsense
    assert (ransac(cameras, images, trust) - truth).norm(dim=-1).amax() < 1e-3


def test_the_centre_is_the_best_for_all_keypoints() -> None:
    """A wrong root alone moves a triangulated root; on all keypoints it hardly weighs."""
    cameras, images, truth = seen()
    images[:, :, 9] += 0.1
    found = opt_center(cameras, images, truth - truth[:, 9:10])
    assert (found - truth).norm(dim=-1).amax() < 0.003


def test_the_centre_keeps_the_hand_as_it_is() -> None:
    cameras, images, truth = seen()
    shape = truth - truth[:, 9:10]
    placed = opt_center(cameras, images + 0.05 * torch.randn_like(images), shape)
    close(placed - placed[:, 9:10], shape, 1e-9)


def test_one_view_cannot_be_triangulated() -> None:
    with pytest.raises(InputError, match="two views"):
        ransac(Cameras.of(samples(1, 1)), samples(1, 1).landmarks)
    with pytest.raises(InputError, match="known cameras"):
        Cameras.of(replace(samples(), wrist_rotation=None))


def test_normalised_errors_forget_place_and_size_but_not_orientation() -> None:
    truth = samples(2, 1).joints_m[:, 0].double().numpy()
    np.testing.assert_allclose(normalised_mm(truth * 1.7 + 0.3, truth), 0, atol=1e-4)
    turned = truth @ np.diag([-1.0, -1.0, 1.0])
    expected = 1000 * np.linalg.norm(
        (turned - turned[:, 9:10]) - (truth - truth[:, 9:10]), axis=-1
    ).mean(-1)
    np.testing.assert_allclose(normalised_mm(turned, truth), expected, rtol=1e-9)


class _Source(SyntheticLandmarks):
    def batch(self, numbers, *, views, augment):
        batch = super().batch(numbers, views=views, augment=augment)
        return replace(batch, images=torch.rand(len(numbers), views, 3, 32, 32))


def test_scores_have_every_output_and_the_labels() -> None:
    source = _Source(3, 5, hand=hand(), mesh=True)
    errors = score(network(tiny()), source, views=3)
    assert {len(values) for values in errors.values()} == {5}
    expected = {f"{o}_{k}_mm" for o in ("single", "interact", "fusion") for k in ("n", "pa")}
    expected |= {f"{o}_size" for o in ("single", "interact", "fusion")}
    expected |= {f"{o}_2d_px" for o in ("single", "interact")}
    expected |= {f"{o}_2d_found_px" for o in ("single", "interact", "labels")}
    placed = ("opt_center", "ransac", "labels_dlt", "labels_ransac")
    expected |= {f"{o}{k}_mm" for o in placed for k in ("", "_pa")}
    assert set(errors) == expected
    alone = score(network(tiny()), source, views=1)
    assert "ransac_mm" not in alone
    np.testing.assert_allclose(alone["interact_n_mm"], alone["fusion_n_mm"], atol=1e-3)


def test_a_view_that_sees_nothing_counts_nowhere() -> None:
    class Lost(_Source):
        def batch(self, numbers, *, views, augment):
            batch = super().batch(numbers, views=3, augment=augment)
            present = torch.ones_like(batch.present)
            present[:, views:] = False
            landmarks, trust = batch.landmarks.clone(), torch.ones_like(batch.confidence)
            landmarks[:, views:], trust[:, views:] = 7.0, 0.0
            return replace(batch, present=present, landmarks=landmarks, confidence=trust)

    class Fewer(Lost):
        def batch(self, numbers, *, views, augment):
            batch = super().batch(numbers, views=views, augment=augment)
            names = [f.name for f in fields(batch) if f.name not in ("pose", "betas")]
            return replace(
                batch,
                **{
                    name: value[:, :views]
                    for name in names
                    if (value := getattr(batch, name)) is not None
                },
            )

    net = network(tiny())
    for views in (1, 2):
        torch.manual_seed(5)  # the same pictures
        lost = score(net, Lost(3, 4, hand=hand(), mesh=True), views=views)
        torch.manual_seed(5)
        fewer = score(net, Fewer(3, 4, hand=hand(), mesh=True), views=views)
        for name, values in lost.items():
            np.testing.assert_allclose(values, fewer.get(name, np.nan), rtol=1e-3, atol=1e-3)


def test_labels_are_scored_by_pixels_of_a_crop_of_256() -> None:
    class Exact(_Source):
        def batch(self, numbers, *, views, augment):
            batch = super().batch(numbers, views=views, augment=augment)
            trust = torch.ones(len(numbers), views, 21)
            trust[:, 1] = 0.0  # not found: it may be anywhere
            landmarks = batch.landmarks + torch.tensor([0.03, 0.04])
            landmarks[:, 1] += 1.0
            return replace(batch, landmarks=landmarks, confidence=trust)

    errors = score(network(tiny()), Exact(3, 4, noise=False, hand=hand()), views=2)
    np.testing.assert_allclose(errors["labels_2d_found_px"], 0.05 * 128, rtol=1e-3)
