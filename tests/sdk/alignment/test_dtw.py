"""Our warping within a band, beside an independent one and beside the definition."""

from __future__ import annotations

import numpy as np
import pytest
from dtaidistance import dtw_ndim

from bridge.errors import InputError
from sdk_python.alignment import banded_dtw


def by_definition(first: np.ndarray, second: np.ndarray, low, high, step_cost: float) -> float:
    """The recurrence of Sakoe and Chiba, cell by cell."""
    value = np.full((len(first) + 1, len(second) + 1), np.inf)
    value[0, 0] = 0
    for i in range(len(first)):
        for j in range(low[i], high[i]):
            cost = np.linalg.norm(first[i] - second[j])
            value[i + 1, j + 1] = cost + min(
                value[i, j], value[i, j + 1] + step_cost, value[i + 1, j] + step_cost
            )
    return float(value[-1, -1])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 5), (6, 1), (30, 41), (120, 77)])
def test_without_a_band_it_costs_what_another_implementation_says(rng, rows, columns):
    first, second = rng.normal(size=(rows, 4)), rng.normal(size=(columns, 4))
    centre = np.linspace(0, columns - 1, rows).round().astype(int)
    path, cost = banded_dtw(first, second, centre, max(rows, columns))
    assert cost == pytest.approx(dtw_ndim.distance(first, second, inner_dist="euclidean"))
    along = np.linalg.norm(first[path[:, 0]] - second[path[:, 1]], axis=1).sum()
    assert along == pytest.approx(cost)


@pytest.mark.parametrize("step_cost", [0.0, 0.3])
@pytest.mark.parametrize("half_width", [3, 8])
def test_within_a_band_it_costs_what_the_definition_says(rng, half_width, step_cost):
    first, second = rng.normal(size=(40, 3)), rng.normal(size=(55, 3))
    centre = (np.arange(40) * 54 / 39).round().astype(int)
    low, high = np.maximum(centre - half_width, 0), np.minimum(centre + half_width + 1, 55)
    path, cost = banded_dtw(first, second, centre, half_width, step_cost=step_cost)
    # The band is made a little wider where all rows are as wide as the widest: never dearer.
    assert cost <= by_definition(first, second, low, high, step_cost) + 1e-9
    wide = by_definition(first, second, np.zeros(40, int), np.full(40, 55), step_cost)
    assert cost >= wide - 1e-9
    steps = np.diff(path, axis=0)
    assert set(map(tuple, steps.tolist())) <= {(0, 1), (1, 0), (1, 1)}
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [39, 54]
    on_path = np.linalg.norm(first[path[:, 0]] - second[path[:, 1]], axis=1).sum()
    off_diagonal = (steps.sum(1) == 1).sum()
    assert on_path + step_cost * off_diagonal == pytest.approx(cost)


def test_where_nothing_moves_the_path_is_straight():
    still = np.zeros((50, 2))
    path, _ = banded_dtw(still, still, np.arange(50), 10, step_cost=0.01)
    assert (path[:, 0] == path[:, 1]).all()


def test_frames_that_lack_features_are_judged_by_the_others(rng):
    whole = np.cumsum(rng.normal(size=(60, 6)), axis=0)
    holed = whole.copy()
    holed[20:30, :5] = np.nan
    path, cost = banded_dtw(whole, holed, np.arange(60), 10)
    assert cost == pytest.approx(0)
    assert (path[:, 0] == path[:, 1]).all()
    holed[40] = np.nan
    _, cost = banded_dtw(whole, holed, np.arange(60), 10)
    assert np.isfinite(cost)


def test_nothing_cannot_be_aligned():
    with pytest.raises(InputError, match="nothing to align"):
        banded_dtw(np.zeros((0, 2)), np.zeros((3, 2)), np.zeros(0, int), 3)
