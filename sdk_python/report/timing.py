"""What happened in time: pauses, repeats, leaps, tempo, and which hand comes late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bridge.protocol.joints import Side
from sdk_python.comparison.summary import event_words
from sdk_python.comparison.words import clock
from sdk_python.report.markup import figure, section
from sdk_python.report.tempo_plot import tempo_plot

if TYPE_CHECKING:
    from sdk_python.alignment.events import Event
    from sdk_python.comparison import Comparison, HandResult

__all__ = ["timing"]

_MOST_EVENTS = 40
_TELLING_LAG_MS = 10
_AS_FAST = 0.015


def timing(result: Comparison) -> str:
    """The section, from a comparison."""
    events = result.alignment.events
    shown = events[:_MOST_EVENTS]
    items = "".join(f"<li>{_event(event)}</li>" for event in shown)
    left = len(events) - len(shown)
    words = "; ".join(event_words(e.kind, e.teacher_s, e.duration_s) for e in shown)
    tempo = _tempo_words(result)
    hands = "".join(
        f"<div><dt>{hand.hand.name.capitalize()} hand moves</dt><dd>{_lag(hand)}</dd></div>"
        for hand in result.hands
    )
    return section(
        "time",
        "In time",
        f'<p class="lead">{tempo}</p>',
        figure(
            tempo_plot(result, shown, f"Tempo over the lesson. {tempo} {words}"),
            "How fast the student went through the lesson, over the lesson’s time."
            + (" Circled: the numbers of the list." if events else ""),
            kind="wide",
        ),
        f'<ol class="events">{items}</ol>'
        if items
        else '<p class="none">No pause, repeat or leap was found.</p>',
        f"<p>And {left} more.</p>" if left > 0 else "",
        "<h3>Which hand comes late</h3>",
        f'<p class="lead">{_lag_words(result)}</p><dl class="facts">{hands}</dl>',
    )


def _event(event: Event) -> str:
    words = event_words(event.kind, event.teacher_s, event.duration_s)
    return (
        f'{words[0].upper()}{words[1:]} <span class="soft">(at {clock(event.student_s[0])} in '
        "the student’s recording)</span>"
    )


def _tempo_words(result: Comparison) -> str:
    tempo = result.alignment.tempo[np.isfinite(result.alignment.tempo)]
    if not len(tempo):
        return "Too little was played to tell its tempo."
    median = float(np.median(tempo))
    low, high = np.percentile(tempo, (5, 95))
    if abs(median - 1) < _AS_FAST:
        mostly = "As fast as the teacher"
    else:
        pace = "faster" if median > 1 else "slower"
        mostly = f"{100 * abs(median - 1):.0f} % {pace} than the teacher"
    return f"{mostly} (median tempo {median:.2f}; 90 % of the time {low:.2f} to {high:.2f})."


def _lag(hand: HandResult) -> str:
    if hand.lag_ms is None:
        return "too little to tell"
    rounded = round(hand.lag_ms)
    if not rounded:
        return "on time"
    return f"{abs(rounded)} ms {'late' if rounded > 0 else 'early'}"


def _lag_words(result: Comparison) -> str:
    lags = {hand.hand: hand.lag_ms for hand in result.hands}
    left, right = lags[Side.LEFT], lags[Side.RIGHT]
    if left is None or right is None:
        return "It cannot be told from these recordings."
    if abs(left - right) < _TELLING_LAG_MS:
        return f"Neither: they come together as the teacher’s do, within {_TELLING_LAG_MS} ms."
    late, other = ("left", "right") if left > right else ("right", "left")
    return (
        f"The <b>{late} hand comes {abs(left - right):.0f} ms after the {other}</b>, compared with "
        "the teacher. Below: against both hands’ common time."
    )
