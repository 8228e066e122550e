"""Plots that keep their letters' size on every screen: SVG whose widths are shares, not units.

The curves are stretched (``preserveAspectRatio="none"``) in an inner picture; text, ticks and
markers are placed by per cent in the outer one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdk_python.report.markup import text

__all__ = ["ACROSS", "TimeAxis", "lanes", "number", "plot", "polyline", "stretched"]

Floats = NDArray[np.floating[Any]]

ACROSS = 1000
"""Units across the inner picture."""

_STEPS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
_MOST_TICKS = 5


def number(value: float) -> str:
    """A coordinate: at most one digit after the point."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # + 0.0: no minus before a zero


class TimeAxis:
    """Lesson time from left to right.

    Args:
        time_s: Its moments, rising.
    """

    def __init__(self, time_s: Floats) -> None:
        self.start_s, self.end_s = float(time_s[0]), float(time_s[-1])
        self._length_s = max(self.end_s - self.start_s, 1e-9)

    def percent(self, time_s: float) -> float:
        """Where a moment is, 0 to 100."""
        return float(np.clip(100 * (time_s - self.start_s) / self._length_s, 0, 100))

    def units(self, time_s: Floats) -> Floats:
        """Where moments are in the inner picture."""
        across: Floats = (time_s - self.start_s) / self._length_s * ACROSS
        return across

    def ticks(self, y: float, height: float) -> str:
        """Lines through the plot and minutes below it.

        Args:
            y: Where the numbers stand.
            height: Of the plot above them, from its top at 0.
        """
        step = next((s for s in _STEPS_S if self._length_s / s <= _MOST_TICKS), _STEPS_S[-1])
        first = int(np.ceil(self.start_s / step)) * step
        parts = []
        for at_s in np.arange(first, self.end_s + 1e-6, step).tolist():
            x = self.percent(at_s)
            anchor = "start" if x < 4 else "end" if x > 95 else "middle"
            minutes, seconds = divmod(round(abs(at_s)), 60)
            sign = "−" if at_s < 0 else ""
            parts.append(
                f'<line class="tick" x1="{x:.2f}%" x2="{x:.2f}%" y1="0" y2="{height:g}"/>'
                f'<text class="soft" x="{x:.2f}%" y="{y:g}" text-anchor="{anchor}">'
                f"{sign}{minutes}:{seconds:02d}</text>"
            )
        return "".join(parts)


def plot(height: float, label: str, *parts: str) -> str:
    """A picture as wide as its place.

    Args:
        height: CSS pixels.
        label: What it shows, for those who do not see it.
        parts: SVG.
    """
    return (
        f'<svg class="plot" role="img" aria-label="{text(label, longest=600)}" width="100%" '
        f'height="{height:g}">{"".join(parts)}</svg>'
    )


def stretched(y: float, height: float, across: float, *parts: str) -> str:
    """An inner picture ``across`` units wide and ``height`` high, as wide as the outer one."""
    return (
        f'<svg x="0" y="{y:g}" width="100%" height="{height:g}" '
        f'viewBox="0 0 {across:g} {height:g}" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def polyline(x: Floats, y: Floats, kind: str, *, most: int = 400) -> str:
    """A curve, thinned to at most so many points; interrupted where NaN.

    Args:
        x: ``(N,)`` units.
        y: ``(N,)``.
        kind: Its CSS class.
        most: Points that are kept.
    """
    keep = np.unique(np.linspace(0, len(x) - 1, min(most, len(x))).round().astype(int))
    parts, pen = [], "M"
    for a, b in zip(x[keep].tolist(), y[keep].tolist(), strict=True):
        if np.isfinite(a) and np.isfinite(b):
            parts.append(f"{pen}{number(a)} {number(b)}")
            pen = "L"
        else:
            pen = "M"
    return f'<path class="{kind}" d="{"".join(parts)}"/>' if parts else ""


def lanes(places: Iterable[float], apart: float, most: int) -> list[int | None]:
    """Which lane each marker goes to, so that neighbours do not overlap; None: there is no room."""
    ends = [-np.inf] * most
    chosen: list[int | None] = []
    for place in places:
        lane = next((k for k in range(most) if place - ends[k] >= apart), None)
        if lane is not None:
            ends[lane] = place
        chosen.append(lane)
    return chosen
