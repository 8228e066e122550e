"""Joint by time: how far each angle of a hand was from the teacher's, over the lesson."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bridge.protocol.joints import Side
from sdk_python.features.angles import ANGLE_FINGERS, ANGLE_NAMES
from sdk_python.report.markup import section
from sdk_python.report.plot import TimeAxis, lanes, plot, stretched
from sdk_python.report.words import angle_label

if TYPE_CHECKING:
    from sdk_python.comparison import Comparison

__all__ = ["binned", "heat_maps", "levels"]

Floats = NDArray[np.floating[Any]]

_MOST_BINS = 240
_LEAST_BIN_S = 0.25
_STEPS = (1.0, 1.5, 2.0)
"""Where colours change, in tolerances."""

_ROW, _GAP, _LANE = 15, 5, 20
_NUMBERED = 20
_NOT_COMPARED = 99
_KINDS = {
    -3: "l3",
    -2: "l2",
    -1: "l1",
    0: "in",
    1: "m1",
    2: "m2",
    3: "m3",
}


def heat_maps(result: Comparison) -> str:
    """The section: a map for each hand that was compared."""
    tolerance = np.array([angle.tolerance_deg for angle in result.angles]).reshape(2, -1)
    maps = [_map(result, side, tolerance[side]) for side in Side]
    return section(
        "map",
        "Every joint over the lesson",
        _legend(tolerance),
        *maps,
    )


def binned(difference_deg: Floats, bins: int) -> Floats:
    """Means ``(bins, F)`` of ``(N, F)``, missing values left out; NaN where a bin has none."""
    edges = np.linspace(0, len(difference_deg), bins + 1).round().astype(int)
    starts = np.minimum(edges[:-1], len(difference_deg) - 1)
    seen = np.isfinite(difference_deg)
    total = np.add.reduceat(np.where(seen, difference_deg, 0).astype(float), starts, axis=0)
    count = np.add.reduceat(seen.astype(float), starts, axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def levels(mean_deg: Floats, tolerance_deg: Floats) -> NDArray[np.int64]:
    """What colour a mean has: 0 within tolerance, to 3 or -3 at twice and more, 99 not compared."""
    with np.errstate(invalid="ignore"):
        beyond = np.searchsorted(_STEPS, np.abs(mean_deg) / tolerance_deg, side="left")
        level = (beyond * np.sign(mean_deg)).astype(np.int64)
    return np.where(np.isfinite(mean_deg), level, _NOT_COMPARED)


def _map(result: Comparison, side: Side, tolerance: Floats) -> str:
    hand = side.name.lower()
    difference = result.difference_deg[:, side]
    if not np.isfinite(difference).any():
        return f'<h3>The {hand} hand</h3><p class="none">Was not compared.</p>'
    axis = TimeAxis(result.time_s)
    bins = int(np.clip((axis.end_s - axis.start_s) / _LEAST_BIN_S, 1, _MOST_BINS))
    found = levels(binned(difference, min(bins, len(difference))), tolerance)
    tops = _tops()
    height = tops[-1] + _ROW
    marks, top = _passage_marks(result, side, axis)
    cells = stretched(top, height, len(found), *_cells(found, tops))
    ticks = f'<svg y="{top}" width="100%" height="{height + 20}">{axis.ticks(height + 15, height)}</svg>'  # fmt: skip # noqa: E501
    ground = "".join(
        f'<rect class="no" width="100%" y="{top + y}" height="{_ROW - 1}"/>' for y in tops
    )
    labels = "".join(
        f'<text x="100%" y="{top + y + 11}" text-anchor="end">{angle_label(name)}</text>'
        for name, y in zip(ANGLE_NAMES, tops, strict=True)
    )
    total = top + height + 20
    differing = [
        angle_label(angle.name)
        for angle in result.angles
        if angle.hand is side and "differ" in angle.verdict
    ]
    told = f"beyond tolerance somewhere: {', '.join(differing)}" if differing else "all alike"
    picture = f'<svg class="labels" aria-hidden="true" height="{total}">{labels}</svg>' + plot(
        total, f"{hand} hand, 21 angles over the lesson; {told}", ground, cells, ticks, marks
    )
    return f'<figure class="wide"><h3>The {hand} hand</h3><div class="map">{picture}</div></figure>'


def _tops() -> list[int]:
    """Where each row begins; fingers stand a little apart."""
    return [_ROW * k + _GAP * finger for k, finger in enumerate(ANGLE_FINGERS)]


def _cells(found: NDArray[np.int64], tops: list[int]) -> list[str]:
    """One path a colour; neighbours of the same colour are one rectangle. Nothing: not compared."""
    paths: dict[int, list[str]] = {}
    for row, y in zip(found.T, tops, strict=True):
        edges = np.flatnonzero(np.diff(row)) + 1
        starts = [0, *edges.tolist()]
        for a, b in zip(starts, [*edges.tolist(), len(row)], strict=True):
            paths.setdefault(int(row[a]), []).append(f"M{a} {y}h{b - a}v{_ROW - 1}h{a - b}z")
    return [
        f'<path class="{_KINDS[level]}" d="{"".join(paths[level])}"/>'
        for level in sorted(paths)
        if level != _NOT_COMPARED
        if level != _NOT_COMPARED
    ]


def _passage_marks(result: Comparison, side: Side, axis: TimeAxis) -> tuple[str, int]:
    """Numbers of the passages over the map, and how much room they need."""
    found = [
        (axis.percent(passage.teacher_s[0]), axis.percent(passage.teacher_s[1]), number)
        for number, passage in enumerate(result.passages[:_NUMBERED], 1)
        if passage.hand is side
    ]
    if not found:
        return "", 4
    found.sort()
    chosen = lanes([(a + b) / 2 for a, b, _ in found], 7, 2)
    top = _LANE * (1 + max(lane for lane in chosen if lane is not None)) + 6
    marks = []
    for (a, b, number), lane in zip(found, chosen, strict=True):
        marks.append(
            f'<line class="span" x1="{a:.2f}%" x2="{b:.2f}%" y1="{top - 3}" y2="{top - 3}"/>'
        )
        if lane is None:
            continue
        middle, y = min(max((a + b) / 2, 2.5), 97.5), _LANE * lane + 10
        marks.append(
            f'<circle class="number" cx="{middle:.2f}%" cy="{y}" r="9"/>'
            f'<text class="number" x="{middle:.2f}%" y="{y + 4}" text-anchor="middle">{number}'
            "</text>"
        )
    return "".join(marks), top


def _legend(tolerance: Floats) -> str:
    same = float(tolerance.min()) == float(tolerance.max())
    steps = [tolerance.flat[0] * k for k in _STEPS] if same else _STEPS
    unit = "°" if same else "×"
    ranges = (
        f"{steps[0]:g}–{steps[1]:g}{unit}",
        f"{steps[1]:g}–{steps[2]:g}{unit}",
        f"over {steps[2]:g}{unit}",
    )

    def row(kind: str, words: str) -> str:
        cells = "".join(
            f'<span><i class="{kind}{k}"></i>{name}</span>' for k, name in enumerate(ranges, 1)
        )
        return f"<p><b>{words}</b> {cells}</p>"

    allowed = f"{tolerance.flat[0]:g}°" if same else "each joint’s own, in the table below"
    return (
        '<div class="legend">'
        + row("l", "Less bent, or spread away from the thumb’s side:")
        + row("m", "More bent, or spread towards the thumb’s side:")
        + f'<p><span><i class="in"></i>within tolerance ({allowed})</span>'
        '<span><i class="no"></i>not compared</span></p>'
        + ("" if same else "<p>Steps are multiples of the tolerance.</p>")
        + "<p>Each cell is the mean difference over a short while. Numbers mark the passages "
        "above.</p></div>"
    )
