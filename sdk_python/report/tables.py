"""Numbers by joint, fingertip and hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.protocol.joints import Side
from sdk_python.report.markup import degrees, rows_of, section, share, signed
from sdk_python.report.words import VERDICTS, angle_label

if TYPE_CHECKING:
    from sdk_python.comparison import AngleResult, Comparison

__all__ = ["fingertip_table", "joint_tables"]

_WIDTH, _HEIGHT = 120, 16


def joint_tables(result: Comparison) -> str:
    """The section: 21 rows a hand."""
    scale = max(
        [20.0]
        + [2 * angle.tolerance_deg for angle in result.angles]
        + [angle.p95_deg for angle in result.angles if angle.p95_deg is not None]
    )
    repeated = any(angle.repeatability_deg is not None for angle in result.angles)
    header = [
        "Joint", "Verdict", "Mean", "Picture", "Within", "Mean size", "95 % below", "Tolerance",
        *(["Teacher repeats"] if repeated else []),
    ]  # fmt: skip
    tables = []
    for side in Side:
        if not result.hands[side].compared:
            tables.append(
                f'<h3>The {side.name.lower()} hand</h3><p class="none">Was not compared.</p>'
            )
            continue
        rows = []
        for angle in result.angles:
            if angle.hand is not side:
                continue
            verdict = VERDICTS[angle.verdict]
            cells = [
                angle_label(angle.name).capitalize(),
                f'<span class="v-{angle.verdict.replace(" ", "-")}">{verdict}</span>',
                signed(angle.mean_deg),
                _bar(angle, scale),
                share(angle.within),
                degrees(angle.mean_abs_deg),
                degrees(angle.p95_deg),
                degrees(angle.tolerance_deg),
                *([degrees(angle.repeatability_deg)] if repeated else []),
            ]
            rows.append(tuple(cells))
        tables.append(rows_of(f"The {side.name.lower()} hand", tuple(header), rows, kind="joints"))
    return section(
        "joints",
        "Joint by joint",
        '<p class="lead">Student minus teacher: + is bent more, or spread towards the thumb’s side.'
        " In the picture the grey band is the tolerance, the dot the mean difference, the line "
        "what 95 % of the time stays within.</p>",
        *tables,
        '<p class="soft">Mean size: of the differences, whatever their sign. Within: share of the '
        f"time in which the difference, in the mean over {result.parameters.over_s:g} s, is within "
        "tolerance."
        + (
            " Teacher repeats: the smallest change beyond what the teacher’s own takes differ by "
            "(MDC95)."
            if repeated
            else ""
        )
        + " ▲ differs: there is a passage of it. ■ throughout: beyond tolerance for most of the "
        "time.</p>",
    )


def fingertip_table(result: Comparison) -> str:
    """The section: ten rows, and two for the hands."""
    rows = [
        (
            f"{finger.hand.name.capitalize()} {finger.finger}",
            _mm(finger.mean_mm),
            _mm(finger.p95_mm),
            _mm(finger.tolerance_mm),
            share(finger.within),
            degrees(finger.mean_deg),
        )
        for finger in result.fingers
        if finger.mean_mm is not None
    ]
    rows += [
        (
            f"<b>{hand.hand.name.capitalize()} hand</b>",
            _mm(hand.mean_mm),
            "",
            "",
            "",
            degrees(hand.mean_deg),
        )
        for hand in result.hands
        if hand.mean_mm is not None
    ]
    return section(
        "fingertips",
        "Fingertips",
        '<p class="lead">How far fingertips are from the teacher’s, seen from the wrist, both on '
        "one average hand.</p>",
        rows_of(
            "Fingertips",
            ("Finger", "Mean", "95 % below", "Tolerance", "Within", "Its joints, mean size"),
            rows,
        ),
    )


def _bar(angle: AngleResult, scale: float) -> str:
    """A number line of ± ``scale`` degrees."""
    if angle.mean_deg is None or angle.p95_deg is None:
        return ""
    middle, unit = _WIDTH / 2, (_WIDTH / 2 - 5) / scale
    band, at = angle.tolerance_deg * unit, middle + float(np.clip(angle.mean_deg * unit, -55, 55))
    reach = angle.p95_deg * unit
    kind = "dot" if angle.verdict in ("alike", "not seen") else "dot off"
    return (
        f'<svg class="bar" width="{_WIDTH}" height="{_HEIGHT}" aria-hidden="true">'
        f'<rect class="band" x="{middle - band:.1f}" y="3" width="{2 * band:.1f}" height="10"/>'
        f'<path class="axis" d="M{middle:g} 1v14"/>'
        f'<path class="reach" d="M{middle - reach:.1f} 8h{2 * reach:.1f}"/>'
        f'<circle class="{kind}" cx="{at:.1f}" cy="8" r="4"/></svg>'
    )


def _mm(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} mm"
