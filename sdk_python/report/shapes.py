"""Outlines of round things: two circles and what is between them, and the skin around several."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["around", "capsule"]

_CORNERS = 24

Point = tuple[float, float]


def capsule(start: Point, radius: float, end: Point, end_radius: float) -> str:
    """An SVG path around two circles and their common tangents.

    Args:
        start: Centre of the first, y down.
        radius: Its radius.
        end: Centre of the second.
        end_radius: Its radius.
    """
    (x0, y0), (x1, y1) = start, end
    length = float(np.hypot(x1 - x0, y1 - y0))
    if length <= abs(radius - end_radius):
        (x, y), r = (start, radius) if radius > end_radius else (end, end_radius)
        return f"M{x - r:.1f} {y:.1f}a{r:.1f} {r:.1f} 0 1 1 {2 * r:.1f} 0a{r:.1f} {r:.1f} 0 1 1 {-2 * r:.1f} 0Z"  # fmt: skip # noqa: E501
    along = np.arctan2(y1 - y0, x1 - x0)
    half = np.arccos((radius - end_radius) / length)
    corners = [
        (x + r * np.cos(angle), y + r * np.sin(angle))
        for (x, y), r, angle in (
            (start, radius, along + half),
            (end, end_radius, along + half),
            (end, end_radius, along - half),
            (start, radius, along - half),
        )
    ]
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    wide = int(half > np.pi / 2)
    return (
        f"M{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}A{end_radius:.1f} {end_radius:.1f} 0 {wide} 0 "
        f"{cx:.1f} {cy:.1f}L{dx:.1f} {dy:.1f}A{radius:.1f} {radius:.1f} 0 {1 - wide} 0 "
        f"{ax:.1f} {ay:.1f}Z"
    )


def around(circles: Sequence[tuple[Point, float]]) -> str:
    """An SVG path: the convex hull of circles, by Andrew's monotone chain."""
    turn = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    points = sorted(
        (round(float(x + r * np.cos(a)), 1), round(float(y + r * np.sin(a)), 1))
        for (x, y), r in circles
        for a in turn
    )
    hull = _chain(points)[:-1] + _chain(points[::-1])[:-1]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in hull) + "Z"


def _chain(points: list[Point]) -> list[Point]:
    chain: list[Point] = []
    for x, y in points:
        while len(chain) > 1:
            (ax, ay), (bx, by) = chain[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            chain.pop()
        chain.append((x, y))
    return chain
