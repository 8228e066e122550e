"""Addresses of a room's pages, as people open and scan them.

A token stands in the fragment, after ``#``: browsers keep that to themselves, so it gets into no
server's log and no other page's referrer.
"""

from __future__ import annotations

__all__ = ["PAGES", "device_links", "page_link"]

PAGES = {"capture": "publish", "viewer": "watch", "learn": "watch"}
"""The pages that people are invited to, and the scope of the token that each needs."""


def page_link(base: str, page: str, room: str, *, token: str = "") -> str:
    """Address of a page for somebody who scans it.

    A phone's camera starts by itself, once the browser was allowed it: one tap less.

    Args:
        base: The bridge, ``https://HOST:PORT``.
        page: One of ``PAGES``.
        room: The room's name.
        token: What lets in there; empty where none is needed.
    """
    start = "&autostart=1" if page == "capture" else ""
    return f"{base}/{page}?room={room}{start}{_fragment(token)}"


def device_links(
    base: str, room: str, *, publish: str = "", watch: str = ""
) -> list[tuple[str, str]]:
    """Addresses of a room's pages by name, for a phone and a tablet whose views have names.

    Args:
        base: The bridge, ``https://HOST:PORT``.
        room: The room's name.
        publish: Token to publish with; empty where none is needed.
        watch: Token to watch with; empty where none is needed.
    """
    return [
        ("Phone", f"{base}/capture?room={room}&view=phone{_fragment(publish)}"),
        ("Tablet", f"{base}/capture?room={room}&view=tablet{_fragment(publish)}"),
        ("Viewer", f"{base}/viewer?room={room}{_fragment(watch)}"),
    ]


def _fragment(token: str) -> str:
    return f"#token={token}" if token else ""
