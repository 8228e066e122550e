"""The page as a browser reads it: whole, closed, escaped, the same for the same input."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re

import html5lib
import numpy as np
import pytest

import sdk_python as sdk
from sdk_python.report.markup import share, signed, text
from tests.sdk.comparison.takes import take
from tests.sdk.motion import Piece
from tests.sdk.report.pairs import (
    END_S,
    PIECE,
    known,
    lesson,
    pair_of,
    with_hand,
    with_metadata,
)

SECTIONS = [
    "passages",
    "habits",
    "time",
    "map",
    "joints",
    "fingertips",
    "places",
    "coverage",
    "about",
]
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x00\u202e\ud800&amp;`$(id)`"


def parsed(page: str):
    """The document, by a parser that refuses every error of the HTML standard's."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(page)


def words(element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def section(document, name: str):
    (found,) = (one for one in document.iter("section") if one.get("id") == name)
    return found


@pytest.fixture(scope="module")
def page() -> str:
    return known().page(names=("teacher.mcap", "student.mcap"), date="2026-11-22")


@pytest.fixture(scope="module")
def document(page):
    return parsed(page)


def test_all_sections_are_there_in_order(document):
    assert document.get("lang") == "en"
    assert [one.get("id") for one in document.iter("section")] == SECTIONS
    (title,) = document.iter("h1")
    assert words(title) == "student.mcap beside teacher.mcap"
    links = [link.get("href") for link in document.iter("a")]
    assert links == [f"#{name}" for name in SECTIONS]


def test_it_reads_well_aloud(document):
    levels = [int(one.tag[1]) for one in document.iter() if one.tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    for cell in document.iter("th"):
        assert cell.get("scope") in ("row", "col")
    pictures = [one for one in document.iter() if one.get("role") == "img"]
    assert len(pictures) > 6
    assert all(len(one.get("aria-label")) > 20 for one in pictures)
    hidden = {
        id(inner) for one in document.iter() if one.get("aria-hidden") for inner in one.iter()
    }
    drawn = [one for one in document.iter() if str(one.tag).endswith("svg")]
    inside = {id(inner) for one in pictures for inner in one.iter()}
    assert all(id(one) in hidden | inside for one in drawn)
    ids = [one.get("id") for one in document.iter() if one.get("id")]
    assert len(ids) == len(set(ids))


def test_it_needs_and_may_load_nothing(document, page):
    assert not list(document.iter("script"))
    loading = {"src", "srcset", "href", "xlink:href", "style", "action", "data", "poster"}
    for one in document.iter():
        for name, value in one.attrib.items():
            assert not str(name).startswith("on")
            assert str(name) not in loading or value.startswith("#"), (one.tag, name, value)
    (style,) = document.iter("style")
    assert set(re.findall(r"url\((.*?)\)", style.text)) == {"#hatch"}
    assert "@import" not in style.text
    (policy,) = (m.get("content") for m in document.iter("meta") if m.get("http-equiv"))
    allowed = dict(rule.split(" ", 1) for rule in policy.split("; "))
    digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
    assert allowed == {
        "default-src": "'none'",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert "://" not in page


def test_the_same_input_gives_the_same_bytes(page):
    again = known().page(names=("teacher.mcap", "student.mcap"), date="2026-11-22")
    assert again == page
    assert known().page() != page


def test_what_strangers_wrote_stays_text():
    pair = pair_of(
        with_metadata(lesson(), room=HOSTILE, software=HOSTILE, created=HOSTILE),
        with_metadata(known().student, recorded_by=HOSTILE, room="x" * 5000),
    )
    for names in ((), (HOSTILE, HOSTILE)):
        page = pair.page(names=names, date=HOSTILE)
        document = parsed(page.encode().decode())
        assert not list(document.iter("script"))
        assert not list(document.iter("img"))
        assert "<script>alert(1)</script>" in words(next(document.iter("h1")))
        assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\ud800-\udfff]", page)
        assert "x" * 200 not in page


def test_text_is_bounded_and_has_no_controls():
    assert text("a" * 500) == "a" * 119 + "…"
    assert text("\x07\u2066\ufeff\udfff") == "\ufffd" * 4
    assert share(0.9999) == "99.9 %"
    assert share(1.0) == "100 %"
    assert signed(-0.04) == "0.0°"
    assert signed(-3.21) == "−3.2°"


def test_the_head_has_the_results_numbers(document):
    result = known().result
    head = words(next(document.iter("header")))
    assert f"{result.mean_deg:.1f}°" in head
    assert share(result.within) in head
    assert f"lesson played{100 * result.coverage.lesson:.0f} %" in head.replace(" lesson", "lesson")
    assert "No score" in head


def test_a_recording_beside_itself_has_nothing_to_tell():
    document = parsed(pair_of(lesson(), lesson()).page())
    assert "No passage differs clearly" in words(section(document, "passages"))
    assert "No joint differs throughout" in words(section(document, "habits"))
    told = words(section(document, "time"))
    assert "No pause, repeat or leap" in told
    assert "As fast as the teacher" in told
    assert "come together" in told
    assert "Places cannot be compared" in words(section(document, "places"))
    verdicts = {words(row[1]) for row in section(document, "joints").iter("tr")} - {"Verdict"}
    assert verdicts == {"✓ alike"}


@pytest.mark.parametrize("side", sdk.Side)
def test_one_hand_only(side):
    pair = pair_of(with_hand(lesson(), side), known().student)
    document = parsed(pair.page())
    other = sdk.Side(1 - side).name.lower()
    told = words(section(document, "map"))
    assert f"The {other} hand Was not compared" in told.replace("handWas", "hand Was")
    rows = [words(row[0]) for row in section(document, "fingertips").iter("tr")][1:]
    assert len(rows) == 6
    assert not any(row.lower().startswith(other) for row in rows)


def test_another_piece_is_told_first():
    pair = pair_of(lesson(), take(np.arange(0, END_S, 1 / 60), piece=Piece(5, 14)))
    document = parsed(pair.page())
    assert pair.result.unrelated
    assert "Probably another piece" in words(next(document.iter("header")))
    (folded,) = section(document, "passages").iter("details")
    assert folded.get("open") is None


def test_a_score_is_told_with_its_interval():
    takes = [take(np.arange(0, END_S, k / 60), noise_deg=3, slow_deg=3, piece=PIECE, seed=n)
             for n, k in enumerate((1, 1.02, 0.98))]  # fmt: skip
    student = known().student
    result = sdk.compare(takes, student)
    page = sdk.report.html_of(result, teacher=takes[0], student=student)
    head = words(next(parsed(page).iter("header")))
    score = result.score
    assert f"score{score.value:.0f} of 100; 95 %: {score.low:.0f} to {score.high:.0f}" in head
    assert "not how good it was" in head
    assert "Teacher repeats" in page


def test_other_recordings_than_those_compared_are_refused():
    pair = known()
    with pytest.raises(sdk.InputError, match="not the teacher's first recording"):
        sdk.report.html_of(pair.result, teacher=pair.student, student=pair.student)
    with pytest.raises(sdk.InputError, match="not the student's recording"):
        sdk.report.html_of(pair.result, teacher=pair.teacher, student=pair.teacher)
    with pytest.raises(sdk.InputError, match="2 recordings were compared, but 1 names"):
        pair.page(names=["a"])


def test_the_file_is_whole_or_not_there(tmp_path, monkeypatch):
    pair, path = known(), tmp_path / "r.html"
    options = {"teacher": pair.teacher, "student": pair.student}
    assert sdk.report.to_html(pair.result, path, **options) == path
    assert path.read_text("utf-8") == pair.page()
    path.write_text("precious")
    with pytest.raises(sdk.InputError, match="exists already"):
        sdk.report.to_html(pair.result, path, **options)
    monkeypatch.setattr("os.fsync", _full_disk)
    with pytest.raises(sdk.InputError, match="cannot write"):
        sdk.report.to_html(pair.result, path, **options, overwrite=True)
    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


def _full_disk(_file):
    raise OSError(28, "No space left on device")
