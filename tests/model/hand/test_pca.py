"""The pose space in NumPy and in torch: there and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from bridge.errors import InputError, ModelError
from bridge.model.hand import PosePca
from bridge.model.hand.pca_torch import PcaLayer

RNG = np.random.default_rng(0)
PCA = PosePca(RNG.normal(0, 0.3, 45), np.linalg.qr(RNG.normal(size=(45, 45)))[0])
SKEWED = PosePca(RNG.normal(0, 0.3, 45), RNG.normal(size=(45, 45)))


@pytest.mark.parametrize("pca", [PCA, SKEWED])
@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("count", [6, 15, 45])
def test_there_and_back(pca, flat, count) -> None:
    coefficients = RNG.normal(size=(2, 3, count))
    rotvecs = pca.rotvecs(coefficients, flat_hand_mean=flat)
    assert rotvecs.shape == (2, 3, 15, 3)
    back = pca.coefficients(rotvecs, count, flat_hand_mean=flat)
    np.testing.assert_allclose(back, coefficients, atol=1e-9)
    layer = PcaLayer(pca, count, flat_hand_mean=flat)
    pose = layer(torch.tensor(coefficients, dtype=torch.float32))
    np.testing.assert_allclose(pose.numpy(), rotvecs, atol=1e-5)
    again = layer.double().coefficients(torch.tensor(rotvecs))
    np.testing.assert_allclose(again.numpy(), coefficients, atol=1e-3)


def test_zero_is_the_mean_pose_or_the_flat_hand() -> None:
    np.testing.assert_array_equal(PCA.rotvecs(np.zeros(12)).ravel(), PCA.mean)
    np.testing.assert_array_equal(PCA.rotvecs(np.zeros(12), flat_hand_mean=True), 0)
    first = PCA.rotvecs([1, 0, 0, 0, 0, 0], flat_hand_mean=True)
    np.testing.assert_allclose(first.ravel(), PCA.components[0])


def test_every_pose_survives_all_components() -> None:
    rotvecs = RNG.normal(size=(5, 15, 3))
    np.testing.assert_allclose(SKEWED.rotvecs(SKEWED.coefficients(rotvecs)), rotvecs, atol=1e-9)


def test_fewer_components_come_nearest() -> None:
    rotvecs = RNG.normal(size=(15, 3))
    for pca in (PCA, SKEWED):
        best = pca.coefficients(rotvecs, 9)
        error = np.linalg.norm(pca.rotvecs(best) - rotvecs)
        for other in best + RNG.normal(0, 0.01, (20, 9)):
            assert np.linalg.norm(pca.rotvecs(other) - rotvecs) > error


def test_the_layer_differentiates() -> None:
    layer = PcaLayer(PCA, 6).double()
    given = torch.randn(2, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, given)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(given), layer(given.detach()))
    assert not layer.state_dict()


def test_wrong_counts_and_arrays_are_refused() -> None:
    for count in (5, 46):
        with pytest.raises(InputError, match="6 to 45"):
            PCA.rotvecs(np.zeros(count))
        with pytest.raises(InputError, match="6 to 45"):
            PcaLayer(PCA, count)
    with pytest.raises(InputError, match="6 to 45"):
        PCA.rotvecs(3.0)
    with pytest.raises(InputError, match=r"\(\.\.\., 15, 3\)"):
        PCA.coefficients(np.zeros(45))
    with pytest.raises(InputError, match="give 6 pose coefficients, not 7"):
        PcaLayer(PCA, 6)(torch.zeros(7))
    with pytest.raises(InputError, match="15, 3"):
        PcaLayer(PCA, 6).coefficients(torch.zeros(45))
    with pytest.raises(ModelError, match="mean of a pose space"):
        PosePca(np.zeros(44), np.eye(45))
    with pytest.raises(ModelError, match="components of a pose space"):
        PosePca(np.zeros(45), np.full((45, 45), np.nan))
    with pytest.raises(ModelError, match="independent"):
        PosePca(np.zeros(45), np.zeros((45, 45)))
