"""What a room tells of its devices and its watchers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.connection import Connection
from bridge.observe import ViewState
from bridge.protocol import ViewStatus
from bridge.streams import SynchronisedViews, ViewSource

__all__ = ["slowest", "view_states", "view_statuses"]


def view_statuses(
    sources: Mapping[str, ViewSource], views: SynchronisedViews, hands_seen: Mapping[str, int]
) -> tuple[ViewStatus, ...]:
    """The devices of a room, as its watchers are told.

    Args:
        sources: The devices' pictures, by name.
        views: What became of these.
        hands_seen: Bits of the hands in each device's last picture.
    """
    return tuple(
        ViewStatus(
            view=name,
            live=not source.ended,
            rate_hz=round(min(stats.rate_hz, 1000.0), 2),
            width=stats.size_px[0],
            height=stats.size_px[1],
            dropped=views.count(name).dropped.total() + stats.skipped,
            hands=hands_seen.get(name, 0),
        )
        for name, source in sources.items()
        for stats in (source.stats(),)
    )


def view_states(views: Iterable[ViewStatus]) -> list[ViewState]:
    """The same for ``/metrics``."""
    return [
        ViewState(
            name=view.view, live=view.live, rate_hz=view.rate_hz, hands=view.hands.bit_count()
        )
        for view in views
    ]


def slowest(watchers: Iterable[Connection]) -> dict[str, Any] | None:
    """The watcher that lags most, for JSON; None where there is none."""
    found = max(watchers, key=lambda c: (c.oldest_s, c.full_s), default=None)
    if found is None:
        return None
    return {
        "client": found.client,
        "oldest_unacknowledged_s": round(found.oldest_s, 3),
        "window_full_s": round(found.full_s, 3),
        "poses_dropped": found.dropped,
    }
