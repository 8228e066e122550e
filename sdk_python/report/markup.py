"""Text, numbers and elements of an HTML page, escaped."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

__all__ = ["degrees", "figure", "rows_of", "section", "share", "signed", "text"]

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\ufffe\uffff]"
)
"""Controls, turns of the writing direction, halves of characters: none is text."""


def text(value: object, *, longest: int = 120) -> str:
    r"""What anybody wrote, as HTML text or a quoted attribute: it can be nothing but text.

    Args:
        value: From a recording, so from a stranger.
        longest: More characters are cut off.

    Example:
        >>> text('<script>"&\x00')
        '&lt;script&gt;&quot;&amp;�'
    """
    plain = str(value)
    if len(plain) > longest:
        plain = f"{plain[: longest - 1]}…"
    return html.escape(_UNSEEN.sub("\ufffd", plain))


def degrees(value: float | None) -> str:
    """``4.2°``; a dash for nothing."""
    return "–" if value is None else f"{value:.1f}°"


def signed(value: float | None) -> str:
    """``+4.2°`` or ``−4.2°``."""
    if value is None:
        return "–"
    sign = "" if abs(value) < 0.05 else "+" if value > 0 else "−"
    return f"{sign}{abs(value):.1f}°"


def share(value: float | None) -> str:
    """``97 %``; what is not quite all or nothing is not rounded to it."""
    if value is None:
        return "–"
    percent = 100 * value
    if 99 < percent < 100 or 0 < percent < 1:
        return f"{min(max(percent, 0.1), 99.9):.1f} %"
    return f"{percent:.0f} %"


def section(name: str, heading: str, *parts: str) -> str:
    """A section with a heading that links lead to; without parts: nothing."""
    body = "\n".join(part for part in parts if part)
    if not body:
        return ""
    return (
        f'<section id="{name}" aria-labelledby="{name}-title">\n'
        f'<h2 id="{name}-title">{heading}</h2>\n{body}\n</section>'
    )


def figure(picture: str, caption: str, *, kind: str) -> str:
    """A picture with its caption, already HTML."""
    return f'<figure class="{kind}">{picture}<figcaption>{caption}</figcaption></figure>'


def rows_of(
    caption: str, header: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, kind: str = "plain"
) -> str:
    """A table, already HTML: the first cell of each row is its heading. Scrolls where it must."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in header)
    body = "\n".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}">'
        f'<table class="{kind}"><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )
