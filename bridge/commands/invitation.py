"""The links and join codes with which people get into a room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.access import Keyring
    from bridge.config import Settings

__all__ = ["invitation", "links"]


def links(base: str, room: str, *, publish: str = "", watch: str = "") -> list[tuple[str, str]]:
    """Addresses of a room's pages, by name.

    A token stands in the fragment, after ``#``: browsers keep that to themselves, so it gets into
    no server's log and no other page's referrer.

    Args:
        base: The bridge, ``https://HOST:PORT``.
        room: The room's name.
        publish: Token to publish with; empty where none is needed.
        watch: Token to watch with; empty where none is needed.
    """
    publish, watch = (f"#token={token}" if token else "" for token in (publish, watch))
    return [
        ("Phone", f"{base}/capture?room={room}&view=phone{publish}"),
        ("Tablet", f"{base}/capture?room={room}&view=tablet{publish}"),
        ("Viewer", f"{base}/viewer?room={room}{watch}"),
    ]


def invitation(
    settings: Settings, keyring: Keyring | None, room: str, base: str
) -> list[tuple[str, str]]:
    """What a bridge prints for a room when it starts: links, and codes where it has tokens."""
    if keyring is None:
        return links(base, room)
    from bridge.access.codes import join_code

    publish = keyring.make(room, "publish", lifetime_s=settings.publish_token_s, note="serve")
    watch = keyring.make(room, "watch", lifetime_s=settings.watch_token_s, note="serve")
    codes = {scope: join_code(keyring.secret, room, scope) for scope in ("publish", "watch")}
    return [
        *links(base, room, publish=publish, watch=watch),
        ("Join code", f"{codes['watch']} to watch, {codes['publish']} to send video"),
    ]
