"""The core beside the pages, which have the same rules (SPEC.md, sections 14 and 16)."""

from __future__ import annotations

import json
import re
import sys

import pytest

from .conftest import PACKAGE, ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))

import _playout

JITTER_MS = 80
PAGES = ROOT / "benchmarks" / "results" / "playout.json"


def test_the_same_input_gives_the_same_figures_as_in_the_pages(client) -> None:
    rows = json.loads(PAGES.read_text(encoding="utf-8"))["results"]
    pages = next(row["playout"] for row in rows if row["jitter_ms"] == JITTER_MS)
    runs = [_playout.played(client, JITTER_MS, seed) for seed in _playout.SEEDS]
    assert _playout.medians([figures for figures, _ in runs]) == pages
    assert sum(absent for _, absent in runs) == 0


@pytest.mark.parametrize(
    ("page", "core"),
    [
        ("stage/playout", "Playout/PlayoutRules"),
        ("headset/touch", "Calibration/TouchDetector"),
        ("headset/calibration", "Calibration/InstrumentCalibration"),
        ("stage/finger_colors", "Feedback/LiveFeedback"),
    ],
)
def test_constants_are_those_of_the_pages(page, core) -> None:
    numbers = r"([\d.]+);"
    source = (ROOT / "bridge" / "web" / "src" / f"{page}.ts").read_text(encoding="utf-8")
    theirs = re.findall(r"export const ([A-Z_]+) = " + numbers, source)
    source = (PACKAGE / "Runtime" / "Core" / f"{core}.cs").read_text(encoding="utf-8")
    ours = re.findall(r"public const \w+ (\w+) = " + numbers, source)
    named = {name.lower(): float(value) for name, value in ours}
    assert theirs
    for name, value in theirs:
        assert named[name.replace("_", "").lower()] == float(value), name
