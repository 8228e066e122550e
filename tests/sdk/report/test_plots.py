"""What plots and tables show is what was found."""

from __future__ import annotations

import re

import html5lib
import numpy as np
import pytest

import sdk_python as sdk
from bridge.protocol.lesson import Anchor
from sdk_python.features import ANGLE_NAMES
from sdk_python.report.heat_map import binned, levels
from sdk_python.report.places import places
from sdk_python.report.plot import TimeAxis, lanes, polyline
from tests.sdk.report.pairs import BENT, END_S, HABIT, known, lesson, with_metadata


@pytest.fixture(scope="module")
def document():
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(known().page())


def words(element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def section(document, name: str):
    (found,) = (one for one in document.iter("section") if one.get("id") == name)
    return found


def test_bins_are_means_of_what_is_there():
    values = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, 4.0], [5.0, 6.0]])
    np.testing.assert_allclose(binned(values, 2), [[2, np.nan], [5, 5]])
    np.testing.assert_allclose(binned(values, 4), values)
    long = np.arange(1000.0)[:, None]
    np.testing.assert_allclose(binned(long, 7).mean(), long.mean(), rtol=1e-3)


def test_colours_change_at_the_tolerance():
    mean = np.array([0, 10, 10.1, -10.1, 15.1, -20.1, 500, np.nan])
    assert levels(mean, np.float64(10)).tolist() == [0, 0, 1, -1, 2, -3, 3, 99]
    assert levels(np.array([[12.0, 12.0]]), np.array([10.0, 20.0])).tolist() == [[1, 0]]


def test_the_map_marks_the_bent_joint_there_and_the_habit_throughout(document):
    for side, name, kinds in ((1, BENT, ("m1", "m2", "m3")), (0, HABIT, ("l1", "l2", "l3"))):
        picture = list(section(document, "map").iter("figure"))[side]
        row = 15 * ANGLE_NAMES.index(name) + 5 * ("thumb", "index", "middle", "ring").index(
            name.split("_")[0]
        )
        (inner,) = (one for one in picture.iter() if one.get("preserveAspectRatio") == "none")
        across = float(inner.get("viewBox").split()[2])
        cells = [
            (float(x) / across * END_S, (float(x) + float(width)) / across * END_S)
            for one in inner.iter()
            if one.get("class") in kinds
            for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)", one.get("d"))
            if int(y) == row
        ]
        marked = sum(end - start for start, end in cells)
        if name == BENT:
            assert min(start for start, _ in cells) == pytest.approx(7, abs=0.4)
            assert max(end for _, end in cells) == pytest.approx(10, abs=0.4)
            assert marked == pytest.approx(3, abs=0.8)
        else:
            assert marked > 0.9 * (END_S - 3)


def test_what_was_left_out_is_hatched(document):
    """No cell covers the three seconds that the student left out."""
    for picture in section(document, "map").iter("figure"):
        (inner,) = (one for one in picture.iter() if one.get("preserveAspectRatio") == "none")
        across = float(inner.get("viewBox").split()[2])
        for one in inner.iter():
            for x, width in re.findall(r"M(\d+) \d+h(\d+)", one.get("d") or ""):
                start, end = (END_S / across * v for v in (float(x), float(x) + float(width)))
                assert end < 20.4 or start > 22.6
        assert sum(one.get("class") == "no" for one in picture.iter()) == 21


def test_what_happened_in_time_is_told_and_marked(document):
    part = section(document, "time")
    told = [words(item) for item in part.iter("li")]
    kinds = [re.sub(r" for .*| \d.*", "", line) for line in told]
    assert kinds == ["Paused", "Went back", "Left out"]
    times = [[float(t) for t in re.findall(r"0:(\d+\.\d)", line)] for line in told]
    assert times[0] == pytest.approx([6, 6], abs=0.2)
    assert times[1] == pytest.approx([12, 16, 17], abs=0.2)
    assert times[2] == pytest.approx([20, 23, 25], abs=0.2)
    marks = [one for one in part.iter() if one.tag.endswith("}text") and one.get("class") == "mark"]
    assert [words(mark) for mark in marks] == ["1", "2", "3"]
    places = [float(mark.get("x").rstrip("%")) * END_S / 100 for mark in marks]
    assert places == pytest.approx([6, 14, 21.5], abs=0.3)


