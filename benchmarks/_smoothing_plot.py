"""Draws jitter against lag as an SVG picture: a grid of settings, and the ways that matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

PATH = Path(__file__).resolve().parents[1] / "docs" / "images" / "smoothing.svg"

WIDTH, HEIGHT, TOP, BOTTOM, LEFT, PANEL, GAP = 860, 420, 64, 350, 70, 330, 100
INK, PALE, GREY = "#24292f", "#9fb3c8", "#6e7781"
COLOURS = {"unsmoothed": "#b35900", "default": "#0550ae", "offline": "#116329"}
LABELS = {"unsmoothed": "no smoothing", "default": "One-Euro, chosen", "offline": "offline"}
LAG_MS = (0, 60)
FONT = f'font-family="Helvetica, Arial, sans-serif" font-size="13" fill="{INK}"'
TEMPOS = {"as_is": "Hands that play", "double": "The same, twice as fast"}


def draw(results: dict[str, Any]) -> Path:
    """Writes the picture of a report's results; returns its path."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    for k, (tempo, title) in enumerate(TEMPOS.items()):
        parts += _panel(results, tempo, title, LEFT + k * (PANEL + GAP))
    PATH.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")
    return PATH


def _panel(results: dict[str, Any], tempo: str, title: str, left: int) -> list[str]:
    named = {name: results[name][tempo] for name in LABELS}
    grid = [row[tempo] for row in results["grid"] if row[tempo]["lag_ms"] <= LAG_MS[1]]
    step = 20 if max(row["jitter_m_s3"] for row in named.values()) < 120 else 50
    most = step * (int(max(row["jitter_m_s3"] for row in (*named.values(), *grid))) // step + 1)

    def at(row: dict[str, float]) -> tuple[float, float]:
        share = (row["lag_ms"] - LAG_MS[0]) / (LAG_MS[1] - LAG_MS[0])
        return left + PANEL * share, BOTTOM - (BOTTOM - TOP) * row["jitter_m_s3"] / most

    truth = results["truth_jitter_m_s3"][tempo]
    parts = [_text(left, TOP - 22, title, size=15, weight="bold")]
    for value in range(0, most + 1, step):
        y = at({"lag_ms": 0, "jitter_m_s3": value})[1]
        parts.append(_line(left, y, left + PANEL, y, "#e6eaee"))
        parts.append(_text(left - 8, y + 4, str(value), anchor="end", colour=GREY))
    for value in range(LAG_MS[0], LAG_MS[1] + 1, 10):
        x = at({"lag_ms": value, "jitter_m_s3": 0})[0]
        parts.append(_text(x, BOTTOM + 20, str(value), anchor="middle", colour=GREY))
    parts.append(_text(left + PANEL / 2, BOTTOM + 44, "lag of the fingertips, ms", anchor="middle"))
    x, y = left - 46, (TOP + BOTTOM) / 2
    parts.append(
        f'<text transform="translate({x},{y}) rotate(-90)" text-anchor="middle">jitter, m/s³</text>'
    )
    y = at({"lag_ms": 0, "jitter_m_s3": truth})[1]
    parts.append(_line(left, y, left + PANEL, y, GREY, dash="4 4"))
    parts.append(_text(left + PANEL, y - 6, "the hands' own", anchor="end", colour=GREY))
    parts += [_dot(*at(row), 2.6, PALE) for row in grid]
    x, y = at(max(grid, key=lambda row: row["jitter_m_s3"] - row["lag_ms"]))
    parts.append(_text(x + 14, y - 12, "One-Euro, other settings", colour=GREY))
    for name, row in named.items():
        x, y = at(row)
        parts.append(_dot(x, y, 6, COLOURS[name]))
        # The cloud of other settings falls from left to right: there is room under its left.
        away = (11, -8) if name != "default" else (-14, 22)
        anchor = "start" if name != "default" else "end"
        label = _text(x + away[0], y + away[1], LABELS[name], anchor, COLOURS[name], weight="bold")
        parts.append(label)
    return parts


def _text(
    x: float,
    y: float,
    text: str,
    anchor: str = "start",
    colour: str = INK,
    *,
    size: int = 13,
    weight: str = "normal",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" '
        f'font-size="{size}" font-weight="{weight}">{escape(text)}</text>'
    )


def _line(x0: float, y0: float, x1: float, y1: float, colour: str, *, dash: str = "none") -> str:
    return (
        f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}" '
        f'stroke-dasharray="{dash}"/>'
    )


def _dot(x: float, y: float, radius: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>'
