from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.errors import InputError, ModelError
from bridge.model.nets import HandNets
from bridge.model.synthetic import SyntheticImages, SyntheticTestSet, test_set
from bridge.model.synthetic.fixed_set import SAMPLES, make_test_set


@pytest.fixture(scope="module")
def nets() -> HandNets:
    return HandNets(providers=["CPUExecutionProvider"], threads=1)


@pytest.fixture(scope="module")
def few(nets: HandNets, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("set") / "few.npz"
    np.savez_compressed(file, **make_test_set(nets, range(4)))
    return file


def test_the_shipped_set_is_whole() -> None:
    source = test_set()
    assert len(source) == SAMPLES
    batch = source.batch([0, 1999, 7], views=4)
    assert batch.landmarks is not None
    assert batch.joints_m is not None
    assert batch.vertices_m is not None
    assert batch.joints_m.shape == (3, 4, 21, 3)
    assert batch.vertices_m.shape == (3, 4, 1609, 3)
    every = source.batch(range(0, SAMPLES, 5), views=4)
    assert bool(every.present[:, 0].all())
    assert 0.85 < float(every.present.float().mean()) < 0.99
    assert every.joints_m is not None
    exact = every.focal[..., None, None] * every.joints_m[..., :2] / every.joints_m[..., 2:]
    error = (every.landmarks - exact).norm(dim=-1)[every.present]
    assert 0.03 < float(error.median()) < 0.1
    assert every.confidence is not None
    assert bool((every.confidence[~every.present] == 0).all())


def test_what_is_stored_is_what_the_net_says_of_the_pictures(few: Path) -> None:
    """Rendered again from the file alone, the samples are the ones that were looked at."""
    source = SyntheticTestSet(few, images=True)
    shipped = test_set().batch([0, 1], views=4)
    mine = source.batch([0, 1], views=4)
    assert torch.allclose(mine.joints_m, shipped.joints_m, atol=1e-6)
    assert torch.allclose(mine.landmarks, shipped.landmarks, atol=0.02)
    assert mine.images is not None
    assert mine.images.shape == (2, 4, 3, 256, 256)
    part = source.batch([1], views=2)
    assert torch.allclose(part.images[0], mine.images[1, :2], atol=1e-3)
    # The hand is where the truth says: masks hold the keypoints' middle.
    at = mine.focal[..., None] * mine.joints_m.mean(2)[..., :2] / mine.joints_m.mean(2)[..., 2:]
    assert mine.masks.mean() > 0.05
    assert float(at.abs().max()) < 0.5


def test_the_net_looks_at_pictures_of_the_image_source(nets: HandNets) -> None:
    source = SyntheticImages(0, size=160, landmarks=True, nets=nets)
    batch = source.batch([3, 17], views=2, augment=True)
    assert batch.images is not None
    assert batch.images.shape == (2, 2, 3, 160, 160)
    exact = batch.focal[..., None, None] * batch.joints_m[..., :2] / batch.joints_m[..., 2:]
    error = (batch.landmarks - exact).norm(dim=-1)[batch.present]
    assert float(error.median()) < 0.15
    assert bool(batch.present[:, 0].all())


def test_refuses_what_is_not_in_the_set(few: Path, tmp_path: Path) -> None:
    source = SyntheticTestSet(few)
    with pytest.raises(InputError, match="1 to 4 views"):
        source.batch([0], views=5)
    with pytest.raises(InputError, match="samples 0 to"):
        source.batch([len(source)], views=1)
    with pytest.raises(InputError, match="samples 0 to"):
        source.batch([], views=1)
    with pytest.raises(ModelError, match="make_synthetic_test_set"):
        SyntheticTestSet(tmp_path / "none.npz")
    cut = tmp_path / "cut.npz"
    content = few.read_bytes()
    cut.write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelError, match="cannot be read"):
        SyntheticTestSet(cut)
