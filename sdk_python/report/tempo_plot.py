"""The student's tempo over the lesson, with what interrupted it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdk_python.report.plot import ACROSS, TimeAxis, lanes, number, plot, polyline, stretched

if TYPE_CHECKING:
    from sdk_python.alignment.events import Event
    from sdk_python.comparison import Comparison

__all__ = ["tempo_plot"]

Floats = NDArray[np.floating[Any]]

_HEIGHT, _TICKS, _LANE, _LANES = 150, 20, 22, 3
_APART = 7.0  # per cent of the width that a marker needs on a phone
_MOST_POINTS = 800
_TEMPI = (0.25, 0.33, 0.5, 0.6, 0.7, 0.8, 0.9, 1.1, 1.25, 1.5, 2.0, 3.0, 4.0)


def tempo_plot(result: Comparison, events: Sequence[Event], label: str) -> str:
    """The picture; tempo has a logarithmic scale, so half and double are equally far from 1.

    Args:
        result: The comparison.
        events: Those that are marked, by their numbers from 1.
        label: What it shows, in words.
    """
    axis = TimeAxis(result.time_s)
    places = [axis.percent(sum(event.teacher_s) / 2) for event in events]
    order = np.argsort(places, kind="stable").tolist()
    rows = lanes([places[k] for k in order], _APART, _LANES)
    lane_of = dict(zip(order, rows, strict=True))
    used = [row for row in rows if row is not None]
    top = _LANE * (1 + max(used, default=-1)) or 8
    low, high = _range(result.alignment.tempo)
    marks = "".join(_mark(k + 1, event, axis, lane_of[k], top) for k, event in enumerate(events))
    lines = "".join(
        f'<line class="{"one" if tempo == 1 else "grid"}" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
        for tempo, y in _grid(low, high, top)
    )
    names = "".join(
        f'<text class="soft halo" x="0" y="{number(y - 4)}">'
        f"{'1: as the teacher' if tempo == 1 else f'{tempo:g}'}</text>"
        for tempo, y in _grid(low, high, top)
    )
    return plot(
        top + _HEIGHT + _TICKS,
        label,
        lines,
        f'<svg y="{top}" width="100%" height="{_HEIGHT + _TICKS}">'
        f"{axis.ticks(_HEIGHT + 15, _HEIGHT)}</svg>",
        marks,
        stretched(top, _HEIGHT, ACROSS, *_curves(result, axis, low, high)),
        names,
    )


def _curves(result: Comparison, axis: TimeAxis, low: float, high: float) -> list[str]:
    """One a run: a leap is no tempo."""
    alignment, curves = result.alignment, []
    for run in np.unique(alignment.run).tolist():
        part = alignment.run == run
        y = _height(np.clip(alignment.tempo[part], low, high), low, high)
        most = 2 + round(_MOST_POINTS * float(part.mean()))
        curves.append(polyline(axis.units(alignment.teacher_s[part]), y, "tempo", most=most))
    return curves


def _height(tempo: Any, low: float, high: float) -> Any:
    return _HEIGHT * (np.log(high) - np.log(tempo)) / (np.log(high) - np.log(low))


def _mark(label: int, event: Event, axis: TimeAxis, lane: int | None, top: float) -> str:
    start, end = (axis.percent(at_s) for at_s in event.teacher_s)
    y = top if lane is None else _LANE * lane + _LANE / 2
    if event.kind == "pause":
        place = f'<line class="pause" x1="{start:.2f}%" x2="{start:.2f}%" y1="{y}" y2="{top + _HEIGHT}"/>'  # fmt: skip # noqa: E501
    else:
        place = (
            f'<rect class="{event.kind}" x="{start:.2f}%" width="{max(end - start, 0.2):.2f}%" '
            f'y="{top}" height="{_HEIGHT}"/>'
        )
    if lane is None:
        return place
    middle = min(max((start + end) / 2, 2.5), 97.5)
    return (
        f'{place}<circle class="mark" cx="{middle:.2f}%" cy="{y}" r="9"/>'
        f'<text class="mark" x="{middle:.2f}%" y="{y + 4}" text-anchor="middle">{label}</text>'
    )


def _range(tempo: Floats) -> tuple[float, float]:
    """What the plot shows: all but outliers, and never less than 0.8 to 1.25."""
    seen = tempo[np.isfinite(tempo)]
    low, high = np.percentile(seen, (1, 99)) if len(seen) else (1.0, 1.0)
    return float(np.clip(low / 1.05, 0.25, 0.79)), float(np.clip(high * 1.05, 1.26, 4))


def _grid(low: float, high: float, top: float) -> list[tuple[float, float]]:
    """Tempi with a line and where it is: far enough apart for their numbers."""
    kept = [1.0]
    least = 0.13 * np.log(high / low)
    for tempo in sorted(_TEMPI, key=lambda tempo: abs(np.log(tempo))):
        if low <= tempo <= high and min(abs(np.log(tempo / other)) for other in kept) >= least:
            kept.append(tempo)
    return [(tempo, round(top + float(_height(tempo, low, high)), 1)) for tempo in sorted(kept)]