def test_the_card_tells_what_was_bent(document):
    (card, *_) = section(document, "passages").iter("article")
    told = words(card)
    assert "Right middle finger’s middle joint: bent 2" in told
    assert re.search(r"1 0:06\.\d to 0:10\.\d", told)
    assert "The worst moment, bent 2" in told
    assert "Loop it" not in told  # no file is known
    (habit,) = section(document, "habits").iter("article")
    assert "left ring finger’s middle joint bent 16° less" in words(habit)


def test_a_named_lesson_can_be_looped():
    page = known().page(names=("my lesson's.mcap", "b.mcap"))
    assert "ghosthands play &#x27;my lesson&#x27;&quot;&#x27;&quot;&#x27;s.mcap&#x27;" in page
    start, end = known().result.passages[0].teacher_s
    assert f"--from {start:.1f}</span> <span>--to {end:.1f}" in page


def test_the_table_has_the_numbers(document):
    result = known().result
    rows = [
        [words(cell) for cell in row]
        for row in section(document, "joints").iter("tr")
        if row[0].get("scope") == "row"
    ]
    assert len(rows) == 42
    for row, angle in zip(rows, result.angles, strict=True):
        assert float(row[2].rstrip("°").replace("−", "-")) == pytest.approx(
            angle.mean_deg, abs=0.06
        )
        assert row[1].split(" ", 1)[1] == angle.verdict.removeprefix("differs ")
    bent = next(row for row in rows[21:] if row[0] == "Middle: middle joint")
    assert bent[1] == "△ may differ"


def test_time_axes_have_few_ticks_at_any_length():
    for length_s in (0.6, 3, 10, 59, 200, 600, 3600, 10_000):
        ticks = TimeAxis(np.array([0, length_s])).ticks(10, 5).count("<text")
        assert 1 <= ticks <= 6, length_s
    assert "−0:02" in TimeAxis(np.array([-2.0, 3.0])).ticks(10, 5)


def test_markers_do_not_overlap():
    assert lanes([1, 2, 3, 20, 21], 7, 2) == [0, 1, None, 0, 1]


def test_a_curve_is_thinned_and_broken_where_nothing_was_seen():
    x = np.arange(10_000.0)
    y = np.where((x > 4000) & (x < 6000), np.nan, x)
    path = polyline(x, y, "tempo", most=100)
    assert path.count("L") + path.count("M") <= 100
    assert path.count("M") == 2
    assert polyline(x, np.full_like(x, np.nan), "tempo") == ""


def anchored(x_m: float) -> sdk.Recording:
    """The lesson, all of it moved, with its keyboard a right angle aside."""
    turn = np.array([0, np.sqrt(0.5), 0, np.sqrt(0.5)])  # its x axis is the stage's -z
    anchor = Anchor("piano-61", np.array([0.85, 0.15]), np.array([x_m, 0.7, -0.2]), turn)
    moved = lesson()
    return sdk.Recording.from_arrays(
        moved.time_s,
        pose_quat=moved.pose_quat,
        wrist_m=np.asarray(moved.wrist_m) + np.array([x_m, 0, 0]),
        anchor=anchor,
    )


def test_with_anchors_both_are_shown_over_the_keyboard():
    first, second = (
        re.findall('class="wrist left" d="(.*?)"', places(anchored(x_m), anchored(x_m)))[0]
        for x_m in (0.0, 0.4)
    )
    moved = [np.array(re.findall(r"-?\d+\.?\d*", path), float) for path in (first, second)]
    np.testing.assert_allclose(*moved, atol=0.11)  # the instrument moved along: nothing changes
    wrist = np.asarray(lesson().wrist_m)[0, 0]
    assert moved[0][:2] == pytest.approx([100 * (-wrist[2] - 0.2), 100 * wrist[0]], abs=0.2)
    page = places(anchored(0), anchored(0.4))
    assert page.count('class="keys"') == 4
    assert "places can be compared" in page


def test_one_anchor_is_not_enough():
    page = places(anchored(0), lesson())
    assert "Places cannot be compared" in page
    assert "keys" not in page


def test_a_strange_instrument_is_text():
    anchor = Anchor("<b>&", np.array([1.0, 1.0]), np.zeros(3), np.array([0, 0, 0, 1.0]))
    strange = with_metadata(lesson(), anchor=anchor)
    assert "&lt;b&gt;&amp;" in places(strange, strange)
