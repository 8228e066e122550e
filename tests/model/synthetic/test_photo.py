from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from bridge.model.synthetic.appearance import to_display, to_linear
from bridge.model.synthetic.backgrounds import random_backgrounds
from bridge.model.synthetic.draws import Draws
from bridge.model.synthetic.photo import jpeg, photograph


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    return to_display(random_backgrounds(Draws(0, list(range(12))), 70))


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_jpeg_loses_what_a_real_encoder_loses(pictures: torch.Tensor, quality: int) -> None:
    ours = jpeg(pictures, torch.full((len(pictures),), float(quality)))
    for before, after in zip(pictures, ours, strict=True):
        image = (255 * before).round().byte().permute(1, 2, 0).numpy()
        data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        theirs = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1] / 255.0
        # Brightness only: libjpeg has a table of its own for colour, and smooths it.
        luma = np.array([0.299, 0.587, 0.114])
        true, theirs, mine = (v @ luma for v in (image / 255.0, theirs, _rows(after)))
        loss = np.sqrt(np.mean((theirs - true) ** 2))
        assert np.sqrt(np.mean((mine - true) ** 2)) == pytest.approx(loss, rel=0.25, abs=0.003)
        # What is lost is the same: both results are nearer to each other than to the picture.
        assert np.sqrt(np.mean((theirs - mine) ** 2)) < 0.6 * loss + 0.003


def _rows(picture: torch.Tensor) -> np.ndarray:
    return picture.permute(1, 2, 0).double().numpy()


def test_grey_survives_the_best_jpeg() -> None:
    grey = torch.full((1, 3, 20, 20), 0.5)
    assert torch.allclose(jpeg(grey, torch.tensor([100.0])), grey, atol=0.005)


def test_linear_light_and_back() -> None:
    display = torch.linspace(0, 1, 101)
    assert torch.allclose(to_display(to_linear(display)), display, atol=1e-5)
    assert float(to_linear(torch.tensor(0.5))) == pytest.approx(0.21404, abs=1e-4)


def test_few_pixels_blur_a_photograph() -> None:
    draws = Draws(0, list(range(8)))
    step = torch.zeros(8, 3, 64, 64)
    step[..., 32:] = 0.5
    sharp, soft = (
        photograph(draws, step, torch.full((8,), px)).mean((1, 2)) for px in (2000.0, 30.0)
    )
    edge = [float((v[:, 32] - v[:, 31]).abs().mean()) for v in (sharp, soft)]
    assert edge[1] < 0.7 * edge[0]
    assert sharp.min() >= 0
    assert sharp.max() <= 1
