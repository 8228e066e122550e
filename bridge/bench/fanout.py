"""Fan-out: how many subscribers a bridge serves, beside a bare ``websockets.broadcast`` loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.bench.serving import bytes_a_pose, measure_server

__all__ = ["measure_fanout"]


def measure_fanout(
    *,
    subscribers: int,
    seconds: float,
    rate_hz: float = 60.0,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Any]:
    """Serves subscribers with the bridge, then with a bare broadcast loop.

    Args:
        subscribers: How many.
        seconds: How long each server is measured.
        rate_hz: Poses a second.
        on_progress: Called with the servers done, and 2.

    Returns:
        For JSON: of each server the latency from the player's clock to a subscriber (ms: p50, p95,
        p99), what was delivered of what was sent, the processor time of server and watchers, and
        poses delivered a second, and a second of the server's processor time, with their ratios.
    """
    results: dict[str, Any] = {
        "subscribers": subscribers,
        "seconds": seconds,
        "rate_hz": rate_hz,
        "bytes_a_pose": bytes_a_pose(),
    }
    on_progress(0, 2)
    for done, name in enumerate(("bridge", "websockets")):
        results[name] = measure_server(name, subscribers, seconds=seconds, rate_hz=rate_hz)
        del results[name]["memory_mb"]
        on_progress(done + 1, 2)
    for name in ("delivered_a_second", "delivered_a_cpu_second"):
        ratio = results["bridge"][name] / max(results["websockets"][name], 1e-9)
        results[f"{name}_ratio"] = round(ratio, 3)
    return results
