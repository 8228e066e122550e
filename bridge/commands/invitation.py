"""What a bridge prints for a room when it starts: links, join codes and QR codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.links import PAGES, device_links, page_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.access import Keyring
    from bridge.config import Settings

__all__ = ["invitation", "qr_lines"]

_GAP = "    "
_INK = "\x1b[38;5;16;48;5;231m"
"""Black on white, whatever the terminal's colours: not every camera reads the inverse."""

_PLAIN = "\x1b[0m"


def invitation(
    settings: Settings, keyring: Keyring | None, room: str, base: str
) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Links, and codes where the bridge has tokens.

    Returns:
        What is printed, by name; and the links that people scan, by page.
    """
    tokens = {"publish": "", "watch": ""}
    rows = []
    if keyring is not None:
        from bridge.access.codes import join_code

        lifetimes_s = {"publish": settings.publish_token_s, "watch": settings.watch_token_s}
        tokens = {
            scope: keyring.make(room, scope, lifetime_s=lifetime_s, note="serve")
            for scope, lifetime_s in lifetimes_s.items()
        }
        codes = {scope: join_code(keyring.secret, room, scope) for scope in tokens}
        rows = [("Join code", f"{codes['watch']} to watch, {codes['publish']} to send video")]
    scanned = {
        page: page_link(base, page, room, token=tokens[scope]) for page, scope in PAGES.items()
    }
    return [
        *device_links(base, room, publish=tokens["publish"], watch=tokens["watch"]),
        *rows,
    ], scanned


def qr_lines(codes: Sequence[tuple[str, str]], *, columns: int) -> list[str]:
    """QR codes with titles, side by side where they fit, else one below the other.

    Args:
        codes: Title and address of each.
        columns: The terminal's width.

    Returns:
        Lines of half blocks; none where the terminal is too narrow for a code.
    """
    from bridge.qr import half_blocks, matrix

    blocks = []
    for title, address in codes:
        lines = half_blocks(matrix(address))
        width = len(lines[0])
        if width > columns or len(title) > width:
            return []
        blocks.append([title.ljust(width), *(f"{_INK}{line}{_PLAIN}" for line in lines)])
    widths = [len(block[0]) for block in blocks]
    if sum(widths) + len(_GAP) * (len(blocks) - 1) > columns:
        return [line for block in blocks for line in ("", *block)]
    height = max(len(block) for block in blocks)
    filled = [
        block + [" " * width] * (height - len(block))
        for block, width in zip(blocks, widths, strict=True)
    ]
    return ["", *(_GAP.join(row) for row in zip(*filled, strict=True))]
