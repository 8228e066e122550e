"""QR codes of addresses (ISO/IEC 18004), for a page and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import segno

__all__ = ["half_blocks", "matrix", "svg_path"]

_BORDER = 4
"""Light modules around a code: what the standard asks for (section 6.3.8)."""

_BLOCKS = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def matrix(text: str) -> list[list[int]]:
    """The modules of a text's code, border included: 1 is dark.

    The lowest error correction makes the largest modules, which is what a screen needs: nothing
    on it gets torn or stained.

    Raises:
        ValueError: The text is too long for a code (2,953 bytes).
    """
    code = segno.make_qr(text, error="l", boost_error=False)
    return [list(row) for row in code.matrix_iter(border=_BORDER)]


def svg_path(modules: Sequence[Sequence[int]]) -> str:
    """The dark modules as an SVG path's ``d``, one unit a module; rows of them as one box."""
    boxes = []
    for y, row in enumerate(modules):
        x = 0
        while x < len(row):
            width = 0
            while x + width < len(row) and row[x + width]:
                width += 1
            if width:
                boxes.append(f"M{x} {y}h{width}v1h-{width}z")
            x += width or 1
    return "".join(boxes)


def half_blocks(modules: Sequence[Sequence[int]]) -> list[str]:
    """The modules as lines of text, two rows a line: drawn where dark, so dark on light."""
    rows = [list(row) for row in modules]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return [
        "".join(_BLOCKS[bool(top), bool(bottom)] for top, bottom in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
