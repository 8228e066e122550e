"""Spirals: their own vertex first, rings whole and in order, whatever the vertices are called."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.model.simahand.spiral import ordered_rings, spirals
from tests.model.simahand.tiny import hand

# A hexagon around vertex 0, counterclockwise seen from +z; vertex 3 is the nearest.
ANGLES = np.radians([0, 60, 120, 180, 240, 300])
RADII = np.array([2, 2, 1, 2, 2, 2])[:, None]
FAN_POINTS = np.vstack(
    [[0, 0, 0], RADII * np.stack([np.cos(ANGLES), np.sin(ANGLES), 0 * ANGLES], 1)]
)
FAN = [[0, k, k % 6 + 1] for k in range(1, 7)]


def grid(n: int) -> tuple[np.ndarray, np.ndarray]:
    """A square of n x n vertices, each cell cut in two, a little uneven."""
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(n), np.arange(n))
    points = np.stack([x.ravel(), y.ravel(), 0 * x.ravel()], 1) + 0.05 * rng.normal(size=(n * n, 3))
    faces = []
    for row in range(n - 1):
        for column in range(n - 1):
            a = row * n + column
            faces += [[a, a + 1, a + n], [a + 1, a + n + 1, a + n]]
    return np.array(faces), points


def neighbours(faces: np.ndarray, count: int) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in range(count)]
    for face in faces:
        for vertex in face:
            found[vertex] |= set(face.tolist()) - {int(vertex)}
    return found


def test_a_ring_begins_at_the_nearest_and_turns_counterclockwise() -> None:
    assert ordered_rings(FAN, FAN_POINTS)[0] == [3, 4, 5, 6, 1, 2]
    assert spirals(FAN, FAN_POINTS, 4)[0].tolist() == [0, 3, 4, 5]


def test_a_border_vertex_begins_where_its_fan_begins() -> None:
    # Vertex 1's faces are (0, 1, 2) and (0, 6, 1): seen from it 2, 0, 6 counterclockwise.
    assert ordered_rings(FAN, FAN_POINTS)[1] == [2, 0, 6]


def test_where_the_mesh_ends_the_vertex_stands_for_what_is_not_there() -> None:
    assert spirals(FAN, FAN_POINTS, 9)[0].tolist() == [0, 3, 4, 5, 6, 1, 2, 0, 0]
    lonely = spirals([[0, 1, 2]], np.eye(4, 3), 3)
    assert lonely[3].tolist() == [3, 3, 3]


def test_the_second_ring_goes_round_as_the_first_does() -> None:
    faces, points = grid(7)
    middle = 24
    spiral = spirals(faces, points, 19)[middle].tolist()
    near = neighbours(faces, 49)
    first, second = spiral[1:7], spiral[7:]
    assert set(first) == near[middle]
    assert set(second) == set().union(*(near[v] for v in first)) - near[middle] - {middle}
    # Counterclockwise: the angle about the middle goes once around, and never far back.
    offsets = points[second] - points[middle]
    steps = np.diff(np.unwrap(np.arctan2(offsets[:, 1], offsets[:, 0])))
    assert (steps > -0.1).all()
    assert 4.5 < steps.sum() < 2 * np.pi


def test_two_fans_at_one_vertex_follow_each_other() -> None:
    points = np.array([[0, 0, 0], [3, 0, 0], [3, 1, 0], [-1, 0, 0], [-1, -1, 0.0]])
    assert ordered_rings([[0, 1, 2], [0, 3, 4]], points)[0] == [3, 4, 1, 2]


def test_the_hand_has_whole_rings_in_order() -> None:
    faces, points = hand().faces.numpy(), hand().template.numpy()
    near = neighbours(faces, len(points))
    found = spirals(faces, points, 9)
    assert found.shape == (1609, 9)
    assert (found[:, 0] == np.arange(1609)).all()
    for vertex, spiral in enumerate(found.tolist()):
        ring = near[vertex]
        assert set(spiral[1 : 1 + len(ring)]) <= ring
        assert len(set(spiral)) == 9
        # Each of the ring's neighbours in order share a face with the vertex.
        for a, b in pairwise(spiral[1 : 1 + len(ring)]):
            assert b in near[a]


def test_other_names_of_the_vertices_give_the_same_spirals() -> None:
    faces, points = hand().faces.numpy(), hand().template.numpy()
    names = np.random.default_rng(1).permutation(len(points))
    renamed = np.empty_like(points)
    renamed[names] = points
    turned = np.roll(names[faces], 1, axis=1)[::-1]
    expected = np.empty((len(points), 12), np.int64)
    expected[names] = names[spirals(faces, points, 12)]
    np.testing.assert_array_equal(spirals(turned, renamed, 12), expected)


@pytest.mark.parametrize(
    ("faces", "points", "length", "message"),
    [
        ([[0, 1, 3]], np.eye(3), 9, "not among the 3 points"),
        ([[0, 1, -1]], np.eye(3), 9, "not among the 3 points"),
        ([[0, 1]], np.eye(3), 9, r"faces \(F, 3\)"),
        ([[0, 1, 2]], np.eye(2), 9, r"points \(V, 3\)"),
        ([[0, 1, 2]], np.eye(3), 0, "at least one vertex"),
    ],
)
def test_a_mesh_that_is_none_is_an_error(faces, points, length: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        spirals(faces, points, length)
