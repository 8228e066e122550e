"""Hands are drawn as they were held, where they differ most, from where it shows."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial import ConvexHull

import sdk_python as sdk
from bridge.protocol.joints import FINGERTIPS
from sdk_python.features import ANGLE_NAMES
from sdk_python.report.hand_picture import VIEWS, best_view, bone_of, hand_picture, posed
from sdk_python.report.moments import hand_at, typical_moment, worst_moment
from sdk_python.report.shapes import around, capsule
from tests.sdk.motion import pose_of_angles
from tests.sdk.report.pairs import BENT, HABIT, known

LEFT, RIGHT = sdk.Side


def held(side: sdk.Side, **bent_deg: float) -> np.ndarray:
    """A hand that plays, some angles bent."""
    angles = np.full((1, 2, 21), np.radians(15.0))
    angles[..., [name.endswith("abduction") for name in ANGLE_NAMES]] = 0
    for name, degrees in bent_deg.items():
        angles[:, side, ANGLE_NAMES.index(name)] += np.radians(degrees)
    return posed(side, pose_of_angles(angles)[0, side])


def numbers(path: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+\.?\d*", path)]


def test_a_capsule_is_two_circles_and_their_tangents():
    path = capsule((0, 0), 10, (30, 40), 6)
    ax, ay, bx, by, _, _, _, wide, _, cx, cy, dx, dy = numbers(path)[:13]
    for x, y, centre, radius in (
        (ax, ay, (0, 0), 10),
        (dx, dy, (0, 0), 10),
        (bx, by, (30, 40), 6),
        (cx, cy, (30, 40), 6),
    ):
        assert np.hypot(x - centre[0], y - centre[1]) == pytest.approx(radius, abs=0.1)
    for start, end in (((ax, ay), (bx, by)), ((dx, dy), (cx, cy))):
        along = np.subtract(end, start)
        assert abs(np.dot(along, start)) / np.linalg.norm(along) < 0.15  # at right angles
    assert wide == 0  # the smaller end is less than half a circle


def test_a_circle_within_another_is_no_capsule():
    assert capsule((0, 0), 10, (3, 0), 2).startswith("M-10.0 0.0a10.0 10.0")
    assert capsule((0, 0), 2, (3, 0), 10).startswith("M-7.0 0.0a10.0 10.0")


def test_a_skin_is_the_convex_hull():
    rng = np.random.default_rng(1)
    circles = [((float(x), float(y)), float(r)) for x, y, r in rng.uniform(5, 40, (6, 3))]
    found = np.array(numbers(around(circles))).reshape(-1, 2)
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    points = np.concatenate(
        [np.stack([x + r * np.cos(turn), y + r * np.sin(turn)], 1) for (x, y), r in circles]
    )
    expected = ConvexHull(points)
    assert ConvexHull(found).volume == pytest.approx(expected.volume, rel=1e-3)
    assert len(ConvexHull(found).vertices) == pytest.approx(len(found), abs=6)  # rounded: in line


@pytest.mark.parametrize("side", sdk.Side)
def test_a_palm_lies_flat_before_the_player(side):
    hand = held(side)
    assert hand[0] == pytest.approx([0, 0, 0])
    assert hand[9, 1] > 60  # the middle knuckle is ahead
    assert hand[9, 0] == pytest.approx(0, abs=1e-9)
    assert np.sign(hand[1, 0]) == (1 if side is LEFT else -1)  # the thumb is inside
    lower = held(side, index_pip_flexion=30)
    assert lower[8, 2] < hand[8, 2] - 5  # what bends, goes down
    assert lower[[k for k in range(21) if k not in (7, 8)]] == pytest.approx(
        hand[[k for k in range(21) if k not in (7, 8)]]
    )


@pytest.mark.parametrize("angle", ANGLE_NAMES)
def test_a_marked_bone_is_the_one_that_the_angle_turns(angle):
    start, end = bone_of(angle)
    hand, other = held(RIGHT), held(RIGHT, **{angle: 20})
    moved = np.linalg.norm(hand - other, axis=1) > 0.5
    tip = next(tip for tip in FINGERTIPS if end <= tip)
    assert np.flatnonzero(moved).tolist() == list(range(end, tip + 1))
    assert end == start + 1


def test_both_pictures_have_one_frame_and_mark_the_same():
    hands = held(RIGHT), held(RIGHT, index_pip_flexion=30, middle_dip_flexion=20)
    angles = ("index_pip_flexion", "middle_dip_flexion")
    pictures = [
        hand_picture(a, b, view=VIEWS[0], angles=angles, label="A hand", kind=kind)
        for a, b, kind in ((*hands, "teacher"), (*hands[::-1], "student"))
    ]
    frames = [re.search('viewBox="(.*?)"', picture).group(1) for picture in pictures]
    assert frames[0] == frames[1]
    for picture in pictures:
        assert picture.count('class="off"') == picture.count('class="joint"') == 2
        assert picture.count('class="bone"') == 1 + 15 - 2
        x, y, width, height = map(float, frames[0].split())
        for path in re.findall(r'class="(?:bone|off)" d="M(-?[\d.]+) (-?[\d.]+)', picture):
            assert x <= float(path[0]) <= x + width
            assert y <= float(path[1]) <= y + height
    assert [picture.count('class="ghost"') for picture in pictures] == [0, 1]


def test_a_left_hand_is_the_mirror_image_of_a_right_one():
    shapes = []
    for side in sdk.Side:
        hand = held(side, thumb_ip_flexion=25)
        picture = hand_picture(hand, hand, view=VIEWS[1], angles=(), label="A hand", kind="teacher")
        rings = re.search('class="ray" d="(.*?)"', picture).group(1)
        shapes.append(np.array(numbers(rings)).reshape(-1, 2))
    assert shapes[0] * [-1, 1] == pytest.approx(shapes[1], abs=1.5)


@pytest.mark.parametrize(
    ("angle", "seen"),
    [
        ("index_mcp_abduction", {"from above"}),
        ("little_pip_flexion", {"from the little finger’s side", VIEWS[3].words}),
        ("index_pip_flexion", {"from the thumb’s side", VIEWS[0].words}),
    ],
)
def test_the_view_shows_what_differs(angle, seen):
    for side in sdk.Side:
        assert best_view(held(side), held(side, **{angle: 25}), (angle,)).words in seen


def test_the_picture_is_of_the_worst_moment():
    result = known().result
    passage = result.passages[0]
    assert passage.angle == BENT
    at_s, worst_deg = worst_moment(result, passage)
    assert at_s == pytest.approx(8.5, abs=0.3)
    assert worst_deg == pytest.approx(24, abs=2)
    found = [
        hand_at(known().teacher, passage.hand, at_s),
        hand_at(known().student, passage.hand, result.alignment.student_at(np.array([at_s]))[0]),
    ]
    assert found[1][12, 2] < found[0][12, 2] - 5 or found[1][12, 1] < found[0][12, 1] - 5


def test_the_card_has_both_hands_of_that_moment():
    pair = known()
    passage = pair.result.passages[0]
    at_s, _ = worst_moment(pair.result, passage)
    (there_s,) = pair.result.alignment.student_at(np.array([at_s]))
    assert there_s - at_s == pytest.approx(1, abs=0.1)  # the student has paused before
    shown = hand_at(pair.teacher, passage.hand, at_s)
    played = hand_at(pair.student, passage.hand, there_s)
    angles = (passage.angle, *(name for name, _ in passage.others))[:3]
    view = best_view(shown, played, angles)
    page = pair.page()
    for hand, ghost, kind in ((shown, played, "teacher"), (played, shown, "student")):
        drawn = hand_picture(hand, ghost, view=view, angles=angles, label="", kind=kind)
        assert drawn.partition("viewBox")[2] in page


def test_the_worst_moment_is_on_the_side_that_the_words_tell():
    time_s = np.arange(0, 10, 0.1)
    off = np.zeros((100, 2, 21), np.float32)
    index = ANGLE_NAMES.index(BENT)
    off[20:50, 1, index], off[30:33, 1, index], off[70:80, 1, index] = 12, 15, -30
    result = SimpleNamespace(
        time_s=time_s, difference_deg=off, parameters=sdk.CompareParameters(floor_deg=10)
    )
    whole = {"teacher_s": (1.0, 9.0), "hand": RIGHT, "angle": BENT}
    at_s, degrees = worst_moment(result, SimpleNamespace(**whole, difference_deg=12.0))
    assert (at_s, degrees) == (pytest.approx(3.1, abs=0.11), pytest.approx(15))
    _, degrees = worst_moment(result, SimpleNamespace(**whole, difference_deg=-1.0))
    assert degrees == pytest.approx(-30)
    early = whole | {"teacher_s": (6.0, 9.0)}
    _, degrees = worst_moment(result, SimpleNamespace(**early, difference_deg=0.5))
    assert degrees == pytest.approx(-30)  # the other side, as nothing is beyond on this one
    off[:] = np.nan
    assert worst_moment(result, SimpleNamespace(**whole, difference_deg=1.0)) is None


def test_a_usual_moment_shows_the_habit():
    result = known().result
    at_s = typical_moment(result, LEFT, (HABIT,))
    row = np.searchsorted(result.time_s, at_s)
    assert result.difference_deg[row, LEFT, ANGLE_NAMES.index(HABIT)] == pytest.approx(-16, abs=3)


def test_another_size_of_hand_has_the_same_picture():
    teacher = known().teacher
    small = sdk.Recording.from_arrays(
        teacher.time_s,
        pose_quat=teacher.pose_quat,
        wrist_m=teacher.wrist_m,
        rest_joints_m=np.asarray(teacher.rest_joints_m) * 0.7,
    )
    assert hand_at(small, LEFT, 4.0) == pytest.approx(hand_at(teacher, LEFT, 4.0), abs=0.01)


def test_a_hand_that_is_away_has_no_picture():
    assert hand_at(known().teacher, LEFT, 1e4) is None
    assert hand_at(known().teacher, LEFT, np.nan) is None
